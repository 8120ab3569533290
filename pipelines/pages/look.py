"""What the pictures themselves tell: some of them are read and decoded."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.reader import RecognitionSource, decode
from synthtext.core import InputError

LOOKED_AT = 20_000
"""Most pictures that are looked at."""

_CHUNK = 256


@dataclass(frozen=True, eq=False)
class Look:
    """M of a source's pictures.

    Attributes:
        rows: (M,) int64, which ones, rising.
        digests: (M,) int64, equal for equal files.
        spread: (M,) float32, luminance of the brightest hundredth less that of the darkest, 0 to 255; NaN where the
            picture cannot be decoded.
    """

    rows: NDArray[np.int64]
    digests: NDArray[np.int64]
    spread: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def at(
        cls,
        source: RecognitionSource,
        rng: np.random.Generator,
        most: int = LOOKED_AT,
        advance: Callable[[int], None] = lambda _: None,
    ) -> "Look":
        """Look at all pictures, or at a random choice of whole groups when there are more than `most`.

        Args:
            source: where they are.
            rng: chooses.
            most: pictures.
            advance: is told how many were looked at, now and then.
        """
        rows = choose_rows(source.groups, rng, most)
        seen: list[tuple[int, float]] = []
        for start in range(0, len(rows), _CHUNK):
            lines = source.read(rows[start : start + _CHUNK])
            seen += [(digest_of(line.image), _spread(line.image)) for line in lines]
            advance(len(lines))
        digests, spread = zip(*seen, strict=True)
        return cls(rows, np.array(digests, np.int64), np.array(spread, np.float32))


def choose_rows(groups: NDArray[np.int64], rng: np.random.Generator, most: int) -> NDArray[np.int64]:
    """All rows, or a random choice of whole groups when there are more than `most`; rising.

    Args:
        groups: (G + 1,) rows at which groups begin, and the number of rows.
        rng: chooses.
        most: rows.
    """
    if groups[-1] <= most:
        return np.arange(groups[-1])
    order = rng.permutation(len(groups) - 1)
    rows = np.concatenate([np.arange(groups[group], groups[group + 1]) for group in order[: most + 1]])
    return np.sort(rows[:most])


def digest_of(data: bytes) -> int:
    """A number that is equal for equal files."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little", signed=True)


def _spread(data: bytes) -> float:
    try:
        grey = cv2.cvtColor(decode(data, ""), cv2.COLOR_RGB2GRAY)
    except InputError:
        return float("nan")
    dark, bright = np.percentile(grey, (1, 99))
    return float(bright - dark)
