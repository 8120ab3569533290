"""Procedural backgrounds: plain colours, gradients and textures."""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.background.textures import uniform_image
from synthtext.core import Image, Range, Size, check_number, check_range
from synthtext.core.compositing import colour_ramp

_MAX_HUE_DIFFERENCE = 20  # between the channels of two colours, of 255, within the tint

Colour: TypeAlias = NDArray[np.float64]
"""(3,) RGB, 0 to 255 after clipping."""


@dataclass(frozen=True)
class Plain:
    """A uniform colour.

    Attributes:
        lightness_range: Lightness of the colour, 0 to 255.
        tint: Maximum difference of the channels from the lightness, 0 to 255.
    """

    lightness_range: Range = (0, 255)
    tint: float = 60

    def __post_init__(self) -> None:
        check_range("lightness_range", self.lightness_range, 0, 255)
        check_number("tint", self.tint, 0, 255)

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """Create a uniform image, (H, W, 3)."""
        return uniform_image(size, np.clip(_draw_colour(rng, self.lightness_range, self.tint), 0, 255))


@dataclass(frozen=True)
class _TwoColours:
    lightness_range: Range = (0, 255)
    difference: float = 90
    tint: float = 60

    def __post_init__(self) -> None:
        check_range("lightness_range", self.lightness_range, 0, 255)
        check_number("tint", self.tint, 0, 255)
        check_number("difference", self.difference, 0, 255)

    def _draw_colours(self, rng: np.random.Generator) -> tuple[Colour, Colour]:
        """Draw a colour, and one that is lighter or darker by up to the difference, with a slightly different hue."""
        first = _draw_colour(rng, self.lightness_range, self.tint)
        hue = min(_MAX_HUE_DIFFERENCE, self.tint)
        return first, first + rng.uniform(-self.difference, self.difference) + rng.uniform(-hue, hue, 3)


@dataclass(frozen=True)
class Gradient(_TwoColours):
    """A linear gradient between two colours.

    Attributes:
        lightness_range: Lightness of both colours, 0 to 255.
        difference: Maximum difference of their lightness, 0 to 255.
        tint: Maximum difference of the channels from the lightness, 0 to 255.
    """

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """Create an image with a linear gradient, (H, W, 3)."""
        first, second = self._draw_colours(rng)
        width, height = int(size.width), int(size.height)
        angle = rng.uniform(0, 2 * np.pi)
        x = np.linspace(-0.5, 0.5, width, dtype=np.float32) * np.float32(np.cos(angle))
        y = np.linspace(-0.5, 0.5, height, dtype=np.float32) * np.float32(np.sin(angle))
        fraction = x + y[:, None] + np.float32(0.5)
        return _mix(first, second, np.clip(fraction, 0, 1))


@dataclass(frozen=True)
class Texture(_TwoColours):
    """Smooth random patches of two colours at several scales, as of stone, cloth or stained paper.

    Attributes:
        lightness_range: Lightness of both colours, 0 to 255.
        difference: Maximum difference of their lightness, 0 to 255.
        tint: Maximum difference of the channels from the lightness, 0 to 255.
        grain_range: Size of the largest patches, as a fraction of the image's height.
    """

    difference: float = 70
    grain_range: Range = (0.2, 2.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("grain_range", self.grain_range, 0.01, 100, "two shares")

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """Create an image with the texture, (H, W, 3)."""
        first, second = self._draw_colours(rng)
        width, height = int(size.width), int(size.height)
        grain = max(2.0, rng.uniform(*self.grain_range) * height)
        fraction = np.zeros((height, width), np.float32)
        for octave, weight in ((1, 0.55), (3, 0.3), (9, 0.15)):
            cells = (max(2, int(width * octave / grain)), max(2, int(height * octave / grain)))
            patches = rng.random((min(cells[1], height), min(cells[0], width)), np.float32)
            fraction += np.float32(weight) * cv2.resize(patches, (width, height), interpolation=cv2.INTER_LINEAR)
        return _mix(first, second, fraction)


def _draw_colour(rng: np.random.Generator, lightness_range: Range, tint: float) -> Colour:
    return rng.uniform(*lightness_range) + rng.uniform(-tint, tint, 3)


def _mix(first: Colour, second: Colour, fraction: NDArray[np.float32]) -> Image:
    """Mix two colours per pixel: fraction (H, W) from 0 (first) to 1 (second)."""
    return colour_ramp((fraction * 255).astype(np.uint8), first.tolist(), second.tolist())
