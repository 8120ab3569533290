"""A source of lines without those that teach nothing, as a data set of ours."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.config import dump_yaml
from pipelines.datasets.image import decode_image
from pipelines.datasets.open import open_line_source
from pipelines.datasets.source import BROKEN_IMAGE, EncodedLine, read_rows
from pipelines.inference.predictors import TextRecognizer
from pipelines.io.atomic import file_sha256, wrap_write_errors, write_atomic
from pipelines.io.dataset_folder import FILTER_DECISIONS_FOLDER, DatasetFolder
from pipelines.io.line_row import LineRow
from pipelines.io.manifest import ShardManifest
from pipelines.io.paths import local_path
from pipelines.io.plan import SHARD_SIZE, ShardPlan, ShardSpec
from pipelines.io.row import to_json
from pipelines.io.shard_writer import write_shard
from pipelines.jobs.filter_verdicts import (
    KEPT,
    KEPT_TRIVIAL,
    TRIVIAL,
    UNREADABLE,
    FilterDecision,
    LabelledLine,
    LineFilter,
    SourceRows,
    covers_folded,
    open_optional_recognizer,
    recognizer_digest,
    source_digest,
)
from pipelines.jobs.importing import EMPTY_LABEL, LineImportSource
from pipelines.recipes.digest import fingerprint_digest
from synthtext.core import Image, InputError, SkippedSample

_HOME = Path(__file__).parents[1]
_CODE = ("jobs/filter_verdicts.py", "inference/predictors.py", "datasets/preprocessing.py")
_LIBRARIES = ("numpy", "opencv-python", "torch")


@dataclass(frozen=True)
class FilterSource(LineImportSource):
    """Copies the lines that a judge keeps, byte for byte and with all that is known of them.

    Those that are dropped leave their numbers empty; `gaps` counts them. What was read and decided of every line is
    kept in `verdicts/part-000000.jsonl`. Readings are made shard by shard, so that a finished shard is not read again.

    Attributes:
        judge: decides.
        told: what the digest is made of, by name.
        asked: what was asked for, as a recipe.
    """

    line_filter: LineFilter
    fingerprint_entries: dict[str, str]
    recipe_yaml: str

    @cached_property
    def source_rows(self) -> SourceRows:
        """All that the source knows of its lines."""
        return SourceRows(self.source)

    def fingerprint(self) -> dict[str, str]:
        """Source, networks, thresholds, code and libraries."""
        return self.fingerprint_entries

    def recipe(self) -> str:
        """What was asked for."""
        return self.recipe_yaml

    def entries(self, spec: ShardSpec) -> Iterator[LineRow | SkippedSample]:
        """The lines that are kept, and gaps for the others."""
        return self._kept(spec, [], lambda _: None)

    def _write_shard(self, spec: ShardSpec, folder: DatasetFolder, advance: Callable[[int], None]) -> ShardManifest:
        notes: list[str] = []
        draft = write_shard(self._kept(spec, notes, advance), LineRow, spec, self.digest, folder.shards, "parquet")
        path = decisions_path(folder.local_path, spec.index)
        with wrap_write_errors(path):
            path.parent.mkdir(exist_ok=True)
            write_atomic(path, "".join(notes))  # before the mark: a shard that is there has its verdicts
        folder.commit(draft)
        return draft.manifest

    def _kept(
        self, spec: ShardSpec, notes: list[str], advance: Callable[[int], None]
    ) -> Iterator[LineRow | SkippedSample]:
        indices = iter(spec.samples)
        while window := list(islice(indices, LineRow.ROW_GROUP_SIZE)):
            lines = dict(zip(window, self._read(window), strict=True))
            usable = {index: line for index, line in lines.items() if not isinstance(line, str)}
            keys = {index: self.source_rows.key(index) or line.key for index, (line, _) in usable.items()}
            judged = self.line_filter.decide(
                [LabelledLine(keys[i], line.text, image) for i, (line, image) in usable.items()]
            )
            verdicts = dict(zip(usable, judged, strict=True))
            for index, line in lines.items():
                if isinstance(line, str):
                    notes.append(to_json({"row": index, "verdict": line}) + "\n")
                    yield SkippedSample(index, (line,))
                    continue
                notes.append(_note(index, keys[index], verdicts[index]))
                verdict = verdicts[index].decision
                yield SkippedSample(index, (verdict,)) if verdict in (TRIVIAL, UNREADABLE) else self._line(index, *line)
            advance(len(window))

    def _read(self, window: list[int]) -> Iterator[tuple[EncodedLine, Image] | str]:
        """Lines with their pictures decoded; of those that cannot be used, why."""
        for line in read_rows(self.source, np.array(window)):
            if isinstance(line, str) or not line.text.strip():
                yield line if isinstance(line, str) else EMPTY_LABEL
                continue
            try:
                yield line, decode_image(line.image, line.key)
            except InputError:
                yield BROKEN_IMAGE

    def _line(self, index: int, line: EncodedLine, image: Image) -> LineRow:
        return self.source_rows.row(index, line) or self._row(index, line, image.shape[1], image.shape[0])


def open_filter_source(
    source: str,
    weak: Path | None = None,
    strong: Path | None = None,
    *,
    confidence: float = 0.95,
    max_edits: float = 0.5,
    keep_trivial: float = 0.1,
    charset: Path | None = None,
    shard_size: int = SHARD_SIZE,
) -> FilterSource:
    """Open what is to be filtered, and the recognizers that judge.

    Args:
        source: a data set of lines, a label file or an LMDB.
        weak: RUN or ONNX file of the recognizer that tells what is trivial; None: nothing is.
        strong: of the one that tells what is unreadable; None: nothing is.
        confidence: see `Judge`, as the next two.
        max_edits: likewise.
        keep_trivial: likewise.
        charset: dictionary of ONNX files that do not name their characters.
        shard_size: lines of the source in a shard.

    Raises:
        InputError: source or recognizer cannot be opened, or a number is wrong.
    """
    if charset is not None and not any(name is not None and name.is_file() for name in (weak, strong)):
        raise InputError(f"{charset}: a dictionary is for ONNX files; RUNs have their own")
    path = local_path(source, "what is filtered")
    opened = open_line_source(path)
    thresholds: dict[str, float] = {}
    if weak is not None:
        thresholds |= {"confidence": confidence, "keep_trivial": keep_trivial}
    if strong is not None:
        thresholds |= {"max_edits": max_edits}
    told = {"source": source_digest(path), **{name: str(value) for name, value in thresholds.items()}}
    judge = LineFilter(
        open_optional_recognizer(weak, charset),
        open_optional_recognizer(strong, charset),
        confidence,
        max_edits,
        keep_trivial,
    )
    told |= {"weak": recognizer_digest(weak, charset), "strong": recognizer_digest(strong, charset)}
    told |= {f"code {file}": file_sha256(_HOME / file) for file in _CODE}
    told |= {f"version of {library}": version(library) for library in _LIBRARIES}
    files = (("weak", weak), ("strong", strong), ("charset", charset))
    named = {name: str(file.absolute()) for name, file in files if file is not None}
    asked = dump_yaml({"kind": "filter", "source": str(path.absolute()), **named, **thresholds})
    corpus = path.absolute().parent.name if path.is_file() else path.absolute().name
    return FilterSource(opened, fingerprint_digest(told), corpus, judge, told, asked, shard_size=shard_size)


def decisions_path(folder: Path, shard: int) -> Path:
    """The file with the verdicts on the lines of a shard."""
    return folder / FILTER_DECISIONS_FOLDER / f"part-{shard:06d}.jsonl"


def _note(index: int, key: str, judgement: FilterDecision) -> str:
    told = {"row": index, "key": key, "verdict": judgement.decision}
    if judgement.weak is not None:
        told |= {"weak": judgement.weak, "confidence": round(judgement.confidence, 4)}
    if judgement.strong is not None:
        told |= {"strong": judgement.strong}
    return to_json(told) + "\n"


GROUP_COLUMNS = ("corpus", "font")


@dataclass(frozen=True)
class FilterSummary:
    """What became of the lines of a source.

    Attributes:
        total: lines.
        verdicts: lines by verdict, or by the reason why they could not be judged.
        by_column: verdicts by name, by what lines were cut by: "corpus" and "font", if the source knows them.
        notes: what a model cannot judge, a sentence each.
    """

    total: int
    decisions: Counter[str]
    by_column: Mapping[str, Mapping[str, Counter[str]]]
    notes: tuple[str, ...]

    @property
    def kept(self) -> int:
        """Lines that are there."""
        return self.decisions[KEPT] + self.decisions[KEPT_TRIVIAL]

    def most_dropped(self, measure: str, limit: int = 10) -> list[tuple[str, Counter[str]]]:
        """Names of which the most lines were dropped, with their verdicts."""
        cuts = [(name, counts) for name, counts in self.by_column.get(measure, {}).items() if _dropped(counts)]
        return sorted(cuts, key=lambda cut: (-_dropped(cut[1]), cut[0]))[:limit]


def summarise_decisions(job: FilterSource, out: Path) -> FilterSummary:
    """Sum up the verdicts in the folder of a job that is complete.

    Raises:
        InputError: verdicts that belong to its shards are gone.
    """
    columns = job.source.columns(GROUP_COLUMNS)
    verdicts = Counter[str]()
    by: dict[str, dict[str, Counter[str]]] = {name: {} for name in columns}
    for entry in _verdicts(job, out):
        verdicts[entry["verdict"]] += 1
        for measure, cuts in by.items():
            if name := columns[measure][entry["row"]]:
                cuts.setdefault(name, Counter())[entry["verdict"]] += 1
    return FilterSummary(len(job.source), verdicts, by, tuple(_notes(job)))


def _verdicts(job: FilterSource, out: Path) -> Iterator[dict[str, Any]]:
    for spec in ShardPlan(len(job.source), size=job.shard_size):
        path = decisions_path(out, spec.index)
        if not path.is_file():
            raise InputError(f"{path} is missing, so that nobody can tell what was dropped; filter into another folder")
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def _notes(job: FilterSource) -> Iterator[str]:
    for noun, recognizer, never in (
        ("weak", job.line_filter.weak, TRIVIAL),
        ("strong", job.line_filter.strong, UNREADABLE),
    ):
        if recognizer is not None:
            yield from _limits(job, noun, recognizer, never)


def _limits(job: FilterSource, noun: str, recognizer: TextRecognizer, never: str) -> Iterator[str]:
    if recognizer.charset.folds_case:
        yield f"the {noun} model reads without regard to case"
    unknown = sum(not covers_folded(recognizer.charset, text) for text in job.source.texts())
    if unknown:
        yield f"{unknown:,} labels have characters that the {noun} model does not know: none of them is {never} for it"


def _dropped(counts: Counter[str]) -> int:
    return counts[TRIVIAL] + counts[UNREADABLE]
