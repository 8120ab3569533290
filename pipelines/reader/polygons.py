"""Polygons as people label them, made such as the rest of the project takes them."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike

from pipelines.reader.problems import COUNTERCLOCKWISE, CROSSED, TANGLED
from synthtext.core import Polygon, begin_near, clockwise, crosses, signed_area

_SMALLEST = 1.0  # square pixels: what is flatter shows no text

_FARTHEST = 1_000_000
"""Pixels: no picture is so large, and whoever draws such a polygon runs out of numbers."""


class Mended(NamedTuple):
    """What became of a labelled polygon.

    Attributes:
        polygon: (P, 2), clockwise on the screen, not crossing itself; None when there is none in what was labelled.
        problem: what was wrong with it, or empty.
        certain: it is what was meant; otherwise a guess that holds it, good for nothing but to be ignored.
    """

    polygon: Polygon | None
    problem: str = ""
    certain: bool = True


def mend_polygon(points: ArrayLike) -> Mended:
    """Check a polygon as it is labelled, and mend what can be.

    Points that run counterclockwise are taken in the other order from the same first point; four points whose sides
    cross are put in order around their middle; more points that cross become their hull, which is a guess. A ring of
    more than four points that names its first one again at its end loses that one.

    Args:
        points: pairs of pixels, x then y.
    """
    try:
        given = np.asarray(points, np.float64)
    except (TypeError, ValueError, OverflowError):
        return Mended(None, "polygon is no list of points")
    if given.ndim != 2 or given.shape[1] != 2:
        return Mended(None, "polygon is no list of points")
    if not np.isfinite(given).all():
        return Mended(None, "polygon has a coordinate that is no finite number")
    if np.abs(given).max(initial=0) > _FARTHEST:
        return Mended(None, f"polygon has a coordinate beyond {_FARTHEST:,} pixels")
    array = given.astype(np.float32)
    if len(array) > 4 and (array[0] == array[-1]).all():
        array = array[:-1]
    if len(array) < 3:
        return Mended(None, f"polygon of {len(array)} points")
    if crosses(array):
        return _uncrossed(array)
    area = signed_area(array)
    if abs(area) < _SMALLEST:
        return Mended(None, "polygon without area")
    if area < 0:
        return Mended(_from_the_same(array[::-1]), COUNTERCLOCKWISE)
    return Mended(array)


def _uncrossed(points: Polygon) -> Mended:
    if len(points) > 4:
        hull = cv2.convexHull(points, clockwise=False)[:, 0].astype(np.float32)
        flat = abs(signed_area(hull)) < _SMALLEST
        return Mended(None if flat else clockwise(hull), TANGLED, certain=False)
    around = points - points.mean(axis=0)
    order = np.argsort(np.arctan2(around[:, 1], around[:, 0]), kind="stable")
    ordered = clockwise(points[order])
    if signed_area(ordered) < _SMALLEST:
        return Mended(None, "polygon without area")
    return Mended(begin_near(ordered, points[0]), CROSSED)


def _from_the_same(points: Polygon) -> Polygon:
    """The points, whose last one was the first before they were turned, from that one on."""
    return np.roll(points, 1, axis=0)
