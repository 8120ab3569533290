"""Rectification: cut lines of text out of an image and set them upright."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.db.boxes import min_area_rectangle
from synthtext.core import Image, Polygon, signed_area, start_at_nearest

VERTICAL_RATIO = 1.5
"""A line that is this many times as high as wide is taken as vertical, and is rotated (PaddleOCR's code)."""

_MAX_SIDE = 2**15  # pixels; OpenCV cannot warp an image with a longer side
_MARGIN = 2  # pixels around a line that cubic interpolation reads
_MIN_DETERMINANT = 1e-12  # a homography with a smaller determinant flattens the image


def rectify(image: Image, polygon: Polygon, *, paddle_compat: bool = False) -> Image:
    """Cut out the line inside a polygon and set it upright (`get_rotate_crop_image` in PaddleOCR's code).

    Args:
        image: (H, W, 3) uint8.
        polygon: (4, 2), or (P, 2) with an even P: half of the points run along the top, the rest back along the
            bottom; pixels, from the top-left of the text.
        paddle_compat: As in PaddleOCR's code, coordinates count from pixel centres, and the corners of a quad become
            the first pixel of the line and the one after its last: for boxes that were found in the same way. Upright
            boxes give the same line, rotated ones a line that is shifted by half a pixel.

    Returns:
        (h, w, 3) uint8, as high and wide as the longer of the opposite edges, at least 1 pixel; rotated by 90 degrees
        counterclockwise if the height is `VERTICAL_RATIO` times the width or more.
    """
    top, bottom = _edges(polygon)
    width, height = line_size(polygon)
    corner = np.zeros(2, np.float32)
    if max(image.shape) >= _MAX_SIDE:
        box = _window(image, polygon)
        image, corner = image[box], np.array([box[1].start, box[0].start], np.float32)
    if len(polygon) == 4:
        line = _perspective(image, top - corner, bottom - corner, (width, height), 0.0 if paddle_compat else 0.5)
    else:
        line = _strip(image, top - corner, bottom - corner, width, height)
    return np.ascontiguousarray(np.rot90(line)) if height >= VERTICAL_RATIO * width else line


def line_size(polygon: Polygon) -> tuple[int, int]:
    """Return width and height of the line that `rectify` cuts out, before a vertical line is rotated, pixels."""
    top, bottom = _edges(polygon)
    # Truncated as in PaddleOCR's code: rounding would give other images for the same boxes.
    width = max(int(max(_length(top), _length(bottom))), 1)
    height = max(int(max(float(np.hypot(*edge)) for edge in (bottom - top)[[0, -1]])), 1)
    return width, height


def _edges(polygon: Polygon) -> tuple[Polygon, Polygon]:
    """Return the points along the top and those along the bottom, both from left to right."""
    half = len(polygon) // 2
    return polygon[:half], polygon[: half - 1 : -1]


def to_line_polygon(polygon: Polygon) -> Polygon:
    """Convert a labelled outline (P, 2) to a polygon that `rectify` can cut out.

    A quad is returned unchanged, and so is an outline with half of its points along the top and the others back along
    the bottom. A vertical line has its first two points at its upper end; its points are rotated by one, so that half
    of them run along its right side. Any other outline gives its minimum-area rectangle, which starts at the corner
    nearest to the first point.
    """
    if len(polygon) == 4:
        return polygon
    if len(polygon) % 2 == 0:
        line = min(polygon, np.roll(polygon, -1, axis=0), key=_max_edge_distance)
        top, bottom = _edges(line)
        cells = np.stack([top[:-1], top[1:], bottom[1:], bottom[:-1]], axis=1)
        if all(signed_area(cell) > 0 for cell in cells):  # no cell is twisted
            return line
    return min_area_quad(polygon)


def _max_edge_distance(polygon: Polygon) -> float:
    """Return the greatest distance of points along the top from those below; it is a diagonal for a wrong top."""
    top, bottom = _edges(polygon)
    return float(np.hypot(*(top - bottom).T).max())


def min_area_quad(polygon: Polygon) -> Polygon:
    """Return the minimum-area rectangle (4, 2) of a labelled outline, from the corner nearest to its first point."""
    return start_at_nearest(min_area_rectangle(polygon)[0], polygon[0])


def to_quad(polygon: Polygon) -> Polygon:
    """Return the minimum-area rectangle of an outline that may start at any point; a quad (4, 2) is unchanged."""
    return polygon if len(polygon) == 4 else min_area_rectangle(polygon)[0]


def _length(points: Polygon) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _window(image: Image, polygon: Polygon) -> tuple[slice, slice]:
    """Return the rows and columns of the image that a line needs, at least one each."""
    height, width = image.shape[:2]
    low = np.floor(polygon.min(0)).astype(int) - _MARGIN
    high = np.ceil(polygon.max(0)).astype(int) + _MARGIN
    (left, top), (right, bottom) = low.clip(0, (width - 1, height - 1)), high.clip(1, (width, height))
    return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))


def _perspective(image: Image, top: Polygon, bottom: Polygon, size: tuple[int, int], edge: float) -> Image:
    """Warp a quad to a line; corners are `edge` pixels above and left of pixel centres, from which OpenCV counts."""
    width, height = size
    corners = np.array([top[0], top[1], bottom[1], bottom[0]], np.float32)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners - np.float32(edge), target - np.float32(edge))
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < _MIN_DETERMINANT:
        return np.zeros((height, width, 3), np.uint8)
    line = cv2.warpPerspective(image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(line, np.uint8)


def _strip(image: Image, top: Polygon, bottom: Polygon, width: int, height: int) -> Image:
    """Warp a strip to a line, whose columns run from the top edge to the bottom edge at equal fractions of both."""
    fraction = (np.arange(width, dtype=np.float32) + 0.5) / width
    upper, lower = _interpolate(top, fraction), _interpolate(bottom, fraction)
    down = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None, None]
    coordinates = (upper + (lower - upper) * down - 0.5).astype(np.float32)
    line = cv2.remap(image, coordinates[..., 0], coordinates[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(line, np.uint8)


def _interpolate(points: Polygon, fraction: NDArray[np.floating]) -> Polygon:
    """Return the points at fractions of the length of a polyline."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(steps)]) / max(float(steps.sum()), 1e-6)
    return np.stack([np.interp(fraction, at, points[:, axis]) for axis in (0, 1)], 1).astype(np.float32)
