"""Samples that are drawn by one generator up to an index, and by another one from there on."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Generic, TypeVar

from synthtext.core import Gap, Generator

Item = TypeVar("Item")


class StagedGenerator(Generic[Item]):
    """Draws samples, each by the generator of its stage.

    Attributes:
        stages: the generators.

    Args:
        bounds: rising; stage k draws the indices below bound k that no earlier stage draws.
        stages: one more than there are bounds; the last one draws all other indices.
    """

    def __init__(self, bounds: Sequence[int], stages: Sequence[Generator[Item]]) -> None:
        self._bounds, self.stages = tuple(bounds), tuple(stages)

    def draw(self, index: int) -> Item | Gap:
        """Draw sample `index` as its stage draws it, or say why each attempt was rejected."""
        return self.stages[self._stage(index)].draw(index)

    def draw_many(self, indices: Sequence[int]) -> Iterator[Item | Gap]:
        """Draw samples in this order, each the same as `draw` gives."""
        for stage, run in groupby(indices, self._stage):
            yield from self.stages[stage].draw_many(list(run))

    def _stage(self, index: int) -> int:
        return bisect_right(self._bounds, index)
