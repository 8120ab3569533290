"""What a generator is to the jobs that run it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Generic, Protocol, TypeAlias, TypeVar

from synthtext.core.sample import Sample, Scene, SkippedSample

Item_co = TypeVar("Item_co", covariant=True)


class Generator(Protocol[Item_co]):
    """Draws sample `index` as a pure function of (recipe, seed, index): never of the order of the calls."""

    def generate_many(self, indices: Sequence[int]) -> Iterator[Item_co | SkippedSample]:
        """Draw samples in this order, each as `draw` draws it; quicker than one by one."""
        ...

    def generate(self, index: int) -> Item_co | SkippedSample:
        """Draw one sample, or say why it could not be drawn. Its picture is not encoded yet."""
        ...


SampleGenerator: TypeAlias = Generator[Sample]
"""Draws lines."""

SceneGenerator: TypeAlias = Generator[Scene]
"""Draws scenes."""


Item = TypeVar("Item")


class CurriculumGenerator(Generic[Item]):
    """Draws samples, each by the generator of its stage.

    Attributes:
        stages: the generators.

    Args:
        bounds: rising; stage k draws the indices below bound k that no earlier stage draws.
        stages: one more than there are bounds; the last one draws all other indices.
    """

    def __init__(self, bounds: Sequence[int], stages: Sequence[Generator[Item]]) -> None:
        self._bounds, self.stages = tuple(bounds), tuple(stages)

    def generate(self, index: int) -> Item | SkippedSample:
        """Draw sample `index` as its stage draws it, or say why each attempt was rejected."""
        return self.stages[self._stage(index)].generate(index)

    def generate_many(self, indices: Sequence[int]) -> Iterator[Item | SkippedSample]:
        """Draw samples in this order, each the same as `draw` gives."""
        for stage, run in groupby(indices, self._stage):
            yield from self.stages[stage].generate_many(list(run))

    def _stage(self, index: int) -> int:
        return bisect_right(self._bounds, index)
