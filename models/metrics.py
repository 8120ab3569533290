"""Metrics of text recognition."""

import string
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

_ALPHANUMERIC = frozenset(string.ascii_letters + string.digits)


def alphanumeric(text: str) -> str:
    """Return only the ASCII letters and digits of a text, in lower case."""
    return "".join(character for character in text if character in _ALPHANUMERIC).lower()


def without_spaces(text: str) -> str:
    """Return the text without U+0020; other white space stays (PP-OCRv2, released metric)."""
    return text.replace(" ", "")


def edit_distance(first: str, second: str) -> int:
    """Return the Levenshtein distance over code points."""
    return Levenshtein.distance(first, second)


def normalized_edit_distance(first: str, second: str) -> float:
    """Return the edit distance divided by the length of the longer text, 0 to 1; 0 for two empty texts."""
    return edit_distance(first, second) / max(len(first), len(second), 1)


@dataclass(frozen=True)
class RecognitionScores:
    """Scores of predicted texts, from 0 (worst) to 1.

    Attributes:
        samples: number of samples.
        accuracy: fraction of predictions that equal the label.
        alphanumeric_accuracy: fraction of predictions that equal the label in its ASCII letters and digits, ignoring
            case, as papers report it; over the samples whose label has any, 0 if none has.
        accuracy_without_spaces: fraction of predictions that equal the label but for spaces (the released metric).
        normalized_edit_similarity: 1 minus the mean `normalized_edit_distance`, spaces and case included.
        alphanumeric_samples: samples that count for `alphanumeric_accuracy`.
    """

    samples: int
    accuracy: float
    alphanumeric_accuracy: float
    accuracy_without_spaces: float
    normalized_edit_similarity: float
    alphanumeric_samples: int

    def as_dict(self) -> dict[str, float]:
        """Return `samples` and the four scores, as in the JSON of an evaluation."""
        return {name: value for name, value in vars(self).items() if name != "alphanumeric_samples"}


def recognition_scores(labels: Sequence[str], predictions: Sequence[str]) -> RecognitionScores:
    """Score predictions against labels.

    The released metric divides by n + 1e-5 where this divides by n.

    Raises:
        ValueError: there are none, or their numbers differ.
    """
    pairs = list(zip(labels, predictions, strict=True))
    if not pairs:
        raise ValueError("there are no samples to score")
    reduced = [(alphanumeric(label), alphanumeric(prediction)) for label, prediction in pairs]
    scored = [label == prediction for label, prediction in reduced if label]
    count = len(pairs)
    return RecognitionScores(
        samples=count,
        accuracy=sum(label == prediction for label, prediction in pairs) / count,
        alphanumeric_accuracy=sum(scored) / max(len(scored), 1),
        accuracy_without_spaces=sum(without_spaces(t) == without_spaces(r) for t, r in pairs) / count,
        normalized_edit_similarity=1 - sum(normalized_edit_distance(t, r) for t, r in pairs) / count,
        alphanumeric_samples=len(scored),
    )
