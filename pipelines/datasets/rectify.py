"""A line of text cut out of a picture and set upright."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.db.boxes import min_area_rectangle
from synthtext.core import Image, Polygon, signed_area, start_at_nearest

VERTICAL_RATIO = 1.5
"""A line this many times as high as it is wide is taken to run downwards, and is turned (released code)."""

_WIDEST = 2**15
"""Pixels of a side that OpenCV cannot warp any more."""

_REACH = 2
"""Pixels around a line that cubic interpolation looks at."""


def rectify(image: Image, polygon: Polygon, *, paddle_compat: bool = False) -> Image:
    """The line inside a polygon, upright (PP-OCRv2, released code: get_rotate_crop_image).

    Args:
        image: (H, W, 3) uint8.
        polygon: (4, 2), or (P, 2) of an even P: half of the points along the top, the rest back along the bottom;
            pixels, from the text's top-left.
        paddle_compat: the corners of a quad count from pixel centres and become those of the line's first pixel and of the
            one behind its last, as in the released code: for boxes that were found as released. Upright boxes come out
            the same, turned ones half a pixel beside.

    Returns:
        (h, w, 3) uint8, as high and wide as the longer of the opposite edges, at least 1 pixel; turned by 90 degrees
        against the clock if it is `TALL`.
    """
    top, bottom = _edges(polygon)
    width, height = line_size(polygon)
    corner = np.zeros(2, np.float32)
    if max(image.shape) >= _WIDEST:
        box = _window(image, polygon)
        image, corner = image[box], np.array([box[1].start, box[0].start], np.float32)
    if len(polygon) == 4:
        line = _perspective(image, top - corner, bottom - corner, (width, height), 0.0 if paddle_compat else 0.5)
    else:
        line = _strip(image, top - corner, bottom - corner, width, height)
    return np.ascontiguousarray(np.rot90(line)) if height >= VERTICAL_RATIO * width else line


def line_size(polygon: Polygon) -> tuple[int, int]:
    """Width and height, pixels, of the line that `rectify` cuts out, before it is turned for being `TALL`."""
    top, bottom = _edges(polygon)
    # Whole pixels as released: rounding up would make other pictures of the same boxes.
    width = max(int(max(_length(top), _length(bottom))), 1)
    height = max(int(max(float(np.hypot(*edge)) for edge in (bottom - top)[[0, -1]])), 1)
    return width, height


def _edges(polygon: Polygon) -> tuple[Polygon, Polygon]:
    """The points along the top, and those along the bottom, both from left to right."""
    half = len(polygon) // 2
    return polygon[:half], polygon[: half - 1 : -1]


def to_line_polygon(polygon: Polygon) -> Polygon:
    """A labelled outline (P, 2) such that `rectify` can cut it out.

    That is itself if it is a quad, or if half of its points run along the top and the others back along the bottom.
    A line that runs downwards has its first two points at its upper end: from the second one on, half of its points run
    along its right side. Of other outlines it is the smallest rectangle, from the corner on that is nearest to the
    first point.
    """
    if len(polygon) == 4:
        return polygon
    if len(polygon) % 2 == 0:
        line = min(polygon, np.roll(polygon, -1, axis=0), key=_longest_rung)
        top, bottom = _edges(line)
        cells = np.stack([top[:-1], top[1:], bottom[1:], bottom[:-1]], axis=1)
        if all(signed_area(cell) > 0 for cell in cells):  # it is twisted nowhere
            return line
    return min_area_quad(polygon)


def _longest_rung(polygon: Polygon) -> float:
    """The greatest distance of points along the top from those below; a wrong choice of top has a diagonal there."""
    top, bottom = _edges(polygon)
    return float(np.hypot(*(top - bottom).T).max())


def min_area_quad(polygon: Polygon) -> Polygon:
    """The smallest rectangle (4, 2) around a labelled outline; it begins at the corner nearest to its first point."""
    return start_at_nearest(min_area_rectangle(polygon)[0], polygon[0])


def to_quad(polygon: Polygon) -> Polygon:
    """The smallest rectangle around an outline, whose points begin anywhere; a quad (4, 2) is itself."""
    return polygon if len(polygon) == 4 else min_area_rectangle(polygon)[0]


def _length(points: Polygon) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _window(image: Image, polygon: Polygon) -> tuple[slice, slice]:
    """Rows and columns of the picture that the line needs, at least one each."""
    height, width = image.shape[:2]
    low = np.floor(polygon.min(0)).astype(int) - _REACH
    high = np.ceil(polygon.max(0)).astype(int) + _REACH
    (left, top), (right, bottom) = low.clip(0, (width - 1, height - 1)), high.clip(1, (width, height))
    return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))


def _perspective(image: Image, top: Polygon, bottom: Polygon, size: tuple[int, int], edge: float) -> Image:
    """The corners lie `edge` pixels above and to the left of pixel centres, from which OpenCV counts."""
    width, height = size
    corners = np.array([top[0], top[1], bottom[1], bottom[0]], np.float32)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners - np.float32(edge), target - np.float32(edge))
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < _FLAT:
        return np.zeros((height, width, 3), np.uint8)
    line = cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(line, np.uint8)


_FLAT = 1e-12
"""Determinant of a homography that flattens the picture."""


def _strip(image: Image, top: Polygon, bottom: Polygon, width: int, height: int) -> Image:
    """Columns of the line run from the top edge to the bottom edge, at equal shares of their lengths."""
    share = (np.arange(width, dtype=np.float32) + 0.5) / width
    upper, lower = _along(top, share), _along(bottom, share)
    down = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None, None]
    places = (upper + (lower - upper) * down - 0.5).astype(np.float32)
    line = cv2.remap(image, places[..., 0], places[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(line, np.uint8)


def _along(points: Polygon, share: NDArray[np.floating]) -> Polygon:
    """Points at shares of the length of a chain."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(steps)]) / max(float(steps.sum()), 1e-6)
    return np.stack([np.interp(share, at, points[:, axis]) for axis in (0, 1)], 1).astype(np.float32)
