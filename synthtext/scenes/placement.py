"""Placement of texts in smooth, free areas of an image, following its perspective."""

from typing import NamedTuple

import cv2
import numpy as np

from synthtext.core import Box, Polygon, Warp
from synthtext.scenes.placement_map import CELL, PlacementMap, Slopes

_CANDIDATES = 32  # random positions
_MAX_CANDIDATES = 5  # smoothest positions that are tried in perspective
_MAX_SLOPE = 0.35  # of a side in perspective
_MAX_CONVERGENCE = 0.28  # by which an end may be larger or smaller than the middle
_SCALES = (1.0, 0.7, 0.5)  # that are tried


class Placement(NamedTuple):
    """A placement of a block of text.

    Attributes:
        warp: From the plane of the block to the image.
        quad: (4, 2) plane and margin in the image.
    """

    warp: Warp
    quad: Polygon


class FreeArea(NamedTuple):
    """The area that a block requires.

    Attributes:
        width: Width of the plane, pixels.
        height: Height of the plane, pixels.
        margin: Free margin on each side, pixels.
        min_scale: Minimum scale, 0 to 1.
    """

    width: float
    height: float
    margin: float
    min_scale: float


def find_placement(
    rng: np.random.Generator, placement_map: PlacementMap, area: FreeArea, degrees: float, strength: float
) -> Placement | None:
    """Find a placement and reserve it; the block is scaled down if there is no free area.

    Args:
        rng: Draws the candidates.
        placement_map: Map of the image.
        area: Required area.
        degrees: Rotation in degrees.
        strength: How closely to follow the perspective of the image, 0 to 1.

    Returns:
        The placement; None if no scale fits.
    """
    for scale in _SCALES:
        if scale < area.min_scale:
            return None
        width, height = scale * (area.width + 2 * area.margin), scale * (area.height + 2 * area.margin)
        quad = _find(rng, placement_map, (width, height), degrees, strength)
        if quad is not None:
            placement_map.reserve(quad)
            margin, inner = area.margin, Box(0, 0, area.width, area.height)
            outer = Box(inner.left - margin, inner.top - margin, inner.right + margin, inner.bottom + margin)
            return Placement(Warp.between_quads(outer.polygon(), quad), quad)
    return None


def _find(
    rng: np.random.Generator, placement_map: PlacementMap, size: tuple[float, float], degrees: float, strength: float
) -> Polygon | None:
    width, height = size
    cosine, sine = abs(np.cos(np.deg2rad(degrees))), abs(np.sin(np.deg2rad(degrees)))
    across, down = width * cosine + height * sine, width * sine + height * cosine
    columns, rows = int(np.ceil(across / CELL)), int(np.ceil(down / CELL))
    fractions = rng.random((_CANDIDATES, 2))
    if columns > placement_map.columns or rows > placement_map.rows:
        return None
    corners = (fractions * (placement_map.columns - columns + 1, placement_map.rows - rows + 1)).astype(np.int64)
    for candidate in placement_map.smoothest(corners, columns, rows)[:_MAX_CANDIDATES].tolist():
        x, y = (corners[candidate] + np.array([columns, rows]) / 2) * CELL
        for weight in (strength, 0.0):
            upright = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            slopes = placement_map.slopes(upright) if weight else Slopes()
            quad = Warp.rotation(degrees, (float(x), float(y))).points(_in_perspective(upright, slopes, weight))
            if cv2.isContourConvex(quad) and placement_map.is_free(quad):
                return quad
            if not strength:
                break
    return None


def _in_perspective(box: Box, slopes: Slopes, weight: float) -> Polygon:
    """Corners of a rectangle whose sides have these slopes times a weight, each through its own middle."""
    top, bottom = _limit_slopes(weight * slopes.top, weight * slopes.bottom, box.height / box.width)
    left, right = _limit_slopes(weight * slopes.left, weight * slopes.right, box.width / box.height)
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2

    def corner(middle_y: float, rise: float, middle_x: float, lean: float) -> tuple[float, float]:
        # y = middle_y + rise * (px - x) and px = middle_x + lean * (y - centre's y), solved for both
        py = (middle_y + rise * (middle_x - lean * y - x)) / (1 - rise * lean)
        return middle_x + lean * (py - y), py

    return np.array(
        [
            corner(box.top, top, box.left, left),
            corner(box.top, top, box.right, right),
            corner(box.bottom, bottom, box.right, right),
            corner(box.bottom, bottom, box.left, left),
        ],
        np.float32,
    )


def _limit_slopes(first: float, second: float, ratio: float) -> tuple[float, float]:
    """Limit the slopes of opposite sides and their convergence; `ratio` is distance over length."""
    middle, half = float(np.clip((first + second) / 2, -_MAX_SLOPE, _MAX_SLOPE)), (second - first) / 2
    max_half = _MAX_CONVERGENCE * ratio
    half = float(np.clip(half, -max_half, max_half))
    return middle - half, middle + half
