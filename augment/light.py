"""Effects of uneven light. Each keeps a guaranteed fraction of the contrast."""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import BoundedSettings, DetailBudget, Image, Parameters, Range, Size, bounded, lerp

_GRID_CELLS = 10  # cells of the coarse light grid along the shorter side

Field = NDArray[np.float32]


@dataclass(frozen=True)
class UnevenLight(BoundedSettings):
    """Darkens the image towards one side or away from a spot; nothing becomes brighter.

    Attributes:
        darkness_range: fraction of the light that is missing at the darkest point, 0 to 0.75; contrast falls equally.
        spot_probability: probability of a spot instead of a side.
    """

    darkness_range: Range = bounded((0.15, 0.55), 0, 0.75)
    spot_probability: float = bounded(0.4, 0, 1)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the darkness, the direction in degrees and the centre of a spot as fractions of the sides."""
        spot = rng.random() < self.spot_probability
        return {
            "kind": "spot" if spot else "side",
            "darkness": lerp(self.darkness_range, rng.random()),
            "degrees": 360 * rng.random(),
            "x": rng.random(),
            "y": rng.random(),
        }

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters:
        """Keep the parameters; later noise is limited by the remaining contrast."""
        budget.lose_contrast(parameters["darkness"])
        return parameters

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the darkened image."""
        if parameters["kind"] == "spot":
            dx, dy = _grid_around(image, parameters)
            distance = dx**2 + dy**2
        else:
            x, y = _grid(image.shape[1], image.shape[0])
            angle = math.radians(parameters["degrees"])
            distance = x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle))
        low, high = float(distance.min()), float(distance.max())
        slope = parameters["darkness"] / max(high - low, 1e-6)
        return _shade(image, _enlarge(np.float32(1 + low * slope) - distance * np.float32(slope), image))


@dataclass(frozen=True)
class Glare(BoundedSettings):
    """Adds the reflection of a lamp: a soft bright ellipse in which all colours move towards white.

    Attributes:
        strength_range: fraction of the distance to white at the centre, 0 to 0.75; contrast falls equally.
        radius_range: radius of the ellipse as a fraction of the shorter side of the image, 0.1 to 4.
        stretch_range: ratio of the length to the width of the ellipse, 1 to 6.
    """

    strength_range: Range = bounded((0.25, 0.65), 0, 0.75)
    radius_range: Range = bounded((0.4, 1.6), 0.1, 4)
    stretch_range: Range = bounded((1, 3), 1, 6)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the strength, the centre (fractions of the sides), the radii in pixels and the angle in degrees."""
        radius = lerp(self.radius_range, rng.random()) * min(size)
        return {
            "strength": lerp(self.strength_range, rng.random()),
            "x": rng.random(),
            "y": rng.random(),
            "radius": radius,
            "length": radius * lerp(self.stretch_range, rng.random()),
            "degrees": 180 * rng.random(),
        }

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters:
        """Keep the parameters; later noise is limited by the remaining contrast."""
        budget.lose_contrast(parameters["strength"])
        return parameters

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the image with the reflection."""
        angle = math.radians(parameters["degrees"])
        cosine, sine = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        dx, dy = _grid_around(image, parameters)
        along = (dx * cosine + dy * sine) / np.float32(max(parameters["length"], 0.5))
        across = (dy * cosine - dx * sine) / np.float32(max(parameters["radius"], 0.5))
        inside = np.maximum(1 - along**2 - across**2, 0)
        remaining = _enlarge(1 - inside * np.float32(parameters["strength"]), image)
        # Distances from white are scaled, so a difference of two colours never vanishes.
        return np.asarray(cv2.bitwise_not(_shade(np.asarray(cv2.bitwise_not(image), np.uint8), remaining)), np.uint8)


@dataclass(frozen=True)
class CastShadow(BoundedSettings):
    """Adds a shadow with one or two straight edges, soft or hard.

    Attributes:
        darkness_range: fraction of the light that the shadow removes, 0 to 0.75; contrast falls equally.
        softness_range: width of the edge as a fraction of the shorter side of the image, 0 to 2.
        corner_probability: probability of two edges, which form a corner, a wedge or a band.
    """

    darkness_range: Range = bounded((0.2, 0.6), 0, 0.75)
    softness_range: Range = bounded((0.03, 0.5), 0, 2)
    corner_probability: float = bounded(0.5, 0, 1)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the darkness, the softness in pixels and, for each edge, a point (fractions) and an angle."""
        edges = 2 if rng.random() < self.corner_probability else 1
        return {
            "darkness": lerp(self.darkness_range, rng.random()),
            "softness": lerp(self.softness_range, rng.random()) * min(size),
            "edges": [[rng.random(), rng.random(), 360 * rng.random()] for _ in range(edges)],
        }

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters:
        """Keep the parameters; later noise is limited by the remaining contrast."""
        budget.lose_contrast(parameters["darkness"])
        return parameters

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the image with the shadow."""
        width = max(parameters["softness"], 1.0)  # pixels: a sharper edge would alias
        ramps = [_edge_ramp(image, x, y, degrees, width) for x, y, degrees in parameters["edges"]]
        shadow = ramps[0] if len(ramps) == 1 else np.asarray(cv2.min(ramps[0], ramps[1]), np.uint8)
        depth = np.arange(256, dtype=np.float32) / np.float32(255)
        smooth = depth**2 * (3 - 2 * depth)
        light = np.rint(255 * (1 - smooth * np.float32(parameters["darkness"]))).astype(np.uint8)
        return _shade(image, np.asarray(cv2.LUT(shadow, light), np.uint8))


def _edge_ramp(image: Image, x: float, y: float, degrees: float, width: float) -> Image:
    """Return the distance behind a soft edge, (H, W): 0 in front of it, 255 behind it."""
    rows, columns = image.shape[:2]
    scale = 255 / width
    cosine, sine = math.cos(math.radians(degrees)) * scale, math.sin(math.radians(degrees)) * scale
    start = (0.5 - x * columns) * cosine + (0.5 - y * rows) * sine + 127.5
    across = np.arange(columns, dtype=np.float32) * np.float32(cosine)
    down = np.arange(rows, dtype=np.float32)[:, None] * np.float32(sine) + np.float32(start)
    return np.clip(across + down, 0, 255).astype(np.uint8)


@lru_cache(maxsize=1024)
def _grid(width: int, height: int) -> tuple[Field, Field]:
    """Return the centres of the cells of a coarse grid over an image, in pixels: x (1, C) and y (R, 1)."""
    cell = max(1.0, min(width, height) / _GRID_CELLS)
    columns, rows = math.ceil(width / cell), math.ceil(height / cell)
    x = (np.arange(columns, dtype=np.float32) + np.float32(0.5)) * np.float32(width / columns)
    y = (np.arange(rows, dtype=np.float32) + np.float32(0.5)) * np.float32(height / rows)
    return x[None], y[:, None]


def _grid_around(image: Image, parameters: Parameters) -> tuple[Field, Field]:
    """Return the grid relative to the centre in the parameters."""
    x, y = _grid(image.shape[1], image.shape[0])
    return x - np.float32(parameters["x"] * image.shape[1]), y - np.float32(parameters["y"] * image.shape[0])


def _enlarge(light: Field, image: Image) -> Image:
    """Resize fractions (0 to 1) on a coarse grid to (H, W) in units of 1/255."""
    coarse = cv2.convertScaleAbs(light, alpha=255)
    return np.asarray(cv2.resize(coarse, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR), np.uint8)


def _shade(image: Image, light: Image) -> Image:
    """Multiply an image by light (H, W) in units of 1/255."""
    factors = cv2.cvtColor(light, cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.multiply(image, factors, scale=1 / 255), np.uint8)
