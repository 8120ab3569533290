"""How good readings are."""

import string
from collections.abc import Sequence
from dataclasses import dataclass

_ALPHANUMERIC = frozenset(string.ascii_letters + string.digits)


def alphanumeric(text: str) -> str:
    """Only the ASCII letters and digits of a text, in lower case."""
    return "".join(character for character in text if character in _ALPHANUMERIC).lower()


def without_spaces(text: str) -> str:
    """The text without U+0020; other white space stays (PP-OCRv2, released metric)."""
    return text.replace(" ", "")


def edit_distance(first: str, second: str) -> int:
    """Levenshtein distance over code points.

    One whole column of the table is two numbers, whose bits say where it rises and falls (Myers 1999, in the form of
    Hyyrö 2003): the time grows with the length of one text only.
    """
    if not first:
        return len(second)
    where: dict[str, int] = {}
    for position, character in enumerate(first):
        where[character] = where.get(character, 0) | 1 << position
    full, last = (1 << len(first)) - 1, 1 << (len(first) - 1)
    rises, falls, distance = full, 0, len(first)
    for character in second:
        match = where.get(character, 0)
        diagonal = (((match & rises) + rises) ^ rises) | match | falls
        right, left = falls | (full & ~(diagonal | rises)), rises & diagonal
        distance += bool(right & last) - bool(left & last)
        right, left = right << 1 | 1, left << 1
        rises, falls = left | (full & ~(diagonal | right)), right & diagonal
    return distance


def normalized_edit_distance(first: str, second: str) -> float:
    """Edit distance divided by the length of the longer text, 0 to 1; 0 for two empty ones."""
    return edit_distance(first, second) / max(len(first), len(second), 1)


@dataclass(frozen=True)
class RecognitionScores:
    """Scores of readings against the truth, all but the counts from 0 (worst) to 1.

    Attributes:
        samples: how many readings.
        accuracy: share that is exactly right.
        alphanumeric_accuracy: share that is right in its ASCII letters and digits without regard to case, which is
            what papers report, over the samples whose truth has any; 0 if none has.
        accuracy_without_spaces: share that is right but for spaces (the released metric).
        normalized_edit_similarity: 1 less the mean `normalized_distance`, spaces and case included.
        alphanumeric_samples: samples that `alphanumeric_accuracy` is about.
    """

    samples: int
    accuracy: float
    alphanumeric_accuracy: float
    accuracy_without_spaces: float
    normalized_edit_similarity: float
    alphanumeric_samples: int

    def as_dict(self) -> dict[str, float]:
        """What an evaluation's JSON holds: `samples` and the four scores."""
        return {
            "samples": self.samples,
            "accuracy": self.accuracy,
            "alphanumeric_accuracy": self.alphanumeric_accuracy,
            "accuracy_without_spaces": self.accuracy_without_spaces,
            "normalized_edit_similarity": self.normalized_edit_similarity,
        }


def recognition_scores(truths: Sequence[str], readings: Sequence[str]) -> RecognitionScores:
    """Compare readings with the truth, one for one.

    The released metric divides by n + 1e-5 where this divides by n.

    Raises:
        ValueError: there are none, or not equally many.
    """
    pairs = list(zip(truths, readings, strict=True))
    if not pairs:
        raise ValueError("there is nothing to score")
    letters = [(alphanumeric(truth), alphanumeric(reading)) for truth, reading in pairs]
    scored = [truth == reading for truth, reading in letters if truth]
    count = len(pairs)
    return RecognitionScores(
        samples=count,
        accuracy=sum(truth == reading for truth, reading in pairs) / count,
        alphanumeric_accuracy=sum(scored) / max(len(scored), 1),
        accuracy_without_spaces=sum(without_spaces(t) == without_spaces(r) for t, r in pairs) / count,
        normalized_edit_similarity=1 - sum(normalized_edit_distance(t, r) for t, r in pairs) / count,
        alphanumeric_samples=len(scored),
    )
