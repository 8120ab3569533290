"""The interfaces of backgrounds."""

from typing import Protocol, runtime_checkable

import numpy as np

from synthtext.core import Image, Parameters, Size


class Background(Protocol):
    """A source of background images.

    A custom background is a dataclass with this method, named by its dotted path in a recipe.
    """

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """Create an image of this size (whole pixels): (H, W, 3) uint8 RGB."""
        ...


@runtime_checkable
class BackgroundSource(Protocol):
    """A background that keeps images in memory: each block of samples uses a few of them, which bounds memory."""

    def for_block(self, rng: np.random.Generator) -> Background:
        """Return the background of a block."""
        ...


class ParametricBackground:
    """A background whose parameters are recorded. A custom one is a frozen dataclass with `draw` and `render`."""

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw parameters (JSON scalars, and lists of them)."""
        raise NotImplementedError

    def render(self, size: Size, parameters: Parameters) -> Image:
        """Render an image of this size (whole pixels): (H, W, 3) uint8 RGB."""
        raise NotImplementedError

    def apply_overlay(self, image: Image, parameters: Parameters) -> Image:
        """Apply what lies over background and letters, such as the grid of a screen, to an image (H, W, 3)."""
        return image

    def retained_contrast(self, parameters: Parameters) -> float:
        """Return the minimum fraction of contrast that `apply_overlay` retains."""
        return 1.0

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """Draw parameters and render an image, (H, W, 3) uint8 RGB."""
        return self.render(size, self.draw(rng))
