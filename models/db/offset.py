"""Polygon offsetting, filling and distances."""

import cv2
import numpy as np
import pyclipper
from numpy.typing import NDArray

from synthtext.core import Polygon, signed_area


def area_and_perimeter(polygon: Polygon) -> tuple[float, float]:
    """Return area and perimeter of a polygon (P, 2), in square pixels and pixels."""
    points = polygon.astype(np.float64)
    edges = np.roll(points, -1, axis=0) - points
    return abs(signed_area(polygon)), float(np.hypot(edges[:, 0], edges[:, 1]).sum())


def offset_polygon(polygon: Polygon, distance: float, *, paddle_compat: bool = False) -> list[Polygon]:
    """Move the edges of a polygon outwards, with round corners.

    Args:
        polygon: (P, 2).
        distance: in pixels; negative: inwards.
        paddle_compat: truncate coordinates to whole pixels, and return whole ones, as PaddleOCR's code does; otherwise
            both are exact to a hundredth of a pixel.

    Returns:
        No polygon, one, or several; (P', 2) float32.
    """
    scale = 1 if paddle_compat else _SUBPIXEL
    clipper = pyclipper.PyclipperOffset(arc_tolerance=0.25 * scale)
    points = (polygon * scale).astype(np.int64) if paddle_compat else np.rint(polygon * scale).astype(np.int64)
    try:
        clipper.AddPath(points.tolist(), pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    except pyclipper.ClipperException:  # fewer than three different points
        return []
    return [np.array(path, np.float32) / np.float32(scale) for path in clipper.Execute(distance * scale)]


_SUBPIXEL = 100
"""Units per pixel: the library uses integers."""


def fill_mask(mask: NDArray[np.uint8], polygon: Polygon, value: int, *, paddle_compat: bool = False) -> None:
    """Set the pixels on and inside a polygon (P, 2) to a value.

    Continuous coordinates are shifted by half a pixel, so that they count from pixel centers. With `paddle_compat` they
    count from pixel centers already, and are truncated to whole pixels. Pixels that the outline touches are set, which
    matches the contours of `models.db.boxes`: those run through the centers of the outermost pixels.
    """
    if paddle_compat:
        cv2.fillPoly(mask, [polygon.astype(np.int32)], value)
    else:
        points = np.rint((polygon - 0.5) * 2**_BITS).astype(np.int32)
        cv2.fillPoly(mask, [points], value, shift=_BITS)


_BITS = 6
"""Fractional bits of the coordinates."""


def distance_to_edges(
    polygon: Polygon, points: NDArray[np.float32], *, paddle_compat: bool = False
) -> NDArray[np.float32]:
    """Return the distances (N,) of points (N, 2) from the outline of a polygon (P, 2), in pixels.

    The distance from an edge is that from its nearest point; with `paddle_compat`, as in PaddleOCR's code, it is that
    from the nearer end if the edge appears under an angle of less than 90 degrees.
    """
    nearest = np.full(len(points), np.inf, np.float32)
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        edge, first, second = end - start, points - start, points - end
        length = np.float32(np.hypot(*edge))
        if length == 0:
            continue
        perpendicular = np.abs(first[:, 0] * edge[1] - first[:, 1] * edge[0]) / length
        ends = np.sqrt(np.minimum((first**2).sum(1), (second**2).sum(1)))
        if paddle_compat:
            beside = (first * second).sum(1) <= 0
        else:
            along = first @ edge
            beside = (along >= 0) & (along <= length**2)
        np.minimum(nearest, np.where(beside, perpendicular, ends), out=nearest)
    return nearest
