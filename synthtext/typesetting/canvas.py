"""Rasterization of shaped lines and of strokes along them."""

import math
from collections.abc import Mapping
from math import floor
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Image, Points, Size, Warp
from synthtext.fonts import Face, FaceCache, GlyphRaster, raster_size
from synthtext.typesetting.shaping import ShapedLine

_LINE_PADDING = 2  # pixels around the ink: one for antialiasing, one for interpolation


class LineRaster(NamedTuple):
    """A rasterized line or its strokes."""

    coverage: NDArray[np.uint8]  # (H, W) uint8
    pixels_per_em: int  # em size in pixels
    origin: tuple[float, float]  # pixel (x, y) of the line's origin (0, 0)

    def warped(self, warp: Warp, size: Size) -> Image:
        """Warp the coverage, (H, W) uint8, into an image of this size; `warp` maps ems to pixels of the image."""
        scale, (x, y) = 1 / self.pixels_per_em, self.origin
        return Warp.scale_translate(scale, -x * scale, -y * scale).then(warp).image(self.coverage, size)


def rasterize_line(line: ShapedLine, face: Face, cache: FaceCache, em: float) -> LineRaster:
    """Rasterize a line at the best of `RASTER_SIZES` for an em of `em` pixels."""
    size, stretch = raster_size(em), line.stretch
    ink, padding = line.ink_box, _LINE_PADDING
    if stretch != 1:
        ink = Box(ink.left / stretch, ink.top, ink.right / stretch, ink.bottom)
        padding = math.ceil(_LINE_PADDING / min(stretch, 1))
    left, top = padding - floor(ink.left * size), _LINE_PADDING - floor(ink.top * size)
    width = left + int(np.ceil(ink.right * size)) + padding + 1
    height = top + int(np.ceil(ink.bottom * size)) + _LINE_PADDING + 1
    coverage = np.zeros((height, width), np.uint8)
    if line.transforms is None:
        _draw_glyphs(coverage, line, cache.rasters(face, size), size, (left, top))
    else:
        _draw_transformed(coverage, line, line.transforms, face, cache, size, (left, top))
    if stretch == 1:
        return LineRaster(coverage, size, (left, top))
    method = cv2.INTER_AREA if stretch < 1 else cv2.INTER_LINEAR
    resized = np.asarray(cv2.resize(coverage, None, fx=stretch, fy=1, interpolation=method), np.uint8)
    return LineRaster(resized, size, (left * stretch, top))


def _draw_glyphs(
    coverage: Image, line: ShapedLine, rasters: Mapping[int, GlyphRaster], size: int, origin: tuple[int, int]
) -> None:
    """Draw the glyphs of a line at whole pixels, in place."""
    # 0.5 rounds to the nearest pixel
    scale, across, down = size / line.units_per_em, origin[0] + 0.5, origin[1] + 0.5
    largest, free = cv2.max, 0  # columns from `free` on are empty
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


def _draw_transformed(
    coverage: Image,
    line: ShapedLine,
    transforms: NDArray[np.float64],
    face: Face,
    cache: FaceCache,
    size: int,
    origin: tuple[int, int],
) -> None:
    """Draw glyphs that are scaled and rotated one by one, in place, each from a raster of about its own size."""
    scales = np.sqrt(np.abs(np.linalg.det(transforms))).tolist()
    unit = size / line.units_per_em
    for glyph, x, y, matrix, scale in zip(line.glyphs, line.x, line.y, transforms, scales, strict=True):
        own = raster_size(size * scale)
        raster = cache.rasters(face, own)[glyph]
        if not raster.height:
            continue
        linear = matrix * (size / own)
        first = np.array([raster.left, raster.top], np.float64)
        corners = first + np.array([[0, 0], [raster.width, 0], [raster.width, raster.height], [0, raster.height]])
        moved = corners @ linear.T + (x * unit + origin[0], y * unit + origin[1])
        low = np.maximum(np.floor(moved.min(axis=0)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(moved.max(axis=0)).astype(int) + 1, coverage.shape[::-1])
        # OpenCV counts from pixel centres: half a pixel before and after.
        shift = moved[0] - low - 0.5 + linear @ (0.5, 0.5)
        affine = np.concatenate([linear, shift[:, None]], axis=1)
        shown = cv2.warpAffine(raster.coverage, affine, tuple((high - low).tolist()), flags=cv2.INTER_LINEAR)
        target = coverage[low[1] : high[1], low[0] : high[0]]
        cv2.max(target, shown, target)


_STROKE_PADDING = 3  # pixels around strokes, for antialiasing and interpolation
_EDGE_WIDTH = 0.5  # pixels by which OpenCV draws polygons beyond their points


class Strokes(NamedTuple):
    """Strokes along a text, such as an underline: in one layer with the letters, or below them in another colour."""

    paths: Points  # (S, P, 2) points of S polylines, in ems of the text, y downwards from the baseline
    width: float  # width of the strokes in ems
    colour: tuple[float, float, float] | None = None  # RGB; None for that of the letters
    clearance: float = 0.0  # distance in ems from letters; 0 if strokes may cross them
    filled: bool = False  # the paths are outlines of convex shapes to fill, which have no width
    opacity: float = 1.0  # of strokes below the letters

    @property
    def box(self) -> Box:
        """Bounding box of all strokes, in ems."""
        half = self.width / 2
        (left, top), (right, bottom) = self.paths.min(axis=(0, 1)).tolist(), self.paths.max(axis=(0, 1)).tolist()
        return Box(left - half, top - half, right + half, bottom + half)


def rasterize_strokes(strokes: Strokes, em: float) -> LineRaster:
    """Rasterize strokes at an em of `em` pixels, at least half a pixel wide."""
    size = max(1, round(em))
    box = strokes.box
    left, top = _STROKE_PADDING - int(np.floor(box.left * size)), _STROKE_PADDING - int(np.floor(box.top * size))
    width = left + int(np.ceil(box.right * size)) + _STROKE_PADDING
    height = top + int(np.ceil(box.bottom * size)) + _STROKE_PADDING
    coverage = np.zeros((height, width), np.uint8)
    paths, half = strokes.paths * np.float32(size), max(strokes.width * size / 2 - _EDGE_WIDTH, 0.25)
    outlines = _shrunk(paths) if strokes.filled else _outlines(paths, half)
    fixed = np.round((outlines + np.array([left - 0.5, top - 0.5])) * 16).astype(np.int32)
    cv2.fillPoly(coverage, list(fixed), 255, cv2.LINE_AA, 4)
    return LineRaster(coverage, size, (left, top))


def _shrunk(shapes: Points) -> Points:
    """Convex shapes (S, P, 2) without what OpenCV draws beyond their points."""
    inwards = shapes.mean(axis=1, keepdims=True) - shapes
    return np.asarray(shapes + _EDGE_WIDTH * inwards / np.maximum(np.linalg.norm(inwards, axis=2, keepdims=True), 1e-6))


def _outlines(paths: Points, half: float) -> Points:
    """Polygons (S, 2 P, 2) around polylines (S, P, 2), at a distance of `half` on both sides."""
    along = np.gradient(paths, axis=1)
    across = np.stack([-along[..., 1], along[..., 0]], axis=2)
    across *= half / np.maximum(np.linalg.norm(across, axis=2, keepdims=True), 1e-6)
    return np.asarray(np.concatenate([paths + across, (paths - across)[:, ::-1]], axis=1), np.float32)
