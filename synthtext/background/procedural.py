"""Procedural backgrounds: plain colours, gradients and textures."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Range, Size, check_number, check_range

_MAX_HUE_DIFFERENCE = 20  # between the channels of two colours, of 255, within the tint


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
        _check(self.lightness_range, self.tint)

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """Create a uniform image, (H, W, 3)."""
        colour = _first_colour(rng, self.lightness_range, self.tint)
        rows = np.empty((int(size.height), int(size.width) * 3), np.uint8)
        rows[:] = np.tile(np.clip(colour, 0, 255).astype(np.uint8), int(size.width))
        return rows.reshape(int(size.height), int(size.width), 3)


@dataclass(frozen=True)
class Gradient:
    """A linear gradient between two colours.

    Attributes:
        lightness_range: Lightness of both colours, 0 to 255.
        difference: Maximum difference of their lightness, 0 to 255.
        tint: Maximum difference of the channels from the lightness, 0 to 255.
    """

    lightness_range: Range = (0, 255)
    difference: float = 90
    tint: float = 60

    def __post_init__(self) -> None:
        _check(self.lightness_range, self.tint, self.difference)

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """Create an image with a linear gradient, (H, W, 3)."""
        first = _first_colour(rng, self.lightness_range, self.tint)
        second = _second_colour(rng, first, self.difference, self.tint)
        width, height = int(size.width), int(size.height)
        angle = rng.uniform(0, 2 * np.pi)
        x = np.linspace(-0.5, 0.5, width, dtype=np.float32) * np.float32(np.cos(angle))
        y = np.linspace(-0.5, 0.5, height, dtype=np.float32) * np.float32(np.sin(angle))
        fraction = x + y[:, None] + np.float32(0.5)
        return _mix(first, second, np.clip(fraction, 0, 1))


@dataclass(frozen=True)
class Texture:
    """Smooth random patches of two colours at several scales, as of stone, cloth or stained paper.

    Attributes:
        lightness_range: Lightness of both colours, 0 to 255.
        difference: Maximum difference of their lightness, 0 to 255.
        tint: Maximum difference of the channels from the lightness, 0 to 255.
        grain_range: Size of the largest patches, as a fraction of the image's height.
    """

    lightness_range: Range = (0, 255)
    difference: float = 70
    tint: float = 60
    grain_range: Range = (0.2, 2.0)

    def __post_init__(self) -> None:
        _check(self.lightness_range, self.tint, self.difference)
        check_range("grain_range", self.grain_range, 0.01, 100, "two shares")

    def paint(self, rng: np.random.Generator, size: Size) -> Image:
        """Create an image with the texture, (H, W, 3)."""
        first = _first_colour(rng, self.lightness_range, self.tint)
        second = _second_colour(rng, first, self.difference, self.tint)
        width, height = int(size.width), int(size.height)
        grain = max(2.0, rng.uniform(*self.grain_range) * height)
        fraction = np.zeros((height, width), np.float32)
        for octave, weight in ((1, 0.55), (3, 0.3), (9, 0.15)):
            cells = (max(2, int(width * octave / grain)), max(2, int(height * octave / grain)))
            patches = rng.random((min(cells[1], height), min(cells[0], width)), np.float32)
            fraction += np.float32(weight) * cv2.resize(patches, (width, height), interpolation=cv2.INTER_LINEAR)
        return _mix(first, second, fraction)


def _check(lightness_range: Range, tint: float, difference: float = 0) -> None:
    check_range("lightness_range", lightness_range, 0, 255)
    for name, value in (("tint", tint), ("difference", difference)):
        check_number(name, value, 0, 255)


def _second_colour(
    rng: np.random.Generator, colour: NDArray[np.float64], difference: float, tint: float
) -> NDArray[np.float64]:
    """Another colour that is lighter or darker by up to the difference, with a slightly different hue."""
    hue = min(_MAX_HUE_DIFFERENCE, tint)
    return colour + rng.uniform(-difference, difference) + rng.uniform(-hue, hue, 3)


def _first_colour(rng: np.random.Generator, lightness_range: Range, tint: float) -> NDArray[np.float64]:
    return rng.uniform(*lightness_range) + rng.uniform(-tint, tint, 3)


def _mix(first: NDArray[np.float64], second: NDArray[np.float64], fraction: NDArray[np.float32]) -> Image:
    """Mix two colours per pixel: fraction (H, W) from 0 (first) to 1 (second)."""
    first, second = np.clip(first, 0, 255), np.clip(second, 0, 255)
    steps = np.linspace(0, 1, 256)[:, None]
    table = (first + (second - first) * steps + 0.5).astype(np.uint8)
    index = (fraction * 255).astype(np.uint8)
    return np.asarray(cv2.LUT(cv2.merge((index, index, index)), table[None]), np.uint8)
