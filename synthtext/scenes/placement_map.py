"""A map of an image in cells: smoothness, direction of edges, borders of surfaces, and reserved areas."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Image, Polygon, Size
from synthtext.scenes.backgrounds import SceneBackground

CELL = 8
"""Side of a cell in pixels."""

_MIN_RUN = 2.5  # an edge that rises less than 1 in this many is level (or upright)
_MIN_EDGE = 12.0  # gradient of an edge with a direction, of 255
_DEPTH_STEP = 12.0  # second difference of depth between cells at the border of a surface
_MAX_SIDE_RATIO = 1.8  # of the near side of a placement to its far side

Floats = NDArray[np.float64]


class Slopes(NamedTuple):
    """Slopes of the sides of an upright rectangle in perspective.

    Attributes:
        top: Slope of the top side, y over x.
        bottom: Slope of the bottom side.
        left: Slope of the left side, x over y.
        right: Slope of the right side.
    """

    top: float = 0.0
    bottom: float = 0.0
    left: float = 0.0
    right: float = 0.0


class PlacementMap:
    """A map of a background in cells; sums over rectangles take four look-ups in integral images.

    Args:
        background: Image and its maps.
    """

    def __init__(self, background: SceneBackground) -> None:
        height, width = background.image.shape[:2]
        self.size = Size(width, height)
        self.columns, self.rows = -(-width // CELL), -(-height // CELL)
        grey = np.asarray(cv2.cvtColor(background.image, cv2.COLOR_RGB2GRAY), np.uint8)
        self._energy = _table(_energy(grey, self.columns, self.rows))
        self._edges = [_table(edges) for edges in _edges(grey)]
        self._depth = None if background.depth is None else background.depth
        self._reserved = self._barriers(background)
        self._reserved_table = _table(self._reserved)

    def reserve(self, polygon: Polygon) -> None:
        """Reserve a polygon (P, 2; pixels)."""
        cv2.fillPoly(self._reserved, [_cells(polygon)], 1)
        self._reserved_table = _table(self._reserved)

    def is_free(self, polygon: Polygon) -> bool:
        """Whether a polygon (P, 2; pixels) lies in the image and touches no reserved cell."""
        if polygon.min() < 0 or (polygon.max(axis=0) > self.size).any():
            return False
        mask = np.zeros((self.rows, self.columns), np.uint8)
        cv2.fillPoly(mask, [_cells(polygon)], 1)
        return not cv2.countNonZero(cv2.bitwise_and(mask, self._reserved))

    def smoothest(self, corners: NDArray[np.int64], columns: int, rows: int) -> NDArray[np.int64]:
        """Return the free rectangles of cells, smoothest first.

        Args:
            corners: (N, 2) column and row of their top-left cells.
            columns: Number of columns of each.
            rows: Number of rows of each.

        Returns:
            Indices into the corners, without rectangles that touch reserved cells.
        """
        energy = _sums(self._energy, corners, columns, rows)
        free = np.flatnonzero(_sums(self._reserved_table, corners, columns, rows) == 0)
        return free[np.argsort(energy[free], kind="stable")]

    def slopes(self, box: Box) -> Slopes:
        """Slopes of a rectangle on the surface in the image, by depth if it is known, else by nearby edges."""
        if self._depth is not None:
            return _depth_slopes(self._depth, box)
        level, rise, upright, lean = self._edges
        half_height, half_width = box.height / 2, box.width / 2
        top = Box(box.left - half_width, box.top - half_height, box.right + half_width, box.top + half_height)
        bottom = Box(box.left - half_width, box.bottom - half_height, box.right + half_width, box.bottom + half_height)
        left = Box(box.left - half_width, box.top - half_height, box.left + half_width, box.bottom + half_height)
        right = Box(box.right - half_width, box.top - half_height, box.right + half_width, box.bottom + half_height)
        return Slopes(
            _ratio(rise, level, top), _ratio(rise, level, bottom), _ratio(lean, upright, left),
            _ratio(lean, upright, right),
        )  # fmt: skip

    def _barriers(self, background: SceneBackground) -> NDArray[np.uint8]:
        """(rows, columns) uint8, 1 at the borders of surfaces."""
        reserved = np.zeros((self.rows, self.columns), np.uint8)
        if background.segments is not None:
            borders = cv2.morphologyEx(background.segments, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
            reserved |= _any_in_cell(borders, self.columns, self.rows)
        if background.depth is not None:
            cells = cv2.resize(background.depth, (self.columns, self.rows), interpolation=cv2.INTER_AREA)
            bend = cv2.Laplacian(cells, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE)
            inner = np.zeros_like(reserved)
            inner[1:-1, 1:-1] = (np.abs(bend) > _DEPTH_STEP)[1:-1, 1:-1]
            reserved |= inner
        return reserved


def _energy(grey: Image, columns: int, rows: int) -> NDArray[np.float32]:
    """Mean gradient of every cell, (rows, columns), at half of the image's resolution."""
    half = cv2.resize(grey, (columns * CELL // 2, rows * CELL // 2), interpolation=cv2.INTER_AREA)
    across, down = cv2.spatialGradient(half)
    gradient = cv2.add(cv2.convertScaleAbs(across, alpha=0.25), cv2.convertScaleAbs(down, alpha=0.25))
    return np.asarray(cv2.resize(gradient, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def _edges(grey: Image) -> list[NDArray[np.float32]]:
    """Weights of nearly level edges, these times their slopes, and the same for nearly upright edges.

    Computed at a quarter of the image's size.
    """
    quarter = cv2.resize(grey, (max(1, grey.shape[1] // 4), max(1, grey.shape[0] // 4)), interpolation=cv2.INTER_AREA)
    across = cv2.Sobel(quarter, cv2.CV_32F, 1, 0, scale=0.25)
    down = cv2.Sobel(quarter, cv2.CV_32F, 0, 1, scale=0.25)
    wide, high = cv2.absdiff(across, np.zeros(4)), cv2.absdiff(down, np.zeros(4))
    level = high * ((high > _MIN_RUN * wide) & (high > _MIN_EDGE))
    upright = wide * ((wide > _MIN_RUN * high) & (wide > _MIN_EDGE))
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
    """Weighted mean of a slope over a rectangle of pixels, shrunk to 0 if there are few edges."""
    rows, columns = weights.shape[0] - 1, weights.shape[1] - 1
    left, right = (min(max(int(x / 4), 0), columns) for x in (box.left, box.right))
    top, bottom = (min(max(int(y / 4), 0), rows) for y in (box.top, box.bottom))
    total, weight = (
        float(table[bottom, right] + table[top, left] - table[top, right] - table[bottom, left])
        for table in (values, weights)
    )
    mean: float = total / (weight + 0.5 * _MIN_EDGE * (right - left + bottom - top) + 1e-6)
    return mean


def _depth_slopes(depth: NDArray[np.uint8], box: Box) -> Slopes:
    """Slopes of a rectangle on a plane fitted to the depth: lengths are proportional to inverse depth."""
    height, width = depth.shape
    rows = slice(max(0, int(box.top)), min(height, int(box.bottom) + 1))
    columns = slice(max(0, int(box.left)), min(width, int(box.right) + 1))
    near = cv2.resize(depth[rows, columns], (8, 8), interpolation=cv2.INTER_AREA).astype(np.float64)
    share = (np.arange(8) - 3.5) / 7  # the range of the values from edge to edge is 8/7 of this
    along, down = (near @ share).sum() / (8 * share @ share), (share @ near).sum() / (8 * share @ share)
    middle = max(float(near.mean()), 1.0)
    # Lengths of the sides over their mean: right is 1 + a, left is 1 - a.
    limit = (_MAX_SIDE_RATIO - 1) / (_MAX_SIDE_RATIO + 1)
    a, b = (float(np.clip(part / 2 / middle, -limit, limit)) for part in (along, down))
    converge, lean = a * box.height / box.width, b * box.width / box.height
    return Slopes(-converge, converge, -lean, lean)


def _cells(polygon: Polygon) -> NDArray[np.int32]:
    return np.asarray(polygon / CELL, np.int32)


def _any_in_cell(mask: NDArray[np.bool_], columns: int, rows: int) -> NDArray[np.uint8]:
    """1 in every cell with a pixel of the mask."""
    padded = np.zeros((rows * CELL, columns * CELL), np.uint8)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    return np.asarray(padded.reshape(rows, CELL, columns, CELL).max(axis=(1, 3)), np.uint8)
