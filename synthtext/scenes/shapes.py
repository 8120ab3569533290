"""Polygons and boxes in images, and plates behind texts."""

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthtext.core import Image, Points, Size, Warp, bounding_box
from synthtext.core.compositing import composite, with_opacity
from synthtext.scenes.composition import TextBlock

_SHIFT = 4  # fractional bits of OpenCV's coordinates
_PADDING = 2  # pixels around a shape for antialiasing

Window: TypeAlias = tuple[slice, slice]
"""Rows and columns of an image."""

Floats: TypeAlias = NDArray[np.float64]


def sum_boxes(integral: ArrayLike, boxes: ArrayLike) -> Floats:
    """Sum an image over boxes (N, 4: left, top, right, bottom; whole pixels), (N,) or (N, C), by its integral image."""
    table, (left, top, right, bottom) = np.asarray(integral), np.asarray(boxes).T
    total = table[bottom, right] + table[top, left] - table[top, right] - table[bottom, left]
    return np.asarray(total, np.float64)


def window_around(points: Points, size: Size, padding: int = _PADDING) -> Window | None:
    """Rows and columns of an image around points (..., 2) with padding; None if they lie outside of the image."""
    box = bounding_box(points)
    left, top = max(0, int(box.left) - padding), max(0, int(box.top) - padding)
    right = min(int(size.width), int(box.right) + 1 + padding)
    bottom = min(int(size.height), int(box.bottom) + 1 + padding)
    return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None


def fill_polygon(polygon: Points, window: Window) -> NDArray[np.uint8]:
    """Coverage of the pixels of a window by a polygon (P, 2), uint8, antialiased."""
    rows, columns = window
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    corner = np.array([columns.start + 0.5, rows.start + 0.5])  # OpenCV counts from pixel centres
    fixed = np.round((polygon - corner) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, lineType=cv2.LINE_AA, shift=_SHIFT)
    return mask


def blend_polygon(image: Image, polygon: Points, colour: Sequence[float], opacity: float = 1.0) -> None:
    """Blend a polygon (P, 2; pixels) of a colour (RGB, 0 to 255) and opacity (0 to 1) over an image (H, W, 3) in place.

    The polygon may extend beyond the image.
    """
    window = window_around(polygon, Size(image.shape[1], image.shape[0]))
    if window is not None:
        mask = with_opacity(fill_polygon(polygon, window), opacity)
        image[window] = composite(np.ascontiguousarray(image[window]), mask, colour)


def ellipse(centre: tuple[float, float], axes: tuple[float, float], radians: float, count: int = 24) -> Points:
    """Create an ellipse as a polygon (count, 2), clockwise on the screen."""
    angle = np.arange(count) * (2 * np.pi / count)
    x, y = axes[0] * np.cos(angle), axes[1] * np.sin(angle)
    cosine, sine = np.cos(radians), np.sin(radians)
    return np.stack([centre[0] + cosine * x - sine * y, centre[1] + sine * x + cosine * y], axis=1).astype(np.float32)


def bar(start: tuple[float, float], stop: tuple[float, float], thickness: float) -> Points:
    """Create a straight bar as a polygon (4, 2)."""
    along = np.subtract(stop, start)
    across = np.array([-along[1], along[0]]) * (thickness / 2 / max(float(np.hypot(*along)), 1e-6))
    return np.array([start - across, stop - across, stop + across, start + across], np.float32)


PLATE_MARGIN = 0.55
"""Margin around a block for its plate, in ems."""

_STEP = 0.125  # of a side, between the points of a plate's edge, which a curved warp bends


def draw_plate(rng: np.random.Generator, image: Image, block: TextBlock, warp: Warp) -> None:
    """Draw a plate behind a block of text into an image (H, W, 3) in place; `warp` is from its plane to the image."""
    lightness, opacity, fraction, rounding, border, *tint = rng.random(8).tolist()
    margin = block.em * (0.25 + 0.27 * fraction)
    radius = margin * rounding if rounding > 0.4 else 0.0
    outline = warp.points(_plate(block, margin, radius))
    colour = np.clip(255 * lightness + 60 * (np.array(tint) - 0.5), 0, 255)
    blend_polygon(image, outline, colour.tolist(), 0.85 + 0.15 * opacity)
    if border < 0.3:
        line = np.clip(colour + (110 if lightness < 0.5 else -110), 0, 255).tolist()
        inset = margin * 0.2
        frame = warp.points(_plate(block, margin - inset, max(radius - inset, 0.0)))
        points = np.round(frame * 16 - 8).astype(np.int32)
        cv2.polylines(image, [points], True, line, max(1, round(inset / 3)), cv2.LINE_AA, 4)


def _plate(block: TextBlock, margin: float, radius: float) -> Points:
    """A rectangle around the plane of a block with rounded corners, (P, 2), clockwise on the screen."""
    width, height = block.width + 2 * margin, block.height + 2 * margin
    radius = min(radius, width / 2, height / 2)
    if radius < 1:
        fraction = np.arange(0, 1, _STEP)
        zeros, ones = np.zeros_like(fraction), np.ones_like(fraction)
        x = np.concatenate([fraction, ones, 1 - fraction, zeros]) * width
        y = np.concatenate([zeros, fraction, ones, 1 - fraction]) * height
        points = np.stack([x, y], axis=1)
    else:
        near, right, bottom = radius, width - radius, height - radius
        centres = np.repeat([[right, near], [right, bottom], [near, bottom], [near, near]], 5, axis=0)
        angles = np.concatenate([np.linspace(0, np.pi / 2, 5) + quarter * np.pi / 2 for quarter in (-1, 0, 1, 2)])
        points = centres + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return points.astype(np.float32) - np.float32(margin)
