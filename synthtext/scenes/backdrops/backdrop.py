"""What is behind the texts of a scene."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Size


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """A picture to write on, and what is known of it.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        depth: (H, W) uint8, how near everything is: 255 is nearest, 0 far away; inverse depth, so that it is a linear
            function of x and y on a plane. None when nobody knows.
        segments: (H, W) uint8, a number for each surface. None when nobody knows.
    """

    image: Image
    depth: NDArray[np.uint8] | None = None
    segments: NDArray[np.uint8] | None = None


@runtime_checkable
class BackdropPaper(Protocol):
    """A paper that knows more of its picture than the colours."""

    def paint_backdrop(self, rng: np.random.Generator, size: Size) -> Backdrop:
        """A new picture of this size (whole pixels)."""
        ...
