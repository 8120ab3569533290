"""Features of the labels of lines by which real and generated ones are compared."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from pipelines.domain_gap.features import Feature, FeatureTable

TEXT_FEATURES: tuple[Feature, ...] = (
    Feature("length", "characters", "the length of the text", tolerance=0.2, log=True),
    Feature("words", "", "the number of words", tolerance=1.0, log=True),
    Feature("character_width", "heights", "the width of the image for each character", tolerance=0.2, log=True),
    Feature("capitals", "", "the share of capitals among the letters", tolerance=0.5),
    Feature("digits", "", "the share of digits among the characters", tolerance=0.3),
    Feature("punctuation", "", "the share of punctuation and symbols among the characters", tolerance=0.15),
)
"""All features of labels."""

_MAX_RUN = 3  # of one kind of characters, whose number a pattern shows


def text_features(texts: Sequence[str], aspects: NDArray[np.float64]) -> FeatureTable:
    """Measure labels.

    Args:
        texts: N labels; empty ones are unknown.
        aspects: (N,) widths of the images over their heights.

    Returns:
        Values (N,) float64 of every feature in `TEXT_FEATURES`; NaN for empty labels, and for capitals of labels
        without cased letters.
    """
    rows = [_measure_text(text, aspect) for text, aspect in zip(texts, aspects.tolist(), strict=True)]
    return {feature.name: np.array([row[feature.name] for row in rows], np.float64) for feature in TEXT_FEATURES}


def _measure_text(text: str, aspect: float) -> dict[str, float]:
    characters = [c for c in unicodedata.normalize("NFC", text) if not c.isspace()]
    if not characters:
        return {feature.name: np.nan for feature in TEXT_FEATURES}
    cased = [c for c in characters if c.isupper() or c.islower()]
    length = len(unicodedata.normalize("NFC", text.strip()))
    return {
        "length": length,
        "words": len(text.split()),
        "character_width": aspect / length,
        "capitals": sum(map(str.isupper, cased)) / len(cased) if cased else np.nan,
        "digits": sum(map(str.isdigit, characters)) / len(characters),
        "punctuation": sum(unicodedata.category(c)[0] in "PS" for c in characters) / len(characters),
    }


def character_counts(texts: Iterable[str]) -> Counter[str]:
    """Count the characters of labels in NFC."""
    return Counter(c for text in texts for c in unicodedata.normalize("NFC", text))


def text_pattern(text: str) -> str:
    """Return the pattern of a label: A for capitals, a for other letters, 9 for digits, other characters as they are.

    A run of more than three is shortened.

    Example:
        >>> text_pattern("Room 1204-B")
        'Aaaa 999+-A'
    """
    kinds = (_character_kind(c) for c in unicodedata.normalize("NFC", text.strip()))
    return "".join(_shorten(kind, len(list(run))) for kind, run in groupby(kinds))


def _shorten(kind: str, count: int) -> str:
    return kind * count if count <= _MAX_RUN else f"{kind * _MAX_RUN}+"


def _character_kind(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "A" if character.isupper() else "a"
    return " " if character.isspace() else character
