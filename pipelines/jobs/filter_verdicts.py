"""What two recognizers make of a line."""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from models.metrics import normalized_edit_distance
from pipelines.datasets.image import image_size, image_suffix
from pipelines.datasets.shards import local_shards
from pipelines.datasets.source import ConcatenatedLines, EncodedLine, LineSource
from pipelines.inference.resolve import OnnxModel, open_recognizer, resolve_model
from pipelines.inference.predictors import TextRecognizer
from pipelines.inference.run import CHARSET_FILE, PREPROCESSING_FILE, open_run
from pipelines.io.atomic import file_sha256
from pipelines.io.line_row import LineRow
from pipelines.io.manifest import read_manifest
from pipelines.io.row import to_json
from pipelines.recipes.digest import fingerprint_digest
from synthtext.core import Charset, Clusters, Image, InputError, check_fraction

KEPT, KEPT_TRIVIAL, TRIVIAL, UNREADABLE = "kept", "kept though trivial", "trivial", "unreadable"
"""Verdicts; the last two are dropped."""

_BATCH_SIZE = 64  # lines in a batch


class LabelledLine(NamedTuple):
    """What is judged."""

    key: str  # decides whether a trivial line is spared
    text: str  # as labelled
    image: Image


class FilterDecision(NamedTuple):
    """What becomes of a line, and why.

    Attributes:
        verdict: one of the four.
        weak: reading of the weak recognizer; None if it was not asked.
        confidence: its mean probability of the characters, 0 to 1.
        strong: reading of the strong recognizer; None if it was not asked.
    """

    decision: str
    weak: str | None = None
    confidence: float = 0.0
    strong: str | None = None


@dataclass(frozen=True)
class LineFilter:
    """Tells lines that teach something from those that do not.

    Trivial is what the weak recognizer reads exactly and is sure of. Unreadable is what the strong one does not get
    nearly right: then the label says something else than the picture, or nobody could read it. Labels are compared as
    the charset of each recognizer writes them, in lower case for one without capitals. A recognizer cannot judge labels
    with characters that it does not know: such a line is neither trivial nor unreadable on its account.

    Attributes:
        weak: a small or little trained recognizer; None: nothing is trivial.
        strong: the best one there is; None: nothing is unreadable.
        confidence: of the weak one, from which an exact reading is trivial, 0 to 1.
        max_edits: edits between label and reading of the strong one, over the longer of the two, beyond which a line
            is unreadable, 0 to 1.
        keep_trivial: share of the trivial lines that is kept all the same, 0 to 1; the line's key decides.

    Raises:
        InputError: there is no recognizer, or a number is not from 0 to 1.
    """

    weak: TextRecognizer | None
    strong: TextRecognizer | None
    confidence: float = 0.95
    max_edits: float = 0.5
    keep_trivial: float = 0.1

    def __post_init__(self) -> None:
        if self.weak is None and self.strong is None:
            raise InputError("nothing to judge by: name a weak model with --weak, a strong one with --strong, or both")
        for name in ("confidence", "max_edits", "keep_trivial"):
            check_fraction(name, getattr(self, name))

    def decide(self, lines: Sequence[LabelledLine]) -> list[FilterDecision]:
        """Judge some lines; they are read in batches of like width, by the strong one only what is not trivial."""
        found = self._trivial(lines)
        asked = [
            i for i, line in enumerate(lines) if found[i].decision == KEPT and self.can_judge(self.strong, line.text)
        ]
        if self.strong is None or not asked:
            return found
        readings = self.strong.read([lines[i].image for i in asked], _BATCH_SIZE)
        for i, reading in zip(asked, readings, strict=True):
            text = unicodedata.normalize("NFC", reading.text)
            beyond = normalized_edit_distance(self.strong.charset.fold(lines[i].text), text) > self.max_edits
            found[i] = found[i]._replace(decision=UNREADABLE if beyond else KEPT, strong=text)
        return found

    @staticmethod
    def can_judge(recognizer: TextRecognizer | None, text: str) -> bool:
        """Whether a recognizer can judge a label."""
        return recognizer is not None and covers_folded(recognizer.charset, text)

    def _trivial(self, lines: Sequence[LabelledLine]) -> list[FilterDecision]:
        found = [FilterDecision(KEPT)] * len(lines)
        asked = [i for i, line in enumerate(lines) if self.can_judge(self.weak, line.text)]
        if self.weak is None or not asked:
            return found
        readings = self.weak.read([lines[i].image for i in asked], _BATCH_SIZE)
        for i, reading in zip(asked, readings, strict=True):
            text = unicodedata.normalize("NFC", reading.text)
            verdict = KEPT
            if text == self.weak.charset.fold(lines[i].text) and reading.confidence >= self.confidence:
                verdict = KEPT_TRIVIAL if _share(lines[i].key) < self.keep_trivial else TRIVIAL
            found[i] = FilterDecision(verdict, text, reading.confidence)
        return found


def covers_folded(charset: Charset, text: str) -> bool:
    """Whether a charset can write a label."""
    return charset.covers(charset.fold(text))


def _share(key: str) -> float:
    """A number from 0 to 1 that is as good as chance, and the same for a key whatever else is filtered."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


_COLUMNS = (
    *("key", "width", "height", "cluster_offsets", "cluster_quads"),
    *("font", "script", "corpus", "contrast", "effects", "meta"),
)


@dataclass(eq=False)
class SourceRows:
    """Rows of a source of ours; other sources know nothing but picture and label. One shard's columns are at hand."""

    source: LineSource
    _start: int = 0
    _stop: int = 0
    _columns: dict[str, list[Any]] = field(default_factory=dict)

    def key(self, index: int) -> str | None:
        """Of a line, if the source is one of ours."""
        return self._known(index).get("key") or None

    def row(self, index: int, line: EncodedLine) -> LineRow | None:
        """The row of a line that was read, if the source is one of ours."""
        known = self._known(index)
        if not known.get("key"):
            return None
        size = (known["width"], known["height"]) if known.get("width") else image_size(line.image, line.key)
        meta = known.get("meta") or {}
        contrast = known.get("contrast")
        return LineRow(
            key=known["key"],
            image=line.image,
            path=known["key"] + image_suffix(line.image),
            text=line.text,
            width=int(size[0]),
            height=int(size[1]),
            clusters=_clusters(known.get("cluster_offsets"), known.get("cluster_quads")),
            font=known.get("font") or "",
            script=known.get("script") or "",
            corpus=known.get("corpus") or "",
            contrast=float("nan") if contrast is None else contrast,
            effects=tuple(known.get("effects") or ()),
            meta=meta if isinstance(meta, str) else to_json(meta),
        )

    def _known(self, index: int) -> dict[str, Any]:
        if not self._start <= index < self._stop:
            self._load(index)
        return {name: values[index - self._start] for name, values in self._columns.items()}

    def _load(self, index: int) -> None:
        part, start = self.source, 0
        if isinstance(part, ConcatenatedLines):
            number = int(np.searchsorted(part.part_offsets, index, side="right")) - 1
            start, part = int(part.part_offsets[number]), part.parts[number]
        self._columns = part.columns(_COLUMNS)
        self._start, self._stop = start, start + len(part)


def _clusters(offsets: list[int] | None, quads: list[float] | None) -> Clusters:
    if not offsets:
        return Clusters.empty()
    return Clusters(np.array(offsets, np.int32), np.array(quads or [], np.float32).reshape(-1, 4, 2))


def source_digest(path: Path) -> str:
    """Of a source of lines: of the marks of its shards, or of its file.

    Raises:
        InputError: it is none.
    """
    if path.is_file():
        return file_sha256(path)
    if (path / "data.mdb").is_file():
        return file_sha256(path / "data.mdb")
    marks = {shard.name: read_manifest(shard.with_suffix(".json")) for shard in local_shards(path, "lines")}
    return fingerprint_digest({name: mark.sha256 if mark else "" for name, mark in marks.items()})


def open_optional_recognizer(name: Path | None, charset: Path | None) -> TextRecognizer | None:
    """A recognizer of a RUN or an ONNX file; a dictionary is for a file that does not name its characters.

    Raises:
        InputError: it cannot be opened, or is a detector.
    """
    if name is None:
        return None
    model = resolve_model(name)
    if model.kind == "detector":
        raise InputError(f"{name} is a detector: lines are judged by recognizers")
    return open_recognizer(model, runtime="torch", charset=charset if isinstance(model, OnnxModel) else None)


def recognizer_digest(name: Path | None, charset: Path | None) -> str:
    """Of all that decides what a recognizer reads; empty for none."""
    if name is None:
        return ""
    if name.is_dir():
        files = [open_run(name).weights_path(), name / CHARSET_FILE, name / PREPROCESSING_FILE]
    else:
        files = [name, *([charset] if charset else [])]
    return fingerprint_digest({str(i): file_sha256(file) for i, file in enumerate(files)})
