"""Procedural backgrounds: plain colours, gradients and textures."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np

from synthtext.background.textures import draw_noise_offset, linear_noise, uniform_image
from synthtext.core import Image, Range, Size, check_number, check_range, lerp
from synthtext.core.compositing import colour_ramp

_MAX_HUE_DIFFERENCE = 20  # between the channels of two colours, of 255, within the tint

Colour: TypeAlias = tuple[float, float, float]
"""RGB, 0 to 255 after clipping."""


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
        colour = _draw_colour(rng, self.lightness_range, self.tint)
        return uniform_image(size, [min(max(part, 0.0), 255.0) for part in colour])


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
        change = _draw_colour(rng, (-self.difference, self.difference), min(_MAX_HUE_DIFFERENCE, self.tint))
        red, green, blue = (start + move for start, move in zip(first, change, strict=True))
        return first, (red, green, blue)


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
        angle = 2 * math.pi * rng.random()
        across, down = 255 * math.cos(angle), 255 * math.sin(angle)
        x = np.arange(width, dtype=np.float32) * np.float32(across / width)
        y = np.arange(height, dtype=np.float32) * np.float32(down / height)
        start = 127.5 - across * (width - 1) / (2 * width) - down * (height - 1) / (2 * height)
        steps = x + (y + np.float32(start))[:, None]
        return colour_ramp(np.minimum(np.maximum(steps, 0), 255).astype(np.uint8), first, second)


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
        grain = max(2.0, lerp(self.grain_range, rng.random()) * height)
        layers = []
        for octave in (1, 3, 9):
            columns, rows = max(2, int(width * octave / grain)), max(2, int(height * octave / grain))
            x, y = draw_noise_offset(rng)
            layers.append(linear_noise(size, (min(columns, width), min(rows, height)), (x, y)))
        coarse = cv2.addWeighted(layers[0], 0.55, layers[1], 0.3, 0)
        return colour_ramp(np.asarray(cv2.addWeighted(coarse, 1, layers[2], 0.15, 0), np.uint8), first, second)


def _draw_colour(rng: np.random.Generator, lightness_range: Range, tint: float) -> Colour:
    lightness, *moves = rng.random(4).tolist()
    red, green, blue = (lerp(lightness_range, lightness) + tint * (2 * move - 1) for move in moves)
    return red, green, blue
