"""Random streams that depend on nothing but the seed and the index of a sample."""

from typing import NamedTuple

import numpy as np

# SeedSequence treats missing words as zeros, so [i, seed] and [i, seed, 0] are the same stream: purposes start at 1.
_CONTENT, _APPEARANCE, _BLOCK, _PROBE = 1, 2, 3, 4

BLOCK = 256
"""Samples that share a small pool of fonts and photographs, so that caches stay small and warm."""


class Streams(NamedTuple):
    """The two streams of a sample: a change of effects leaves the texts as they were.

    Attributes:
        content: text, font, layout.
        appearance: ink, paper, effects.
    """

    content: np.random.Generator
    appearance: np.random.Generator


def sample_streams(index: int, seed: int) -> Streams:
    """The streams of sample `index` (both arguments from 0 to 2**32 - 1)."""
    return Streams(np.random.default_rng([index, seed, _CONTENT]), np.random.default_rng([index, seed, _APPEARANCE]))


def block_stream(index: int, seed: int) -> np.random.Generator:
    """The stream from which the block of `BLOCK` samples around `index` draws its pool."""
    return np.random.default_rng([index // BLOCK, seed, _BLOCK])


def probe_stream(index: int) -> np.random.Generator:
    """A stream for looking at a few texts before a job starts; it has nothing to do with any sample."""
    return np.random.default_rng([index, 0, _PROBE])


class Weighted:
    """Draws indices by weight: cumulative weights are made once, a draw costs one binary search."""

    def __init__(self, weights: "np.typing.ArrayLike") -> None:
        given = np.asarray(weights, np.float64)
        cumulative = np.cumsum(given)
        if not len(given) or not np.isfinite(cumulative[-1]) or cumulative[-1] <= 0 or given.min() < 0:
            raise ValueError("weights must be finite, not negative, and sum to more than 0")
        self._cumulative = cumulative / cumulative[-1]

    def draw(self, rng: np.random.Generator) -> int:
        """An index from 0 to len(weights) - 1."""
        return min(int(np.searchsorted(self._cumulative, rng.random(), side="right")), len(self._cumulative) - 1)
