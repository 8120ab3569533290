"""What two recognizers make of a line."""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from models.metrics import normalized_distance
from pipelines.networks import TextRecognizer
from synthtext.core import Charset, Image, InputError, check_share

KEPT, SPARED, TRIVIAL, UNREADABLE = "kept", "kept though trivial", "trivial", "unreadable"
"""Verdicts; the last two are dropped."""

_TOGETHER = 64  # lines in a batch


class Line(NamedTuple):
    """What is judged."""

    key: str  # decides whether a trivial line is spared
    text: str  # as labelled
    image: Image


class Judgement(NamedTuple):
    """What becomes of a line, and why.

    Attributes:
        verdict: one of the four.
        weak: reading of the weak recognizer; None if it was not asked.
        confidence: its mean probability of the characters, 0 to 1.
        strong: reading of the strong recognizer; None if it was not asked.
    """

    verdict: str
    weak: str | None = None
    confidence: float = 0.0
    strong: str | None = None


@dataclass(frozen=True)
class Judge:
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
            check_share(name, getattr(self, name))

    def judge(self, lines: Sequence[Line]) -> list[Judgement]:
        """Judge some lines; they are read in batches of like width, by the strong one only what is not trivial."""
        found = self._trivial(lines)
        asked = [i for i, line in enumerate(lines) if found[i].verdict == KEPT and self.knows(self.strong, line.text)]
        if self.strong is None or not asked:
            return found
        readings = self.strong.read([lines[i].image for i in asked], _TOGETHER)
        for i, reading in zip(asked, readings, strict=True):
            text = unicodedata.normalize("NFC", reading.text)
            beyond = normalized_distance(self.strong.charset.fold(lines[i].text), text) > self.max_edits
            found[i] = found[i]._replace(verdict=UNREADABLE if beyond else KEPT, strong=text)
        return found

    @staticmethod
    def knows(recognizer: TextRecognizer | None, text: str) -> bool:
        """Whether a recognizer can judge a label."""
        return recognizer is not None and covers(recognizer.charset, text)

    def _trivial(self, lines: Sequence[Line]) -> list[Judgement]:
        found = [Judgement(KEPT)] * len(lines)
        asked = [i for i, line in enumerate(lines) if self.knows(self.weak, line.text)]
        if self.weak is None or not asked:
            return found
        readings = self.weak.read([lines[i].image for i in asked], _TOGETHER)
        for i, reading in zip(asked, readings, strict=True):
            text = unicodedata.normalize("NFC", reading.text)
            verdict = KEPT
            if text == self.weak.charset.fold(lines[i].text) and reading.confidence >= self.confidence:
                verdict = SPARED if _share(lines[i].key) < self.keep_trivial else TRIVIAL
            found[i] = Judgement(verdict, text, reading.confidence)
        return found


def covers(charset: Charset, text: str) -> bool:
    """Whether a charset can write a label."""
    return charset.covers(charset.fold(text))


def _share(key: str) -> float:
    """A number from 0 to 1 that is as good as chance, and the same for a key whatever else is filtered."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
