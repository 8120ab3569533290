"""Blur of lenses and of moving hands."""

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, Size, check_range

_PLAIN = 2.5  # pixels: discs up to this radius are drawn in the picture itself
_COARSE = 3.5  # pixels that a larger one has in a smaller picture: its cost then falls where its radius grows


@dataclass(frozen=True)
class Blur:
    """Gaussian blur.

    Attributes:
        strength_range: standard deviation as a share of the picture's shorter side, 0 to 0.2: of a letter's size,
            whichever way the line runs.
    """

    strength_range: Range = (0.005, 0.03)

    def __post_init__(self) -> None:
        check_range("strength_range", self.strength_range, 0, 0.2)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the standard deviation in pixels."""
        return {"sigma": rng.uniform(*self.strength_range) * min(size)}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The blurred picture."""
        sigma = max(parameters["sigma"], 1e-3)
        kernel = cv2.getGaussianKernel(2 * max(1, math.ceil(2 * sigma)) + 1, sigma)
        # Two thirds of the time of `cv2.GaussianBlur`, which wants bits that nobody sees.
        return np.asarray(cv2.sepFilter2D(image, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)


@dataclass(frozen=True)
class MotionBlur:
    """The blur of a camera or a page that moves: a point becomes a straight stroke.

    OpenCV passes over the zeros of a kernel, so a stroke costs as its length does; from 11 pixels on it takes another
    way, whose cost no longer grows.

    Attributes:
        length_range: of the stroke, as a share of the picture's shorter side, 0 to 0.25.
        degrees_range: direction of the stroke, clockwise from the right on the screen, -180 to 180.
    """

    length_range: Range = (0.03, 0.14)
    degrees_range: Range = (0, 180)

    def __post_init__(self) -> None:
        check_range("length_range", self.length_range, 0, 0.25)
        check_range("degrees_range", self.degrees_range, -180, 180)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the length in pixels and the direction in degrees."""
        return {
            "length": rng.uniform(*self.length_range) * min(size),
            "degrees": rng.uniform(*self.degrees_range),
        }

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The smeared picture."""
        return _filtered(image, _stroke(parameters["length"], math.radians(parameters["degrees"])))


@dataclass(frozen=True)
class Defocus:
    """The blur of a lens that is not in focus: a point becomes a disc.

    Large discs are drawn in a smaller copy of the picture, whose own softness is taken off their radius.

    Attributes:
        radius_range: of the disc, as a share of the picture's shorter side, 0 to 0.08.
    """

    radius_range: Range = (0.01, 0.05)

    def __post_init__(self) -> None:
        check_range("radius_range", self.radius_range, 0, 0.08)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the radius in pixels."""
        return {"radius": rng.uniform(*self.radius_range) * min(size)}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The blurred picture."""
        radius = parameters["radius"]
        if radius <= _PLAIN:
            return _filtered(image, _disc(radius))
        height, width = image.shape[:2]
        factor = max(2, math.ceil(radius / _COARSE))
        shrinking = cv2.INTER_LINEAR if factor == 2 else cv2.INTER_AREA  # the same at 2, several times as fast
        right, below = -width % factor, -height % factor  # whole cells, or the discs would be of other sizes
        whole = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE) if right or below else image
        shape = (width + right, height + below)
        small = cv2.resize(whole, (shape[0] // factor, shape[1] // factor), interpolation=shrinking)
        # The way down averages squares of `factor` pixels, the way back tents of twice that: together they have the
        # variance of a disc of the radius `factor`.
        blurred = _filtered(np.asarray(small, np.uint8), _disc(math.sqrt(radius**2 - factor**2) / factor))
        enlarged = cv2.resize(blurred, shape, interpolation=cv2.INTER_LINEAR)
        return np.asarray(enlarged, np.uint8)[:height, :width]


def _filtered(image: Image, kernel: NDArray[np.float32]) -> Image:
    return np.asarray(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)


def _stroke(length: float, angle: float) -> NDArray[np.float32]:
    """A kernel of sum 1: a stroke about a pixel wide through the middle, its edges soft."""
    cosine, sine = math.cos(angle), math.sin(angle)
    wide, high = (math.ceil(length / 2 * abs(part)) for part in (cosine, sine))
    x = np.arange(-wide, wide + 1, dtype=np.float32)
    y = np.arange(-high, high + 1, dtype=np.float32)[:, None]
    along = np.clip((length + 1) / 2 - np.abs(x * np.float32(cosine) + y * np.float32(sine)), 0, 1)
    stroke = along * np.clip(1 - np.abs(y * np.float32(cosine) - x * np.float32(sine)), 0, 1)
    return np.asarray(stroke / stroke.sum(), np.float32)


def _disc(radius: float) -> NDArray[np.float32]:
    """A kernel of sum 1: a disc with soft edges, that spreads light as a sharp one of this radius does."""
    return _soft_disc(float(np.interp(radius, *_radii())))


@cache
def _radii() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Radii of sharp discs, and of soft ones of the same variance, which is r^2 / 4 either way."""
    soft = np.linspace(0.5, 2 * _COARSE, 200)
    spreads = []
    for radius in soft:
        disc = _soft_disc(float(radius)).sum(axis=0, dtype=np.float64)
        spreads.append(disc @ (np.arange(len(disc)) - len(disc) // 2) ** 2)
    return 2 * np.sqrt(np.array(spreads)), soft


def _soft_disc(radius: float) -> NDArray[np.float32]:
    reach = math.floor(radius + 0.5)
    x = np.arange(-reach, reach + 1, dtype=np.float32)
    disc = np.clip(np.float32(radius + 0.5) - np.hypot(x, x[:, None]), 0, 1)
    return np.asarray(disc / disc.sum(), np.float32)
