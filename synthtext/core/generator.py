"""What a generator is to the jobs that run it."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from synthtext.core.sample import Gap, Sample


class SampleGenerator(Protocol):
    """Draws sample `index` as a pure function of (recipe, seed, index): never of the order of the calls."""

    def draw_many(self, indices: Sequence[int]) -> Iterator[Sample | Gap]:
        """Draw samples in this order, each as `draw` draws it; quicker than one by one."""
        ...

    def draw(self, index: int) -> Sample | Gap:
        """Draw one sample, or say why it could not be drawn. `Sample.image` is not encoded yet."""
        ...
