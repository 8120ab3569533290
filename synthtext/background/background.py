"""What a paper is."""

from typing import Protocol, runtime_checkable

import numpy as np

from synthtext.core import Image, Parameters, Size


class Background(Protocol):
    """Something to write on. A new one is a dataclass with this one method, named by its dotted path in a recipe."""

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """A new picture of this size (whole pixels): (H, W, 3) uint8 RGB."""
        ...


@runtime_checkable
class BackgroundSource(Protocol):
    """A paper that keeps pictures: each block of samples works with a few of them, so that memory stays bounded."""

    def for_block(self, rng: np.random.Generator) -> Background:
        """The paper of one block."""
        ...


class ParametricBackground:
    """A paper whose parameters are told with every line. A new one is a frozen dataclass with `draw` and `show`."""

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw parameters (JSON scalars, and lists of them)."""
        raise NotImplementedError

    def render(self, size: Size, parameters: Parameters) -> Image:
        """The paper of this size (whole pixels): (H, W, 3) uint8 RGB."""
        raise NotImplementedError

    def apply_overlay(self, image: Image, parameters: Parameters) -> Image:
        """The picture (H, W, 3) with what lies over paper and letters alike, such as the grid of a screen."""
        return image

    def retained_contrast(self, parameters: Parameters) -> float:
        """The share of contrast that `veil` leaves, at least."""
        return 1.0

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """A new paper of this size, (H, W, 3) uint8 RGB."""
        return self.render(size, self.draw(rng))
