"""Areas of colour in a picture."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Image, Points, Size, bounding_box
from synthtext.ink import composite

_SHIFT = 4  # bits of a pixel's fraction that OpenCV draws to
_ROOM = 2  # pixels around a shape that a soft edge touches


def window_around(points: Points, size: Size, room: int = _ROOM) -> tuple[slice, slice] | None:
    """Rows and columns of a picture around points (..., 2) and some pixels more; None when they lie outside."""
    box: Box = bounding_box(points)
    left, top = max(0, int(box.left) - room), max(0, int(box.top) - room)
    right, bottom = min(int(size.width), int(box.right) + 1 + room), min(int(size.height), int(box.bottom) + 1 + room)
    return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None


def fill_polygon(polygon: Points, window: tuple[slice, slice]) -> NDArray[np.uint8]:
    """How far the pixels of a window are covered by a polygon (P, 2), 0 to 255; its corners are soft."""
    rows, columns = window
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    corner = np.array([columns.start + 0.5, rows.start + 0.5])  # OpenCV counts from pixel centres
    fixed = np.round((polygon - corner) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, lineType=cv2.LINE_AA, shift=_SHIFT)
    return mask


def blend_polygon(image: Image, polygon: Points, colour: Sequence[float], opacity: float = 1.0) -> None:
    """Lay a polygon (P, 2) of a colour over a picture, in place.

    Args:
        image: (H, W, 3) uint8.
        polygon: in pixels; what lies outside of the picture is left out.
        colour: RGB, 0 to 255.
        opacity: 0 to 1.
    """
    window = window_around(polygon, Size(image.shape[1], image.shape[0]))
    if window is None:
        return
    mask = fill_polygon(polygon, window)
    if opacity < 1:
        mask = np.asarray(cv2.convertScaleAbs(mask, alpha=opacity), np.uint8)
    image[window] = composite(np.ascontiguousarray(image[window]), mask, colour)


def ellipse(centre: tuple[float, float], axes: tuple[float, float], radians: float, count: int = 24) -> Points:
    """An ellipse as a polygon (count, 2), clockwise on the screen."""
    angle = np.arange(count) * (2 * np.pi / count)
    x, y = axes[0] * np.cos(angle), axes[1] * np.sin(angle)
    cosine, sine = np.cos(radians), np.sin(radians)
    return np.stack([centre[0] + cosine * x - sine * y, centre[1] + sine * x + cosine * y], axis=1).astype(np.float32)


def bar(start: tuple[float, float], stop: tuple[float, float], thickness: float) -> Points:
    """A straight bar as a polygon (4, 2)."""
    along = np.subtract(stop, start)
    across = np.array([-along[1], along[0]]) * (thickness / 2 / max(float(np.hypot(*along)), 1e-6))
    return np.array([start - across, stop - across, stop + across, start + across], np.float32)
