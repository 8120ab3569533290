"""Random streams that depend only on the seed and the index of a sample."""

import zlib
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

# SeedSequence treats missing words as zeros, so [i, seed] and [i, seed, 0] are the same stream: start at 1.
_CONTENT, _APPEARANCE, _BLOCK, _PROBE, _COVERAGE = 1, 2, 3, 4, 5

BLOCK_SIZE = 256
"""Number of samples that share a small pool of fonts and photographs, so that caches stay small."""


class Streams(NamedTuple):
    """The two streams of a sample; changing effects does not change the texts."""

    content: np.random.Generator  # text, font and layout
    appearance: np.random.Generator  # ink, background and effects


class StreamSource:
    """Random streams of samples, one sample at a time: the same two generators are reset for every sample.

    Philox is a function of a key and a counter, so every (seed, index, stage) has its own range of numbers. Setting the
    counter takes a few microseconds; creating two generators takes twenty. The seed is 0 to 2**32 - 1.
    """

    def __init__(self, seed: int) -> None:
        self._philox = [
            np.random.Philox(key=np.array([seed, purpose], np.uint64)) for purpose in (_CONTENT, _APPEARANCE)
        ]
        self._states: list[Any] = [philox.state for philox in self._philox]
        self.streams = Streams(*(np.random.Generator(philox) for philox in self._philox))

    def at(self, index: int) -> Streams:
        """Return the streams of sample `index` (0 to 2**32 - 1), at their start; resets those returned before."""
        for philox, state in zip(self._philox, self._states, strict=True):
            state["state"]["counter"][:] = 0, 0, index, 0  # the generator counts in the first two words
            philox.state = state
        return self.streams

    def start(self, index: int) -> "StageStreams":
        """Return the streams of the first attempt at sample `index`, at their start; resets those returned before."""
        self.at(index)
        return StageStreams(self, index)

    def stage(self, index: int, attempt: int, name: str) -> np.random.Generator:
        """Return the appearance stream of a stage, at its start; resets the one returned before.

        Args:
            index: Index of the sample, 0 to 2**32 - 1.
            attempt: Number of the attempt at the sample.
            name: Name of the stage.
        """
        state = self._states[1]
        state["state"]["counter"][:] = 0, attempt, index, _stage_number(name)
        self._philox[1].state = state
        return self.streams.appearance


@cache
def _stage_number(name: str) -> int:
    return zlib.crc32(name.encode())


@dataclass(frozen=True, slots=True)
class StageStreams:
    """The random streams of an attempt at a sample: one for its content, and one for each stage of its appearance.

    A stage that draws more numbers does not change what later stages draw.

    Attributes:
        source: Generators of the sample.
        index: Index of the sample.
        attempt: Number of the attempt.
    """

    source: StreamSource
    index: int
    attempt: int = 0

    @property
    def content(self) -> np.random.Generator:
        """Text, font and layout; further attempts continue this stream."""
        return self.source.streams.content

    def appearance(self, stage: str) -> np.random.Generator:
        """Return the stream of a stage, at its start; ends the stream of the previous stage."""
        return self.source.stage(self.index, self.attempt, stage)


def block_stream(index: int, seed: int) -> np.random.Generator:
    """Return the stream that draws the fonts and photographs of the block of `BLOCK_SIZE` samples around `index`."""
    return np.random.default_rng([index // BLOCK_SIZE, seed, _BLOCK])


def coverage_stream(cycle: int, seed: int) -> np.random.Generator:
    """Return the stream that orders the required characters of a cycle."""
    return np.random.default_rng([cycle, seed, _COVERAGE])


def probe_stream(index: int) -> np.random.Generator:
    """Return a stream for sampling a few texts before a job starts, independent of all samples."""
    return np.random.default_rng([index, 0, _PROBE])


class WeightedSampler:
    """Draws indices by weight with a binary search over cumulative weights."""

    def __init__(self, weights: "np.typing.ArrayLike") -> None:
        values = np.asarray(weights, np.float64)
        cumulative = np.cumsum(values)
        if not len(values) or not np.isfinite(cumulative[-1]) or cumulative[-1] <= 0 or values.min() < 0:
            raise ValueError("weights must be finite and non-negative, with a sum above 0")
        self._cumulative: list[float] = (cumulative / cumulative[-1]).tolist()

    def draw(self, rng: np.random.Generator) -> int:
        """Draw an index from 0 to len(weights) - 1."""
        return bisect_right(self._cumulative, rng.random())  # the last one is 1.0, above every number


T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class WeightedComponent(Generic[T_co]):
    """A component (corpus, baseline, background, layout, ink style) with its weight."""

    name: str  # name under which it is recorded
    component: T_co
    weight: float = 1.0  # relative frequency
