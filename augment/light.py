"""Light that does not fall evenly. None of these can take more than a stated share of the contrast away."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, Size, check_fraction, check_range

_CELLS = 10  # along the shorter side, in which smooth light is computed

Field = NDArray[np.float32]


@dataclass(frozen=True)
class UnevenLight:
    """Light that falls off from one side to the other, or away from a spot. It only darkens: nothing goes over white.

    Attributes:
        darkness_range: share of the light that the darkest place lacks, 0 to 0.75: contrast falls by as much.
        spot_probability: of a spot.
    """

    darkness_range: Range = (0.15, 0.55)
    spot_probability: float = 0.4

    def __post_init__(self) -> None:
        check_range("darkness_range", self.darkness_range, 0, 0.75)
        check_fraction("spot_probability", self.spot_probability)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the darkness, the direction in degrees and, as shares of the sides, the centre of a spot."""
        spot = rng.random() < self.spot_probability
        return {
            "kind": "spot" if spot else "side",
            "darkness": rng.uniform(*self.darkness_range),
            "degrees": rng.uniform(0, 360),
            "x": rng.uniform(0, 1),
            "y": rng.uniform(0, 1),
        }

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture, darker where less light falls."""
        x, y = _grid(image.shape[1], image.shape[0])
        if parameters["kind"] == "spot":
            dx, dy = x - np.float32(parameters["x"] * image.shape[1]), y - np.float32(parameters["y"] * image.shape[0])
            far = dx**2 + dy**2
        else:
            angle = math.radians(parameters["degrees"])
            far = x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle))
        low, high = float(far.min()), float(far.max())
        share = (far - np.float32(low)) / np.float32(max(high - low, 1e-6))
        return _shaded(image, _enlarged(1 - share * np.float32(parameters["darkness"]), image))


@dataclass(frozen=True)
class Glare:
    """The reflection of a lamp: a soft bright ellipse, under which everything is nearer to white.

    Attributes:
        strength_range: how near in its middle, 0 to 0.75, as a share of the way: letters keep the rest of their
            contrast.
        radius_range: of the ellipse, as a share of the picture's shorter side, 0.1 to 4.
        stretch_range: how many times longer than wide it is, 1 to 6.
    """

    strength_range: Range = (0.25, 0.65)
    radius_range: Range = (0.4, 1.6)
    stretch_range: Range = (1, 3)

    def __post_init__(self) -> None:
        check_range("strength_range", self.strength_range, 0, 0.75)
        check_range("radius_range", self.radius_range, 0.1, 4)
        check_range("stretch_range", self.stretch_range, 1, 6)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the strength, the centre as shares of the sides, the radii in pixels and the direction in degrees."""
        radius = rng.uniform(*self.radius_range) * min(size)
        return {
            "strength": rng.uniform(*self.strength_range),
            "x": rng.uniform(0, 1),
            "y": rng.uniform(0, 1),
            "radius": radius,
            "length": radius * rng.uniform(*self.stretch_range),
            "degrees": rng.uniform(0, 180),
        }

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture with the reflection."""
        x, y = _grid(image.shape[1], image.shape[0])
        angle = math.radians(parameters["degrees"])
        cosine, sine = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        dx, dy = x - np.float32(parameters["x"] * image.shape[1]), y - np.float32(parameters["y"] * image.shape[0])
        along = (dx * cosine + dy * sine) / np.float32(max(parameters["length"], 0.5))
        across = (dy * cosine - dx * sine) / np.float32(max(parameters["radius"], 0.5))
        inside = np.maximum(1 - along**2 - across**2, 0)
        left = _enlarged(1 - inside * np.float32(parameters["strength"]), image)
        # Distances from white shrink: a difference of two colours becomes the share of it that is left, never nothing.
        return np.asarray(cv2.bitwise_not(_shaded(np.asarray(cv2.bitwise_not(image), np.uint8), left)), np.uint8)


@dataclass(frozen=True)
class CastShadow:
    """The shadow of something that stands in the light: what lies behind one or two straight edges, soft or hard.

    Attributes:
        darkness_range: share of the light that it takes, 0 to 0.75: contrast falls by as much.
        softness_range: width of its edge as a share of the picture's shorter side, 0 to 2.
        corner_probability: of two edges: a corner, a wedge or a band.
    """

    darkness_range: Range = (0.2, 0.6)
    softness_range: Range = (0.03, 0.5)
    corner_probability: float = 0.5

    def __post_init__(self) -> None:
        check_range("darkness_range", self.darkness_range, 0, 0.75)
        check_range("softness_range", self.softness_range, 0, 2)
        check_fraction("corner_probability", self.corner_probability)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the darkness, the softness in pixels, and of each edge a point, as shares of the sides, and degrees."""
        edges = 2 if rng.random() < self.corner_probability else 1
        return {
            "darkness": rng.uniform(*self.darkness_range),
            "softness": rng.uniform(*self.softness_range) * min(size),
            "edges": [[rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0, 360)] for _ in range(edges)],
        }

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture with the shadow."""
        width = max(parameters["softness"], 1.0)  # pixels: a sharper edge would have steps
        behind = [_behind(image, x, y, degrees, width) for x, y, degrees in parameters["edges"]]
        shadow = behind[0] if len(behind) == 1 else np.asarray(cv2.min(behind[0], behind[1]), np.uint8)
        depth = np.arange(256, dtype=np.float32) / np.float32(255)
        smooth = depth**2 * (3 - 2 * depth)
        light = np.rint(255 * (1 - smooth * np.float32(parameters["darkness"]))).astype(np.uint8)
        return _shaded(image, np.asarray(cv2.LUT(shadow, light), np.uint8))


def _behind(image: Image, x: float, y: float, degrees: float, width: float) -> Image:
    """How far pixels lie behind a soft edge, (H, W): 0 in front of it, 255 behind."""
    high, wide = image.shape[:2]
    scale = 255 / width
    cosine, sine = math.cos(math.radians(degrees)) * scale, math.sin(math.radians(degrees)) * scale
    first = (0.5 - x * wide) * cosine + (0.5 - y * high) * sine + 127.5
    across = np.arange(wide, dtype=np.float32) * np.float32(cosine)
    down = np.arange(high, dtype=np.float32)[:, None] * np.float32(sine) + np.float32(first)
    return np.clip(across + down, 0, 255).astype(np.uint8)


class _Grid(NamedTuple):
    """Middles of the cells of a coarse grid over a picture, pixels: x (1, C) and y (R, 1)."""

    x: Field
    y: Field


@lru_cache(maxsize=1024)
def _grid(width: int, height: int) -> _Grid:
    cell = max(1.0, min(width, height) / _CELLS)
    columns, rows = math.ceil(width / cell), math.ceil(height / cell)
    x = (np.arange(columns, dtype=np.float32) + np.float32(0.5)) * np.float32(width / columns)
    y = (np.arange(rows, dtype=np.float32) + np.float32(0.5)) * np.float32(height / rows)
    return _Grid(x[None], y[:, None])


def _enlarged(shares: Field, image: Image) -> Image:
    """Shares (0 to 1) on a coarse grid as (H, W) of 255ths for the pixels of a picture."""
    coarse = np.rint(shares * 255).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR), np.uint8)


def _shaded(image: Image, shares: Image) -> Image:
    """A picture times shares (H, W) of 255ths."""
    light = cv2.cvtColor(shares, cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.multiply(image, light, scale=1 / 255), np.uint8)
