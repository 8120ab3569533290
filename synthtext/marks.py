"""Lines that are drawn along a text: under it, through it, behind it."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from synthtext.canvas import Canvas
from synthtext.core import Box, Points

_ROOM = 3  # pixels around strokes: their edges are softened, and warps look at one more
_SOFT = 0.5  # pixels by which OpenCV draws an outline beyond its points


class Stroke(NamedTuple):
    """One line.

    Attributes:
        points: (P, 2) along it, ems of the text: the pen starts at (0, 0) on the baseline, y is downwards.
        width: in ems.
    """

    points: Points
    width: float


class Marks(NamedTuple):
    """Lines drawn along a text.

    Attributes:
        strokes: at least one.
        colour: RGB; they lie below the letters then. None: the colour of the letters, and on one layer with them.
        apart: how far they end before letters that they would cross, in ems; 0: they cross them.
    """

    strokes: Sequence[Stroke]
    colour: tuple[float, float, float] | None = None
    apart: float = 0.0

    @property
    def box(self) -> Box:
        """Around all strokes, in ems."""
        edges = [np.concatenate([stroke.points.min(0), stroke.points.max(0)]) for stroke in self.strokes]
        halves = np.array([stroke.width / 2 for stroke in self.strokes])[:, None]
        low, high = np.array(edges)[:, :2] - halves, np.array(edges)[:, 2:] + halves
        return Box(*low.min(axis=0).tolist(), *high.max(axis=0).tolist())


def draw_marks(marks: Marks, em: float) -> Canvas:
    """Draw strokes at an em of `em` pixels, at most three quarters of a pixel thin."""
    size = max(1, round(em))
    box = marks.box
    left, top = _ROOM - int(np.floor(box.left * size)), _ROOM - int(np.floor(box.top * size))
    shape = (top + int(np.ceil(box.bottom * size)) + _ROOM, left + int(np.ceil(box.right * size)) + _ROOM)
    coverage = np.zeros(shape, np.uint8)
    for stroke in marks.strokes:
        outline = _outline(stroke.points * np.float32(size), max(stroke.width * size / 2 - _SOFT, 0.25))
        fixed = np.round((outline + np.array([left - 0.5, top - 0.5])) * 16).astype(np.int32)
        cv2.fillPoly(coverage, [fixed], 255, cv2.LINE_AA, 4)
    return Canvas(coverage, size, (left, top))


def _outline(points: Points, half: float) -> Points:
    """A polygon around a polyline, `half` away from it on both sides."""
    along = np.gradient(points, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across *= half / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    return np.concatenate([points + across, (points - across)[::-1]]).astype(np.float32)
