"""Differences between a label and a prediction."""

import unicodedata
from collections.abc import Sequence
from typing import TypeAlias

from rapidfuzz.distance import Levenshtein

Segments: TypeAlias = list[tuple[str, bool]]
"""Pieces of a text, each with whether it differs."""


def diff_texts(label: str, prediction: str) -> tuple[Segments, Segments]:
    """Mark the deleted pieces of a label and the inserted pieces of a prediction.

    A combining character is never separated from its base.
    """
    first, second = _clusters(label), _clusters(prediction)
    steps = Levenshtein.opcodes(first, second)
    deleted = [(first[s.src_start : s.src_end], s.tag != "equal") for s in steps]
    inserted = [(second[s.dest_start : s.dest_end], s.tag != "equal") for s in steps]
    return _segments(deleted), _segments(inserted)


def _segments(pieces: Sequence[tuple[Sequence[str], bool]]) -> Segments:
    return [("".join(clusters), differs) for clusters, differs in pieces if clusters]


def _clusters(text: str) -> list[str]:
    clusters: list[str] = []
    for character in text:
        if clusters and (unicodedata.combining(character) or unicodedata.category(character) in ("Mc", "Me")):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters
