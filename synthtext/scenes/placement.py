"""Places for texts in a picture: smooth ones that nothing else takes, in the perspective of what is there."""

from typing import NamedTuple

import cv2
import numpy as np

from synthtext.core import Box, Polygon, Warp
from synthtext.scenes.placement_map import CELL, PlacementMap, Slopes

_CANDIDATES = 32
_MAX_CANDIDATES = 5  # of the calmest candidates: in perspective a place may touch what the upright one did not
_STEEPEST = 0.35  # slope of a side in perspective
_CONVERGENCE = 0.28  # by which one end may be larger than the middle, and the other one smaller
_SHRINKING = (1.0, 0.7, 0.5)  # sizes that are tried


class Placement(NamedTuple):
    """A place for a block of text.

    Attributes:
        warp: from the block's plane to the picture.
        quad: (4, 2) where the plane and the room around it lie in the picture.
    """

    warp: Warp
    quad: Polygon


class FreeArea(NamedTuple):
    """What a block needs.

    Attributes:
        width: of its plane, pixels.
        height: of its plane, pixels.
        around: free room on each side, pixels.
        least: how small it may be made, 0 to 1.
    """

    width: float
    height: float
    margin: float
    min_scale: float


def find_placement(
    rng: np.random.Generator, survey: PlacementMap, room: FreeArea, degrees: float, strength: float
) -> Placement | None:
    """Find a place and take it; the plane is made smaller where there is none for it.

    Args:
        rng: draws where to look.
        survey: of the picture.
        room: that is needed.
        degrees: by which it is turned.
        strength: how far it follows the perspective that is there, 0 to 1.

    Returns:
        None when a few sizes find no free place.
    """
    for scale in _SHRINKING:
        if scale < room.min_scale:
            return None
        wide, high = scale * (room.width + 2 * room.margin), scale * (room.height + 2 * room.margin)
        place = _find(rng, survey, (wide, high), degrees, strength)
        if place is not None:
            survey.reserve(place)
            edge, inner = room.margin, Box(0, 0, room.width, room.height)
            outer = Box(inner.left - edge, inner.top - edge, inner.right + edge, inner.bottom + edge)
            return Placement(Warp.between_quads(outer.polygon(), place), place)
    return None


def _find(
    rng: np.random.Generator, survey: PlacementMap, size: tuple[float, float], degrees: float, strength: float
) -> Polygon | None:
    wide, high = size
    cosine, sine = abs(np.cos(np.deg2rad(degrees))), abs(np.sin(np.deg2rad(degrees)))
    across, down = wide * cosine + high * sine, wide * sine + high * cosine
    columns, rows = int(np.ceil(across / CELL)), int(np.ceil(down / CELL))
    shares = rng.random((_CANDIDATES, 2))
    if columns > survey.columns or rows > survey.rows:
        return None
    corners = (shares * (survey.columns - columns + 1, survey.rows - rows + 1)).astype(np.int64)
    for candidate in survey.smoothest(corners, columns, rows)[:_MAX_CANDIDATES].tolist():
        x, y = (corners[candidate] + np.array([columns, rows]) / 2) * CELL
        for share in (strength, 0.0):
            upright = Box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
            slopes = survey.slopes(upright) if share else Slopes()
            quad = Warp.rotation(degrees, (float(x), float(y))).points(_in_perspective(upright, slopes, share))
            if cv2.isContourConvex(quad) and survey.is_free(quad):
                return quad
            if not strength:
                break
    return None


def _in_perspective(box: Box, slopes: Slopes, share: float) -> Polygon:
    """The corners of a rectangle whose sides have these slopes (by a share), each through its own middle."""
    top, bottom = _bounded(share * slopes.top, share * slopes.bottom, box.height / box.width)
    left, right = _bounded(share * slopes.left, share * slopes.right, box.width / box.height)
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


def _bounded(first: float, second: float, ratio: float) -> tuple[float, float]:
    """Slopes of opposite sides, which neither rise nor converge too much; `ratio` of their distance to their length."""
    middle, half = float(np.clip((first + second) / 2, -_STEEPEST, _STEEPEST)), (second - first) / 2
    most = _CONVERGENCE * ratio
    half = float(np.clip(half, -most, most))
    return middle - half, middle + half
