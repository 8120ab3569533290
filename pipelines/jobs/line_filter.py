"""Decides with two recognizers which labelled lines are worth training on."""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from models.metrics import normalized_edit_distance
from pipelines.io.statistics import UNREADABLE
from synthtext.core import Image, InputError, check_fraction

if TYPE_CHECKING:
    from pipelines.inference.predictors import TextRecognizer

KEPT, KEPT_TRIVIAL, TRIVIAL = "kept", "kept trivial", "trivial"
"""The decisions besides `UNREADABLE`; trivial and unreadable lines are dropped."""

_BATCH_SIZE = 64  # lines


class LabelledLine(NamedTuple):
    """A line to decide about."""

    key: str  # decides whether a trivial line is kept
    text: str  # the label
    image: Image


class FilterDecision(NamedTuple):
    """The decision about a line.

    Attributes:
        decision: one of the four constants.
        weak: the text that the weak recognizer read; None if it was not asked.
        confidence: of the weak recognizer, the mean probability of the characters, 0 to 1.
        strong: the text that the strong recognizer read; None if it was not asked.
    """

    decision: str
    weak: str | None = None
    confidence: float = 0.0
    strong: str | None = None


@dataclass(frozen=True)
class FilterSettings:
    """Recognizers and thresholds of a `LineFilter`.

    Attributes:
        weak: run directory or ONNX file of the weak recognizer; None: no line is trivial.
        strong: run directory or ONNX file of the strong recognizer; None: no line is unreadable.
        charset: dictionary of ONNX files that do not hold their characters, or None.
        confidence: of an exact reading of the weak recognizer, from which the line is trivial, 0 to 1.
        max_edits: normalized edit distance between the label and the reading of the strong recognizer, above which the
            line is unreadable, 0 to 1.
        keep_trivial: share of the trivial lines that is kept, 0 to 1; the key of a line decides.
    """

    weak: Path | None = None
    strong: Path | None = None
    charset: Path | None = None
    confidence: float = 0.95
    max_edits: float = 0.5
    keep_trivial: float = 0.1

    def to_dict(self) -> dict[str, str | float]:
        """Return the paths, and the thresholds that matter for the recognizers, by name."""
        paths = {"weak": self.weak, "strong": self.strong, "charset": self.charset}
        return {name: str(path) for name, path in paths.items() if path is not None} | self.thresholds()

    def thresholds(self) -> dict[str, float]:
        """The thresholds that matter for the recognizers."""
        weak = {"confidence": self.confidence, "keep_trivial": self.keep_trivial} if self.weak else {}
        return weak | ({"max_edits": self.max_edits} if self.strong else {})

    def absolute(self) -> "FilterSettings":
        """The same settings with absolute paths."""
        weak, strong, charset = (path and path.absolute() for path in (self.weak, self.strong, self.charset))
        return replace(self, weak=weak, strong=strong, charset=charset)

    def open(self) -> "LineFilter":
        """Open the recognizers.

        Raises:
            InputError: one cannot be opened, or a number is out of its range.
        """
        if self.charset and not any(path and path.is_file() for path in (self.weak, self.strong)):
            raise InputError(f"{self.charset}: a dictionary is for ONNX files; a run has its own charset")
        weak = open_optional_recognizer(self.weak, self.charset)
        strong = weak if self.strong == self.weak else open_optional_recognizer(self.strong, self.charset)
        return LineFilter(self, weak, strong)


@dataclass(frozen=True)
class LineFilter:
    """Drops lines that are trivial or unreadable.

    A line is trivial if the weak recognizer reads it exactly and with confidence. It is unreadable if the strong
    recognizer reads a very different text: the label is wrong, or the text cannot be seen. Labels are compared as the
    charset of the recognizer writes them, in lower case if it has no capitals. A recognizer does not decide about
    labels with characters that it does not know.

    Attributes:
        settings: the thresholds.
        weak: a small or briefly trained recognizer, or None.
        strong: the best available recognizer, or None.

    Raises:
        InputError: there is no recognizer, or a threshold is not from 0 to 1.
    """

    settings: FilterSettings
    weak: "TextRecognizer | None"
    strong: "TextRecognizer | None"

    def __post_init__(self) -> None:
        if self.weak is None and self.strong is None:
            raise InputError(
                "no model to filter with: name a weak one with --weak, a strong one with --strong, or both"
            )
        for name in ("confidence", "max_edits", "keep_trivial"):
            check_fraction(name, getattr(self.settings, name))

    def decide(self, lines: Sequence[LabelledLine]) -> list[FilterDecision]:
        """Decide about lines, in batches of similar width; the strong recognizer reads only lines that are kept."""
        decisions = [FilterDecision(KEPT)] * len(lines)
        for i, label, text, confidence in _readings(self.weak, lines, range(len(lines))):
            decision = KEPT
            if text == label and confidence >= self.settings.confidence:
                decision = KEPT_TRIVIAL if _hash_fraction(lines[i].key) < self.settings.keep_trivial else TRIVIAL
            decisions[i] = FilterDecision(decision, text, confidence)
        kept = [i for i, decision in enumerate(decisions) if decision.decision == KEPT]
        for i, label, text, _ in _readings(self.strong, lines, kept):
            decision = UNREADABLE if normalized_edit_distance(label, text) > self.settings.max_edits else KEPT
            decisions[i] = decisions[i]._replace(decision=decision, strong=text)
        return decisions


def _readings(
    recognizer: "TextRecognizer | None", lines: Sequence[LabelledLine], indices: Iterable[int]
) -> Iterator[tuple[int, str, str, float]]:
    """Index, folded label, text and confidence of the lines of which a recognizer knows all characters of the label."""
    if recognizer is None:
        return
    charset = recognizer.charset
    asked = [i for i in indices if charset.covers(charset.fold(lines[i].text))]
    if not asked:
        return
    readings = recognizer.read([lines[i].image for i in asked], _BATCH_SIZE)
    for i, reading in zip(asked, readings, strict=True):
        yield i, charset.fold(lines[i].text), unicodedata.normalize("NFC", reading.text), reading.confidence


def _hash_fraction(key: str) -> float:
    """A pseudo-random number from 0 to 1 that depends on the key alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def open_optional_recognizer(path: Path | None, charset: Path | None) -> "TextRecognizer | None":
    """Open the recognizer of a run directory or an ONNX file, for which `charset` may name a dictionary; None for None.

    Raises:
        InputError: it cannot be opened, or is a detector.
    """
    from pipelines.inference.resolve import OnnxModel, open_recognizer, resolve_model

    if path is None:
        return None
    model = resolve_model(path)
    if model.kind == "detector":
        raise InputError(f"{path} is a detector: lines are filtered by recognizers")
    return open_recognizer(model, runtime="torch", charset=charset if isinstance(model, OnnxModel) else None)
