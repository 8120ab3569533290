"""The glyphs of a set line, drawn side by side."""

from math import floor
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Size, Warp
from synthtext.fonts import Face, FaceCache, drawn_size
from synthtext.setting import SetLine

_ROOM = 2  # pixels around the ink: rasters reach a pixel beyond their outlines, and warps look at one more


class Canvas(NamedTuple):
    """A drawn line.

    Attributes:
        coverage: (H, W) uint8.
        size: pixels of an em.
        origin: the pixel (x, y) at which the line's (0, 0) lies.
    """

    coverage: NDArray[np.uint8]
    size: int
    origin: tuple[int, int]

    def warped(self, warp: Warp, size: Size) -> Image:
        """The line in a picture of this size, (H, W) uint8; `warp` takes its ems to the picture's pixels."""
        step, (x, y) = 1 / self.size, self.origin
        from_pixels = Warp.of_matrix(np.array([[step, 0, -x * step], [0, step, -y * step], [0, 0, 1]]))
        return from_pixels.then(warp).image(self.coverage, size, interpolation=cv2.INTER_LINEAR)


def draw_line(line: SetLine, face: Face, cache: FaceCache, em: float) -> Canvas:
    """Draw a line at the size of the ladder that is best for an em of `em` pixels."""
    size = drawn_size(em)
    ink = line.ink
    left, top = _ROOM - int(np.floor(ink.left * size)), _ROOM - int(np.floor(ink.top * size))
    width = left + int(np.ceil(ink.right * size)) + _ROOM + 1
    height = top + int(np.ceil(ink.bottom * size)) + _ROOM + 1
    coverage = np.zeros((height, width), np.uint8)
    rasters = cache.rasters(face, size)
    scale, across, down = size / line.unit, left + 0.5, top + 0.5  # to the nearest pixel; origins may lie outside
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
    return Canvas(coverage, size, (left, top))
