"""The interface of sample generators."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Generic, Protocol, TypeVar

from synthtext.core.sample import SkippedSample

Item_co = TypeVar("Item_co", covariant=True)


class Generator(Protocol[Item_co]):
    """Generates sample `index` as a pure function of (recipe, seed, index), independent of the order of calls."""

    def generate_many(self, indices: Sequence[int]) -> Iterator[Item_co | SkippedSample]:
        """Generate samples in this order; the same samples as `generate`, but faster."""
        ...

    def generate(self, index: int) -> Item_co | SkippedSample:
        """Generate a sample, or return why each attempt was rejected. Its image is not encoded."""
        ...


Item = TypeVar("Item")


class CurriculumGenerator(Generic[Item]):
    """Generates samples with a generator for each stage of a curriculum.

    Attributes:
        stages: Generators of the stages.

    Args:
        bounds: Increasing; stage k generates the indices below bound k that no earlier stage generates.
        stages: One more generator than bounds; the last one generates all other indices.
    """

    def __init__(self, bounds: Sequence[int], stages: Sequence[Generator[Item]]) -> None:
        self._bounds, self.stages = tuple(bounds), tuple(stages)

    def generate(self, index: int) -> Item | SkippedSample:
        """Generate sample `index` with the generator of its stage."""
        return self.stages[self._stage(index)].generate(index)

    def generate_many(self, indices: Sequence[int]) -> Iterator[Item | SkippedSample]:
        """Generate samples in this order; the same samples as `generate`."""
        for stage, run in groupby(indices, self._stage):
            yield from self.stages[stage].generate_many(list(run))

    def _stage(self, index: int) -> int:
        return bisect_right(self._bounds, index)
