"""The occupied area of an image, and the search for free places.

Labels are rasterized as polygons in cells of four pixels. All free places of another polygon are found at once by
eroding the free area with the polygon as the kernel, first on a grid as coarse as the size of the polygon allows, then
on finer ones. Each place is finally tested against the polygons themselves.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Points, Polygon, polygons_overlap

_CELL = 4  # pixels along a cell of the finest raster
_MAX_CELL = 64  # pixels along a cell of the coarsest raster
_GRID_CELLS = 10  # cells of the coarsest raster along the longer side of a polygon
_FRACTION_BITS = 4  # fractional bits of OpenCV's pixel coordinates

_Box: TypeAlias = tuple[float, float, float, float]


class PastePosition(NamedTuple):
    """An offset to add to the points of a polygon."""

    dx: float
    dy: float


class OccupancyMap:
    """The occupied area of an image of this size in pixels, with the polygons of all labels, including ignored ones."""

    def __init__(self, width: int, height: int, polygons: Sequence[Polygon] = ()) -> None:
        self.width, self.height = width, height
        # Cells that the image covers only partly are omitted: nothing is pasted there.
        self._free = np.full((max(height // _CELL, 1), max(width // _CELL, 1)), 255, np.uint8)
        self._levels: dict[int, Image] = {}
        self._occupied: list[tuple[_Box, Polygon]] = []
        if polygons:
            counts = [len(polygon) for polygon in polygons]
            points = np.concatenate(polygons)
            starts = np.cumsum([0, *counts[:-1]])
            boxes = np.concatenate(
                [np.minimum.reduceat(points, starts, axis=0), np.maximum.reduceat(points, starts, axis=0)], axis=1
            )
            self._occupied = list(zip(map(tuple, boxes.tolist()), polygons, strict=True))
            cells = _cells(points)
            for start, count in zip(starts.tolist(), counts, strict=True):
                self._fill(cells[start : start + count])

    def add(self, polygon: Polygon) -> None:
        """Mark the area of another polygon (P, 2) as occupied."""
        self._fill(_cells(polygon))
        self._occupied.append((_box(polygon), polygon))
        self._levels.clear()

    def _fill(self, cells: NDArray[np.int32]) -> None:
        cv2.fillPoly(self._free, [cells], 0, cv2.LINE_8, _FRACTION_BITS)

    def free_offsets(self, polygon: Polygon, count: int, rng: np.random.Generator) -> list[PastePosition]:
        """Find offsets at which a polygon (P, 2), given at any position, lies inside the image and overlaps nothing.

        Returns:
            At most `count` random offsets; none if there is no free place that the grid can resolve.
        """
        left, top, right, bottom = box = _box(polygon)
        size = _CELL
        while size < _MAX_CELL and size * _GRID_CELLS < max(right - left, bottom - top):
            size *= 2
        x, y = (rng.random(2) * _CELL).tolist()
        cells = _cells(polygon + np.array([x - left, y - top], np.float32))
        min_size = max(size // 4, _CELL)
        while size >= min_size:
            free = self._level(size)
            footprint = _footprint(cells, size)
            if footprint.shape[0] <= free.shape[0] and footprint.shape[1] <= free.shape[1]:
                fitting = cv2.erode(free, footprint, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT, borderValue=0)
                found = np.flatnonzero(fitting > 0)  # several times as fast on booleans
                if len(found):
                    chosen = dict.fromkeys(found[rng.integers(0, len(found), count)].tolist())
                    rows = (divmod(at, free.shape[1]) for at in chosen)
                    offsets = [PastePosition(column * size + x - left, row * size + y - top) for row, column in rows]
                    candidates = [offset for offset in offsets if self._is_free(polygon, box, offset)]
                    if candidates:
                        return candidates
            size //= 2
        return []

    def is_free(self, polygon: Polygon) -> bool:
        """Return whether a polygon (P, 2) lies inside the image and overlaps nothing (exact test)."""
        return self._is_free(polygon, _box(polygon), PastePosition(0.0, 0.0))

    def _is_free(self, polygon: Polygon, box: _Box, offset: PastePosition) -> bool:
        left, right = box[0] + offset.dx, box[2] + offset.dx
        top, bottom = box[1] + offset.dy, box[3] + offset.dy
        if left < 0 or top < 0 or right > self.width or bottom > self.height:
            return False
        neighbours = [
            other for (x0, y0, x1, y1), other in self._occupied if x0 < right and left < x1 and y0 < bottom and top < y1
        ]
        shifted = polygon + np.array(offset, np.float32) if neighbours else polygon
        return not any(polygons_overlap(shifted, other) for other in neighbours)

    def _level(self, size: int) -> Image:
        """Return the raster (rows, columns) uint8, 255 where a whole cell of this size is free."""
        if size not in self._levels:
            self._levels[size] = _reduce(self._free, size // _CELL)
        return self._levels[size]


def _box(polygon: Polygon) -> _Box:
    """Return left, top, right and bottom; plain numbers are faster than arrays for a few points."""
    xs, ys = polygon.T.tolist()
    return min(xs), min(ys), max(xs), max(ys)


def _cells(points: Points) -> NDArray[np.int32]:
    """Convert points to 1/16 of the cells of the finest raster, counted from cell centres."""
    # Clipped because OpenCV's integers would overflow.
    sixteenths = np.rint(points * np.float32(16 / _CELL) - np.float32(8))
    return np.asarray(sixteenths.clip(-(2**24), 2**24), np.int32)


def _footprint(cells: NDArray[np.int32], size: int) -> Image:
    """Return (rows, columns) uint8: 1 where a polygon with its box at the top-left touches a cell of this size."""
    factor = size // _CELL
    columns, rows = ((last + 8) // (16 * factor) + 1 for last in cells.max(axis=0).tolist())
    dense = np.full((rows * factor, columns * factor), 255, np.uint8)
    cv2.fillPoly(dense, [cells], 0, cv2.LINE_8, _FRACTION_BITS)  # includes the cells of its outline
    return np.asarray(_reduce(dense, factor) == 0, np.uint8)


def _reduce(free: Image, factor: int) -> Image:
    """Return 255 where a whole block of factor x factor cells is free, else 0."""
    rows, columns = free.shape[0] // factor, free.shape[1] // factor
    blocks = free[: rows * factor, : columns * factor]
    if not rows or not columns:
        return np.zeros((rows, columns), np.uint8)
    while factor > 1:  # halve repeatedly: the mean of four cells is below 255 if one of them is occupied
        half = cv2.resize(blocks, (blocks.shape[1] // 2, blocks.shape[0] // 2), interpolation=cv2.INTER_AREA)
        blocks = np.asarray(cv2.threshold(half, 254, 255, cv2.THRESH_BINARY)[1], np.uint8)
        factor //= 2
    return blocks
