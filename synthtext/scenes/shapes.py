"""Areas of colour in a picture."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Image, Points, Size, Warp, bounding_box
from synthtext.ink import composite
from synthtext.scenes.composition import TextBlock

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


PLATE_MARGIN = 0.55
"""Ems around a block that are kept free for its plate."""

_STEP = 0.125  # of a side, between the points of a plate's edge: a bent view bends it


def draw_plate(rng: np.random.Generator, image: Image, block: TextBlock, warp: Warp) -> None:
    """Draw a plate behind a block of text into a picture (H, W, 3), in place.

    Args:
        rng: draws its colours and its shape.
        image: where to.
        block: that will stand on it.
        warp: from the block's plane to the picture.
    """
    lightness, opacity, share, rounding, border, *tint = rng.random(8).tolist()
    room = block.em * (0.25 + 0.27 * share)
    radius = room * rounding if rounding > 0.4 else 0.0
    edge = _rounded(block.width + 2 * room, block.height + 2 * room, radius) - room
    outline = warp.points(edge.astype(np.float32))
    colour = np.clip(255 * lightness + 60 * (np.array(tint) - 0.5), 0, 255)
    blend_polygon(image, outline, colour.tolist(), 0.85 + 0.15 * opacity)
    if border < 0.3:
        line = np.clip(colour + (110 if lightness < 0.5 else -110), 0, 255).tolist()
        inset = room * 0.2
        inner = room - inset
        frame = _rounded(block.width + 2 * inner, block.height + 2 * inner, max(radius - inset, 0.0)) - inner
        points = np.round(warp.points(frame.astype(np.float32)) * 16 - 8).astype(np.int32)
        cv2.polylines(image, [points], True, line, max(1, round(inset / 3)), cv2.LINE_AA, 4)


def _rounded(width: float, height: float, radius: float) -> Points:
    """A rectangle from (0, 0) with rounded corners, (P, 2), clockwise on the screen."""
    radius = min(radius, width / 2, height / 2)
    if radius < 1:
        share = np.arange(0, 1, _STEP)
        nothing, whole = np.zeros_like(share), np.ones_like(share)
        x = np.concatenate([share, whole, 1 - share, nothing]) * width
        y = np.concatenate([nothing, share, whole, 1 - share]) * height
        return np.stack([x, y], axis=1).astype(np.float32)
    angles = np.linspace(0, np.pi / 2, 5)
    corners = []
    centres = [(width - radius, radius), (width - radius, height - radius), (radius, height - radius), (radius, radius)]
    for number, (cx, cy) in enumerate(centres):
        turned = angles + (number - 1) * np.pi / 2
        corners.append(np.stack([cx + radius * np.cos(turned), cy + radius * np.sin(turned)], axis=1))
    return np.concatenate(corners).astype(np.float32)
