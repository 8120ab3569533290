"""Lines that are drawn along a text: under it, through it, behind it."""

from typing import NamedTuple

import cv2
import numpy as np

from synthtext.canvas import Canvas
from synthtext.core import Box, Points

_ROOM = 3  # pixels around strokes: their edges are softened, and warps look at one more
_SOFT = 0.5  # pixels by which OpenCV draws an outline beyond its points


class Marks(NamedTuple):
    """Strokes along a text.

    Attributes:
        paths: (S, P, 2) points along S strokes, ems of the text: its pen starts at (0, 0) on the baseline, y is
            downwards.
        width: of the strokes, in ems.
        colour: RGB; they lie below the letters then. None: the colour of the letters, and on one layer with them.
        apart: how far they end before letters that they would cross, in ems; 0: they cross them.
    """

    paths: Points
    width: float
    colour: tuple[float, float, float] | None = None
    apart: float = 0.0

    @property
    def box(self) -> Box:
        """Around all strokes, in ems."""
        half = self.width / 2
        (left, top), (right, bottom) = self.paths.min(axis=(0, 1)).tolist(), self.paths.max(axis=(0, 1)).tolist()
        return Box(left - half, top - half, right + half, bottom + half)


def draw_marks(marks: Marks, em: float) -> Canvas:
    """Draw strokes at an em of `em` pixels; they are half a pixel wide at least."""
    size = max(1, round(em))
    box = marks.box
    left, top = _ROOM - int(np.floor(box.left * size)), _ROOM - int(np.floor(box.top * size))
    shape = (top + int(np.ceil(box.bottom * size)) + _ROOM, left + int(np.ceil(box.right * size)) + _ROOM)
    coverage = np.zeros(shape, np.uint8)
    outlines = _outlines(marks.paths * np.float32(size), max(marks.width * size / 2 - _SOFT, 0.25))
    fixed = np.round((outlines + np.array([left - 0.5, top - 0.5])) * 16).astype(np.int32)
    cv2.fillPoly(coverage, list(fixed), 255, cv2.LINE_AA, 4)
    return Canvas(coverage, size, (left, top))


def _outlines(paths: Points, half: float) -> Points:
    """Polygons (S, 2 P, 2) around polylines (S, P, 2), `half` away from them on both sides."""
    along = np.gradient(paths, axis=1)
    across = np.stack([-along[..., 1], along[..., 0]], axis=2)
    across *= half / np.maximum(np.linalg.norm(across, axis=2, keepdims=True), 1e-6)
    return np.asarray(np.concatenate([paths + across, (paths - across)[:, ::-1]], axis=1), np.float32)
