"""What one pass over all labels of a source tells, as arrays: no label is kept."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Charset


@dataclass(frozen=True, eq=False)
class Labels:
    """N labels.

    Attributes:
        lengths: (N,) int64, code points.
        steps: (N,) int64, the fewest time steps with which CTC spells the label: its length, and one more between
            equal neighbours.
        hashes: (N,) int64, equal for equal labels; they hold for this process only.
        covered: (N,) bool, whether the charset has all of its characters; True without a charset.
        tidy: (N,) bool, whether it is NFC, printable, and has no space at either end.
        characters: how often each occurs, composed (NFC).
    """

    lengths: NDArray[np.int64]
    steps: NDArray[np.int64]
    hashes: NDArray[np.int64]
    covered: NDArray[np.bool_]
    tidy: NDArray[np.bool_]
    characters: Counter[str]

    @classmethod
    def of(cls, texts: Iterable[str], charset: Charset | None) -> "Labels":
        """Look at texts, one at a time."""
        characters: Counter[str] = Counter()
        rows = np.fromiter((_row(text, charset, characters) for text in texts), _ROW)
        return cls(rows["length"], rows["steps"], rows["hash"], rows["covered"], rows["tidy"], characters)

    def __len__(self) -> int:
        return len(self.lengths)


_ROW = np.dtype([("length", np.int64), ("steps", np.int64), ("hash", np.int64), ("covered", "?"), ("tidy", "?")])


def _row(text: str, charset: Charset | None, characters: Counter[str]) -> tuple[int, int, int, bool, bool]:
    composed = unicodedata.normalize("NFC", text)
    characters.update(composed)
    spelt = charset.fold(composed) if charset else composed
    repeats = sum(a == b for a, b in pairwise(spelt))
    covered = charset is None or charset.covers(spelt)
    return len(text), len(spelt) + repeats, hash(text), covered, _is_tidy(text)


def _is_tidy(text: str) -> bool:
    return text.isprintable() and text == text.strip() and unicodedata.is_normalized("NFC", text)
