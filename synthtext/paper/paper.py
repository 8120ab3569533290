"""What a paper is."""

from typing import Protocol, runtime_checkable

import numpy as np

from synthtext.core import Image, Size


class Paper(Protocol):
    """Something to write on. A new one is a dataclass with this one method, named by its dotted path in a recipe."""

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """A new picture of this size (whole pixels): (H, W, 3) uint8 RGB."""
        ...


@runtime_checkable
class PaperStock(Protocol):
    """A paper that keeps pictures: each block of samples works with a few of them, so that memory stays bounded."""

    def for_block(self, rng: np.random.Generator) -> Paper:
        """The paper of one block."""
        ...
