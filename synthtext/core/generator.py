"""What a generator is to the jobs that run it."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias, TypeVar

from synthtext.core.sample import Gap, Sample, Scene

Item_co = TypeVar("Item_co", covariant=True)


class Generator(Protocol[Item_co]):
    """Draws sample `index` as a pure function of (recipe, seed, index): never of the order of the calls."""

    def draw_many(self, indices: Sequence[int]) -> Iterator[Item_co | Gap]:
        """Draw samples in this order, each as `draw` draws it; quicker than one by one."""
        ...

    def draw(self, index: int) -> Item_co | Gap:
        """Draw one sample, or say why it could not be drawn. Its picture is not encoded yet."""
        ...


SampleGenerator: TypeAlias = Generator[Sample]
"""Draws lines."""

SceneGenerator: TypeAlias = Generator[Scene]
"""Draws scenes."""
