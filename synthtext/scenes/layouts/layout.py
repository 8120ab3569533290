"""What a layout is: it composes texts, and then finds them a place in a picture."""

from typing import Protocol

import numpy as np

from synthtext.core import Image, InputError, Range, Size
from synthtext.scenes.backdrops import Backdrop
from synthtext.scenes.composition import Composition, PlacedItem
from synthtext.scenes.typesetter import Typesetter


class SceneLayout(Protocol):
    """A way to lay out a scene. A new one is a dataclass with these methods, named by its dotted path in a recipe."""

    def compose(self, typesetter: Typesetter, size: Size) -> Composition:
        """Draw what stands in a scene of this size, from the typesetter's stream.

        Raises:
            Rejection: nothing can be set.
        """
        ...

    def place(self, rng: np.random.Generator, composition: Composition, backdrop: Backdrop) -> list[PlacedItem]:
        """Find places in a picture; sheets of paper are painted into it. What has no place is left out."""
        ...


def check_range(name: str, interval: Range | tuple[int, int], lowest: float, highest: float) -> None:
    """Check a setting.

    Raises:
        InputError: it is not two numbers within the bounds, in order.
    """
    if not lowest <= interval[0] <= interval[1] <= highest:
        raise InputError(f"{name} {list(interval)} must be two numbers from {lowest} to {highest}, in order")


def check_probability(name: str, value: float) -> None:
    """Check a setting.

    Raises:
        InputError: it is not from 0 to 1.
    """
    if not 0 <= value <= 1:
        raise InputError(f"{name} {value} must be from 0 to 1")


def picture_size(image: Image) -> Size:
    """Width and height of a picture (H, W, 3)."""
    return Size(image.shape[1], image.shape[0])
