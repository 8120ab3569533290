"""The glyphs of a set line, drawn side by side."""

from math import floor
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Image, Points, Size, Warp
from synthtext.fonts import Face, FaceCache, raster_size
from synthtext.typesetting.shaping import ShapedLine

_LINE_PADDING = 2  # pixels around the ink: rasters reach a pixel beyond their outlines, and warps look at one more


class LineRaster(NamedTuple):
    """A drawn line.

    Attributes:
        coverage: (H, W) uint8.
        size: pixels of an em.
        origin: the pixel (x, y) at which the line's (0, 0) lies.
    """

    coverage: NDArray[np.uint8]
    pixels_per_em: int
    origin: tuple[int, int]

    def warped(self, warp: Warp, size: Size) -> Image:
        """The line in a picture of this size, (H, W) uint8; `warp` takes its ems to the picture's pixels."""
        step, (x, y) = 1 / self.pixels_per_em, self.origin
        from_pixels = Warp.from_matrix(np.array([[step, 0, -x * step], [0, step, -y * step], [0, 0, 1]]))
        return from_pixels.then(warp).image(self.coverage, size, interpolation=cv2.INTER_LINEAR)


def rasterize_line(line: ShapedLine, face: Face, cache: FaceCache, em: float) -> LineRaster:
    """Draw a line at the size of the ladder that is best for an em of `em` pixels."""
    size = raster_size(em)
    ink = line.ink_box
    left, top = _LINE_PADDING - int(np.floor(ink.left * size)), _LINE_PADDING - int(np.floor(ink.top * size))
    width = left + int(np.ceil(ink.right * size)) + _LINE_PADDING + 1
    height = top + int(np.ceil(ink.bottom * size)) + _LINE_PADDING + 1
    coverage = np.zeros((height, width), np.uint8)
    rasters = cache.rasters(face, size)
    scale, across, down = (
        size / line.units_per_em,
        left + 0.5,
        top + 0.5,
    )  # to the nearest pixel; origins may lie outside
    largest, free = cv2.max, 0  # columns from `free` on have no ink yet
    for glyph, x, y in zip(line.glyphs, line.x, line.y, strict=True):
        raster, beside, below, high, wide = rasters[glyph]
        if high:
            column, row = floor(x * scale + across) + beside, floor(y * scale + down) + below
            if column >= free:
                coverage[row : row + high, column : column + wide] = raster
                free = column + wide
            else:
                target = coverage[row : row + high, column : column + wide]
                largest(target, raster, target)
                free = max(free, column + wide)
    return LineRaster(coverage, size, (left, top))


_STROKE_PADDING = 3  # pixels around strokes: their edges are softened, and warps look at one more
_EDGE_WIDTH = 0.5  # pixels by which OpenCV draws an outline beyond its points


class Strokes(NamedTuple):
    """Strokes along a text.

    Attributes:
        paths: (S, P, 2) points along S strokes, ems of the text: its pen starts at (0, 0) on the baseline, y is
            downwards.
        width: of the strokes, in ems.
        colour: RGB; they lie below the letters then. None: the colour of the letters, and on one layer with them.
        clearance: how far they end before letters that they would cross, in ems; 0: they cross them.
    """

    paths: Points
    width: float
    colour: tuple[float, float, float] | None = None
    clearance: float = 0.0

    @property
    def box(self) -> Box:
        """Around all strokes, in ems."""
        half = self.width / 2
        (left, top), (right, bottom) = self.paths.min(axis=(0, 1)).tolist(), self.paths.max(axis=(0, 1)).tolist()
        return Box(left - half, top - half, right + half, bottom + half)


def rasterize_strokes(marks: Strokes, em: float) -> LineRaster:
    """Draw strokes at an em of `em` pixels; they are half a pixel wide at least."""
    size = max(1, round(em))
    box = marks.box
    left, top = _STROKE_PADDING - int(np.floor(box.left * size)), _STROKE_PADDING - int(np.floor(box.top * size))
    shape = (
        top + int(np.ceil(box.bottom * size)) + _STROKE_PADDING,
        left + int(np.ceil(box.right * size)) + _STROKE_PADDING,
    )
    coverage = np.zeros(shape, np.uint8)
    outlines = _outlines(marks.paths * np.float32(size), max(marks.width * size / 2 - _EDGE_WIDTH, 0.25))
    fixed = np.round((outlines + np.array([left - 0.5, top - 0.5])) * 16).astype(np.int32)
    cv2.fillPoly(coverage, list(fixed), 255, cv2.LINE_AA, 4)
    return LineRaster(coverage, size, (left, top))


def _outlines(paths: Points, half: float) -> Points:
    """Polygons (S, 2 P, 2) around polylines (S, P, 2), `half` away from them on both sides."""
    along = np.gradient(paths, axis=1)
    across = np.stack([-along[..., 1], along[..., 0]], axis=2)
    across *= half / np.maximum(np.linalg.norm(across, axis=2, keepdims=True), 1e-6)
    return np.asarray(np.concatenate([paths + across, (paths - across)[:, ::-1]], axis=1), np.float32)
