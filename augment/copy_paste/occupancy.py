"""Which places of a picture are taken, and where there is room.

What is labelled is rasterised as polygons, four pixels a cell. All places where another polygon fits are found at once:
what is free is eroded with the polygon as the kernel, on a grid as coarse as the polygon's length allows, then on finer
ones. A place that is found is tested against the polygons themselves.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Points, Polygon, polygons_overlap

_BASE = 4  # pixels of a cell of the finest raster
_COARSEST = 64
_CELLS = 10  # of the coarsest grid along a polygon's longer side
_SIXTEENTHS = 4  # bits of OpenCV's fractions of a pixel


_Box: TypeAlias = tuple[float, float, float, float]


class PastePosition(NamedTuple):
    """Where a polygon may go: add this to its points."""

    dx: float
    dy: float


class OccupancyMap:
    """What is taken in a picture.

    Args:
        width: of the picture, pixels.
        height: of the picture, pixels.
        polygons: of everything that is labelled, to be ignored or not.
    """

    def __init__(self, width: int, height: int, polygons: Sequence[Polygon] = ()) -> None:
        self.width, self.height = width, height
        # Cells that the picture does not cover to their end are left out: nothing is pasted there.
        self._free = np.full((max(height // _BASE, 1), max(width // _BASE, 1)), 255, np.uint8)
        self._levels: dict[int, Image] = {}
        self._taken: list[tuple[_Box, Polygon]] = []
        if polygons:
            counts = [len(polygon) for polygon in polygons]
            points = np.concatenate(polygons)
            starts = np.cumsum([0, *counts[:-1]])
            boxes = np.concatenate(
                [np.minimum.reduceat(points, starts, axis=0), np.maximum.reduceat(points, starts, axis=0)], axis=1
            )
            self._taken = list(zip(map(tuple, boxes.tolist()), polygons, strict=True))
            cells = _cells(points)
            for start, count in zip(starts.tolist(), counts, strict=True):
                self._mark(cells[start : start + count])

    def add(self, polygon: Polygon) -> None:
        """Take the place of one more polygon (P, 2)."""
        self._mark(_cells(polygon))
        self._taken.append((_box(polygon), polygon))
        self._levels.clear()

    def _mark(self, cells: NDArray[np.int32]) -> None:
        cv2.fillPoly(self._free, [cells], 0, cv2.LINE_8, _SIXTEENTHS)

    def free_offsets(self, polygon: Polygon, count: int, rng: np.random.Generator) -> list[PastePosition]:
        """Places where a polygon is inside the picture and overlaps nothing.

        Args:
            polygon: (P, 2), anywhere.
            count: places that are wanted.
            rng: draws among those that there are.

        Returns:
            At most `count` of them, none if there is no room (or less than the search's cells can tell).
        """
        left, top, right, bottom = box = _box(polygon)
        size = _BASE
        while size < _COARSEST and size * _CELLS < max(right - left, bottom - top):
            size *= 2
        x, y = (rng.random(2) * _BASE).tolist()
        cells = _cells(polygon + np.array([x - left, y - top], np.float32))
        finest = max(size // 4, _BASE)
        while size >= finest:
            free = self._level(size)
            footprint = _footprint(cells, size)
            if footprint.shape[0] <= free.shape[0] and footprint.shape[1] <= free.shape[1]:
                fits = cv2.erode(free, footprint, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT, borderValue=0)
                found = np.flatnonzero(fits > 0)  # of truth values: several times as fast
                if len(found):
                    drawn = dict.fromkeys(found[rng.integers(0, len(found), count)].tolist())
                    rows = (divmod(at, free.shape[1]) for at in drawn)
                    offsets = [PastePosition(column * size + x - left, row * size + y - top) for row, column in rows]
                    places = [place for place in offsets if self._is_free(polygon, box, place)]
                    if places:
                        return places
            size //= 2
        return []

    def is_free(self, polygon: Polygon) -> bool:
        """Whether a polygon (P, 2) is inside the picture and overlaps nothing: the exact test."""
        return self._is_free(polygon, _box(polygon), PastePosition(0.0, 0.0))

    def _is_free(self, polygon: Polygon, box: "_Box", place: PastePosition) -> bool:
        left, right = box[0] + place.dx, box[2] + place.dx
        top, bottom = box[1] + place.dy, box[3] + place.dy
        if left < 0 or top < 0 or right > self.width or bottom > self.height:
            return False
        near = [
            other for (x0, y0, x1, y1), other in self._taken if x0 < right and left < x1 and y0 < bottom and top < y1
        ]
        moved = polygon + np.array(place, np.float32) if near else polygon
        return not any(polygons_overlap(moved, other) for other in near)

    def _level(self, size: int) -> Image:
        """(rows, columns) uint8, 255 where a cell of this size is free as a whole."""
        if size not in self._levels:
            self._levels[size] = _reduced(self._free, size // _BASE)
        return self._levels[size]


def _box(polygon: Polygon) -> "_Box":
    """Left, top, right and bottom; a handful of points are compared faster as plain numbers."""
    xs, ys = polygon.T.tolist()
    return min(xs), min(ys), max(xs), max(ys)


def _cells(points: Points) -> NDArray[np.int32]:
    """Points in 16ths of the cells of the finest raster, counted from the cells' centres."""
    # Far outside of any picture OpenCV's whole numbers would overflow.
    sixteenths = np.rint(points * np.float32(16 / _BASE) - np.float32(8))
    return np.asarray(sixteenths.clip(-(2**24), 2**24), np.int32)


def _footprint(cells: NDArray[np.int32], size: int) -> Image:
    """(rows, columns) uint8: 1 where a polygon, whose box begins at the top-left, touches a cell of this size."""
    factor = size // _BASE
    columns, rows = ((last + 8) // (16 * factor) + 1 for last in cells.max(axis=0).tolist())
    fine = np.full((rows * factor, columns * factor), 255, np.uint8)
    cv2.fillPoly(fine, [cells], 0, cv2.LINE_8, _SIXTEENTHS)  # the cells of its outline included
    return np.asarray(_reduced(fine, factor) == 0, np.uint8)


def _reduced(free: Image, factor: int) -> Image:
    """255 where a block of factor x factor cells is free as a whole, 0 elsewhere."""
    rows, columns = free.shape[0] // factor, free.shape[1] // factor
    whole = free[: rows * factor, : columns * factor]
    if not rows or not columns:
        return np.zeros((rows, columns), np.uint8)
    while factor > 1:  # by two at a time: the mean of four cells tells whether one of them is taken
        half = cv2.resize(whole, (whole.shape[1] // 2, whole.shape[0] // 2), interpolation=cv2.INTER_AREA)
        whole = np.asarray(cv2.threshold(half, 254, 255, cv2.THRESH_BINARY)[1], np.uint8)
        factor //= 2
    return whole
