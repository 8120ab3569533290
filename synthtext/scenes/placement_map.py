"""What a picture is like, cell by cell: how smooth, how its edges run, where surfaces end, what is taken."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Image, Polygon, Size
from synthtext.scenes.backgrounds import SceneBackground

CELL = 8
"""Pixels of a cell's side."""

_STEEP = 2.5  # an edge that rises less than 1 in this many counts as level (or as upright)
_FAINT = 12.0  # of an edge in steps of 255: fainter ones tell no direction
_JUMP = 12.0  # steps of depth from cell to cell, beyond what the slope there explains
_NEAREST_RATIO = 1.8  # the near side of a place is at most this many times as large as its far side

Floats = NDArray[np.float64]


class Slopes(NamedTuple):
    """How the sides of an upright rectangle lie in perspective.

    Attributes:
        top: rise of the upper side, y over x.
        bottom: of the lower side.
        left: lean of the left side, x over y.
        right: of the right side.
    """

    top: float = 0.0
    bottom: float = 0.0
    left: float = 0.0
    right: float = 0.0


class PlacementMap:
    """A backdrop, cell by cell; sums over rectangles cost four look-ups (summed-area tables).

    Args:
        backdrop: the picture and its maps.
    """

    def __init__(self, backdrop: SceneBackground) -> None:
        height, width = backdrop.image.shape[:2]
        self.size = Size(width, height)
        self.columns, self.rows = -(-width // CELL), -(-height // CELL)
        grey = np.asarray(cv2.cvtColor(backdrop.image, cv2.COLOR_RGB2GRAY), np.uint8)
        self._energy = _table(_energy(grey, self.columns, self.rows))
        self._edges = [_table(edges) for edges in _edges(grey)]
        self._depth = None if backdrop.depth is None else backdrop.depth
        self._taken = self._barriers(backdrop)
        self._taken_table = _table(self._taken)

    def reserve(self, polygon: Polygon) -> None:
        """Keep a polygon (P, 2; pixels) free of further texts."""
        cv2.fillPoly(self._taken, [_cells(polygon)], 1)
        self._taken_table = _table(self._taken)

    def is_free(self, polygon: Polygon) -> bool:
        """Whether a polygon (P, 2; pixels) lies in the picture and touches nothing that is taken, to a cell."""
        if polygon.min() < 0 or (polygon.max(axis=0) > self.size).any():
            return False
        mask = np.zeros((self.rows, self.columns), np.uint8)
        cv2.fillPoly(mask, [_cells(polygon)], 1)
        return not cv2.countNonZero(cv2.bitwise_and(mask, self._taken))

    def smoothest(self, corners: NDArray[np.int64], columns: int, rows: int) -> NDArray[np.int64]:
        """Which rectangles of cells that are free have the least energy, calmest first.

        Args:
            corners: (N, 2) column and row of their top-left cells.
            columns: that each has.
            rows: that each has.

        Returns:
            Indices into the corners; those that touch what is taken are left out.
        """
        energy = _sums(self._energy, corners, columns, rows)
        free = np.flatnonzero(_sums(self._taken_table, corners, columns, rows) == 0)
        return free[np.argsort(energy[free], kind="stable")]

    def slopes(self, box: Box) -> Slopes:
        """How a rectangle would lie on the surface that is there: by depth if it is known, else by nearby edges."""
        if self._depth is not None:
            return _depth_slopes(self._depth, box)
        level, rise, upright, lean = self._edges
        high, wide = box.height / 2, box.width / 2
        top = Box(box.left - wide, box.top - high, box.right + wide, box.top + high)
        bottom = Box(box.left - wide, box.bottom - high, box.right + wide, box.bottom + high)
        left = Box(box.left - wide, box.top - high, box.left + wide, box.bottom + high)
        right = Box(box.right - wide, box.top - high, box.right + wide, box.bottom + high)
        return Slopes(
            _ratio(rise, level, top), _ratio(rise, level, bottom), _ratio(lean, upright, left),
            _ratio(lean, upright, right),
        )  # fmt: skip

    def _barriers(self, backdrop: SceneBackground) -> NDArray[np.uint8]:
        """(rows, columns) uint8, 1 where a surface ends."""
        taken = np.zeros((self.rows, self.columns), np.uint8)
        if backdrop.segments is not None:
            borders = cv2.morphologyEx(backdrop.segments, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
            taken |= _any(borders, self.columns, self.rows)
        if backdrop.depth is not None:
            cells = cv2.resize(backdrop.depth, (self.columns, self.rows), interpolation=cv2.INTER_AREA)
            bend = cv2.Laplacian(cells, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE)
            inner = np.zeros_like(taken)
            inner[1:-1, 1:-1] = (np.abs(bend) > _JUMP)[1:-1, 1:-1]
            taken |= inner
        return taken


def _energy(grey: Image, columns: int, rows: int) -> NDArray[np.float32]:
    """Mean gradient of every cell, (rows, columns), at half the picture's resolution."""
    half = cv2.resize(grey, (columns * CELL // 2, rows * CELL // 2), interpolation=cv2.INTER_AREA)
    across, down = cv2.spatialGradient(half)
    gradient = cv2.add(cv2.convertScaleAbs(across, alpha=0.25), cv2.convertScaleAbs(down, alpha=0.25))
    return np.asarray(cv2.resize(gradient, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def _edges(grey: Image) -> list[NDArray[np.float32]]:
    """Weights of nearly level edges and those times their rise, and the same of nearly upright edges and their lean.

    At half the resolution of cells' sides over two: a quarter of the picture's.
    """
    quarter = cv2.resize(grey, (max(1, grey.shape[1] // 4), max(1, grey.shape[0] // 4)), interpolation=cv2.INTER_AREA)
    across = cv2.Sobel(quarter, cv2.CV_32F, 1, 0, scale=0.25)
    down = cv2.Sobel(quarter, cv2.CV_32F, 0, 1, scale=0.25)
    wide, high = cv2.absdiff(across, np.zeros(4)), cv2.absdiff(down, np.zeros(4))
    level = high * ((high > _STEEP * wide) & (high > _FAINT))
    upright = wide * ((wide > _STEEP * high) & (wide > _FAINT))
    rise, lean = -across * np.sign(down) * (level > 0), -down * np.sign(across) * (upright > 0)
    return [np.asarray(part, np.float32) for part in (level, rise, upright, lean)]


def _table(values: NDArray[np.uint8] | NDArray[np.float32]) -> Floats:
    return np.asarray(cv2.integral(values, sdepth=cv2.CV_64F), np.float64)


def _sums(table: Floats, corners: NDArray[np.int64], columns: int, rows: int) -> Floats:
    x, y = corners.T
    return np.asarray(
        table[y + rows, x + columns] + table[y, x] - table[y, x + columns] - table[y + rows, x], np.float64
    )


def _ratio(values: Floats, weights: Floats, box: Box) -> float:
    """Weighted mean of a slope over a rectangle of pixels, drawn to 0 where there are few edges."""
    rows, columns = weights.shape[0] - 1, weights.shape[1] - 1
    left, right = (min(max(int(x / 4), 0), columns) for x in (box.left, box.right))
    top, bottom = (min(max(int(y / 4), 0), rows) for y in (box.top, box.bottom))
    total, weight = (
        float(table[bottom, right] + table[top, left] - table[top, right] - table[bottom, left])
        for table in (values, weights)
    )
    share: float = total / (weight + 0.5 * _FAINT * (right - left + bottom - top) + 1e-6)
    return share


def _depth_slopes(depth: NDArray[np.uint8], box: Box) -> Slopes:
    """How a rectangle lies on a plane fitted to the depth there: lengths go with inverse depth."""
    height, width = depth.shape
    rows = slice(max(0, int(box.top)), min(height, int(box.bottom) + 1))
    columns = slice(max(0, int(box.left)), min(width, int(box.right) + 1))
    near = cv2.resize(depth[rows, columns], (8, 8), interpolation=cv2.INTER_AREA).astype(np.float64)
    share = (np.arange(8) - 3.5) / 7  # from edge to edge the values run over 8/7 of this
    along, down = (near @ share).sum() / (8 * share @ share), (share @ near).sum() / (8 * share @ share)
    middle = max(float(near.mean()), 1.0)
    # Sides as shares of the mean length: right is 1 + a, left 1 - a.
    most = (_NEAREST_RATIO - 1) / (_NEAREST_RATIO + 1)
    a, b = (float(np.clip(part / 2 / middle, -most, most)) for part in (along, down))
    converge, lean = a * box.height / box.width, b * box.width / box.height
    return Slopes(-converge, converge, -lean, lean)


def _cells(polygon: Polygon) -> NDArray[np.int32]:
    return np.asarray(polygon / CELL, np.int32)


def _any(mask: NDArray[np.bool_], columns: int, rows: int) -> NDArray[np.uint8]:
    """1 in every cell that has a pixel of the mask."""
    grown = np.zeros((rows * CELL, columns * CELL), np.uint8)
    grown[: mask.shape[0], : mask.shape[1]] = mask
    return np.asarray(grown.reshape(rows, CELL, columns, CELL).max(axis=(1, 3)), np.uint8)
