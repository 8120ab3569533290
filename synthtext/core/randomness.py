"""Random streams that depend on nothing but the seed and the index of a sample."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

# SeedSequence treats missing words as zeros, so [i, seed] and [i, seed, 0] are the same stream: purposes start at 1.
_CONTENT, _APPEARANCE, _BLOCK, _PROBE, _COVERAGE = 1, 2, 3, 4, 5

BLOCK_SIZE = 256
"""Samples that share a small pool of fonts and photographs, so that caches stay small and warm."""


class Streams(NamedTuple):
    """The two streams of a sample: a change of effects leaves the texts as they were.

    Attributes:
        content: text, font, layout.
        appearance: ink, paper, effects.
    """

    content: np.random.Generator
    appearance: np.random.Generator


class StreamSource:
    """The streams of samples, one sample at a time: the same two generators are set to the place of each.

    Philox is a function of a key and a counter, so every (seed, index) has its own stretch of 2**128 numbers, and going
    there costs a microsecond; to make two generators costs twenty.

    Args:
        seed: 0 to 2**32 - 1.
    """

    def __init__(self, seed: int) -> None:
        self._philox = [
            np.random.Philox(key=np.array([seed, purpose], np.uint64)) for purpose in (_CONTENT, _APPEARANCE)
        ]
        self._states: list[Any] = [philox.state for philox in self._philox]
        self._streams = Streams(*(np.random.Generator(philox) for philox in self._philox))

    def at(self, index: int) -> Streams:
        """The streams of sample `index` (0 to 2**32 - 1), at their start. Those of another sample end."""
        for philox, state in zip(self._philox, self._states, strict=True):
            state["state"]["counter"][:] = 0, 0, index, 0  # the stream counts in the first two words
            philox.state = state
        return self._streams


def block_stream(index: int, seed: int) -> np.random.Generator:
    """The stream from which the block of `BLOCK` samples around `index` draws its pool."""
    return np.random.default_rng([index // BLOCK_SIZE, seed, _BLOCK])


def coverage_stream(cycle: int, seed: int) -> np.random.Generator:
    """The stream that orders the characters of a round which samples owe."""
    return np.random.default_rng([cycle, seed, _COVERAGE])


def probe_stream(index: int) -> np.random.Generator:
    """A stream for looking at a few texts before a job starts; it has nothing to do with any sample."""
    return np.random.default_rng([index, 0, _PROBE])


class WeightedSampler:
    """Draws indices by weight: cumulative weights are made once, a draw costs one binary search."""

    def __init__(self, weights: "np.typing.ArrayLike") -> None:
        given = np.asarray(weights, np.float64)
        cumulative = np.cumsum(given)
        if not len(given) or not np.isfinite(cumulative[-1]) or cumulative[-1] <= 0 or given.min() < 0:
            raise ValueError("weights must be finite, not negative, and sum to more than 0")
        self._cumulative: list[float] = (cumulative / cumulative[-1]).tolist()

    def draw(self, rng: np.random.Generator) -> int:
        """An index from 0 to len(weights) - 1."""
        return min(bisect_right(self._cumulative, rng.random()), len(self._cumulative) - 1)


T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class WeightedComponent(Generic[T_co]):
    """A corpus, baseline, paper, layout or style, the name it is recorded under, and how often it is used."""

    name: str
    component: T_co
    weight: float = 1.0
