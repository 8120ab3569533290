"""Polygons made smaller and larger."""

import cv2
import numpy as np
import pyclipper
from numpy.typing import NDArray

from synthtext.core import Polygon, signed_area


def area_and_perimeter(polygon: Polygon) -> tuple[float, float]:
    """Area and perimeter of a polygon (P, 2), in pixels squared and pixels."""
    points = polygon.astype(np.float64)
    edges = np.roll(points, -1, axis=0) - points
    return abs(signed_area(polygon)), float(np.hypot(edges[:, 0], edges[:, 1]).sum())


def offset_polygon(polygon: Polygon, distance: float, *, paddle_compat: bool = False) -> list[Polygon]:
    """Move the edges of a polygon outwards, round corners in between.

    Args:
        polygon: (P, 2).
        distance: in pixels; below zero: inwards.
        paddle_compat: coordinates are cut to whole pixels first, and those of the result are whole, as the released code
            has it; otherwise both are exact to a hundredth of a pixel.

    Returns:
        What is left: no polygon, one, or several; (P', 2) float32.
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
"""Steps in a pixel: the library counts in whole numbers."""


def fill_mask(mask: NDArray[np.uint8], polygon: Polygon, value: int, *, paddle_compat: bool = False) -> None:
    """Give the pixels on and inside a polygon (P, 2) a value.

    Continuous coordinates are drawn half a pixel further left and up, from pixel centre to pixel centre; released ones
    count from pixel centres already and are cut to whole pixels. Either way pixels that the outline touches belong to
    the inside, which the contours of `models.db.boxes` undo: they run through the centres of the outermost pixels.
    """
    if paddle_compat:
        cv2.fillPoly(mask, [polygon.astype(np.int32)], value)
    else:
        points = np.rint((polygon - 0.5) * 2**_BITS).astype(np.int32)
        cv2.fillPoly(mask, [points], value, shift=_BITS)


_BITS = 6
"""Binary digits of a pixel's fraction."""


def distance_to_edges(
    polygon: Polygon, points: NDArray[np.float32], *, paddle_compat: bool = False
) -> NDArray[np.float32]:
    """Distances of points (N, 2) from the outline of a polygon (P, 2), in pixels, (N,).

    Args:
        polygon: the outline.
        points: where to measure.
        paddle_compat: an edge counts by the nearer of its ends where a point sees it under less than 90 degrees; otherwise
            by its nearest point.
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
