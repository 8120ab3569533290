"""Placement of texts in smooth, free areas of an image, following its perspective."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Image, Polygon, Size, Warp
from synthtext.scenes.backgrounds import SceneBackground
from synthtext.scenes.shapes import Floats, sum_boxes

CELL = 8
"""Side of a cell in pixels."""

_MIN_RUN = 2.5  # an edge that rises less than 1 in this many is level (or upright)
_MIN_EDGE = 12.0  # gradient of an edge with a direction, of 255
_DEPTH_STEP = 12.0  # second difference of depth between cells at the border of a surface
_MAX_SIDE_RATIO = 1.8  # of the near side of a placement to its far side
_CANDIDATES = 32  # random positions
_MAX_CANDIDATES = 5  # smoothest positions that are tried in perspective
_MAX_SLOPE = 0.35  # of a side in perspective
_MAX_CONVERGENCE = 0.28  # by which an end may be larger or smaller than the middle
_SCALES = (1.0, 0.7, 0.5)  # that are tried


class Slopes(NamedTuple):
    """Slopes of the sides of an upright rectangle in perspective: y over x, or x over y for `left` and `right`."""

    top: float = 0.0
    bottom: float = 0.0
    left: float = 0.0
    right: float = 0.0


class PlacementMap:
    """A map of a background in cells: smoothness, direction of edges, borders of surfaces, and reserved areas.

    Sums over rectangles take four look-ups in integral images.
    """

    def __init__(self, background: SceneBackground) -> None:
        height, width = background.image.shape[:2]
        self.size = Size(width, height)
        self.columns, self.rows = -(-width // CELL), -(-height // CELL)
        grey = np.asarray(cv2.cvtColor(background.image, cv2.COLOR_RGB2GRAY), np.uint8)
        self._energy = _table(_energy(grey, self.columns, self.rows))
        self._edges = [_table(edges) for edges in _edges(grey)]
        self._depth = background.depth
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
        """Return which rectangles of `columns` x `rows` cells touch no reserved cell, smoothest first.

        Args:
            corners: (N, 2) column and row of the top-left cell of each.
            columns: Number of columns of each.
            rows: Number of rows of each.

        Returns:
            Indices into the corners.
        """
        boxes = np.hstack([corners, corners + np.array([columns, rows])])
        energy = sum_boxes(self._energy, boxes)
        free = np.flatnonzero(sum_boxes(self._reserved_table, boxes) == 0)
        return free[np.argsort(energy[free], kind="stable")]

    def slopes(self, box: Box) -> Slopes:
        """Slopes of a rectangle on the surface in the image, by depth if it is known, else by nearby edges."""
        if self._depth is not None:
            return _depth_slopes(self._depth, box)
        level, rise, upright, lean = self._edges
        half_height, half_width = box.height / 2, box.width / 2
        outer = Box(box.left - half_width, box.top - half_height, box.right + half_width, box.bottom + half_height)
        return Slopes(
            _mean_slope(rise, level, outer._replace(bottom=box.top + half_height)),
            _mean_slope(rise, level, outer._replace(top=box.bottom - half_height)),
            _mean_slope(lean, upright, outer._replace(right=box.left + half_width)),
            _mean_slope(lean, upright, outer._replace(left=box.right - half_width)),
        )

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


def _mean_slope(values: Floats, weights: Floats, box: Box) -> float:
    """Weighted mean of a slope over a rectangle of pixels, shrunk to 0 if there are few edges."""
    rows, columns = weights.shape[0] - 1, weights.shape[1] - 1
    left, right = (min(max(int(x / 4), 0), columns) for x in (box.left, box.right))
    top, bottom = (min(max(int(y / 4), 0), rows) for y in (box.top, box.bottom))
    total, weight = (float(sum_boxes(table, (left, top, right, bottom))) for table in (values, weights))
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


class Placement(NamedTuple):
    """The warp from the plane of a block of text to the image, and the quad (4, 2) of plane and margin there."""

    warp: Warp
    quad: Polygon


class FreeArea(NamedTuple):
    """The area that a block requires: a plane with a free margin on each side (pixels), scaled down to `min_scale`."""

    width: float
    height: float
    margin: float
    min_scale: float


def find_placement(
    rng: np.random.Generator, placement_map: PlacementMap, area: FreeArea, degrees: float, strength: float
) -> Placement | None:
    """Find a placement and reserve it; the block is scaled down if there is no free area. None if no scale fits.

    `degrees` is the rotation, `strength` is how closely to follow the perspective of the image, 0 to 1.
    """
    for scale in _SCALES:
        if scale < area.min_scale:
            return None
        width, height = scale * (area.width + 2 * area.margin), scale * (area.height + 2 * area.margin)
        quad = _find(rng, placement_map, (width, height), degrees, strength)
        if quad is not None:
            placement_map.reserve(quad)
            outer = Box(-area.margin, -area.margin, area.width + area.margin, area.height + area.margin)
            return Placement(Warp.between_quads(outer.polygon(), quad), quad)
    return None


def _find(
    rng: np.random.Generator, placement_map: PlacementMap, size: tuple[float, float], degrees: float, strength: float
) -> Polygon | None:
    width, height = size
    cosine, sine = abs(np.cos(np.deg2rad(degrees))), abs(np.sin(np.deg2rad(degrees)))
    across, down = width * cosine + height * sine, width * sine + height * cosine
    columns, rows = int(np.ceil(across / CELL)), int(np.ceil(down / CELL))
    fractions = rng.random((_CANDIDATES, 2))
    if columns > placement_map.columns or rows > placement_map.rows:
        return None
    corners = (fractions * (placement_map.columns - columns + 1, placement_map.rows - rows + 1)).astype(np.int64)
    for candidate in placement_map.smoothest(corners, columns, rows)[:_MAX_CANDIDATES].tolist():
        x, y = (corners[candidate] + np.array([columns, rows]) / 2) * CELL
        for weight in (strength, 0.0):
            upright = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            slopes = placement_map.slopes(upright) if weight else Slopes()
            quad = Warp.rotation(degrees, (float(x), float(y))).points(_in_perspective(upright, slopes, weight))
            if cv2.isContourConvex(quad) and placement_map.is_free(quad):
                return quad
            if not strength:
                break
    return None


def _in_perspective(box: Box, slopes: Slopes, weight: float) -> Polygon:
    """Corners of a rectangle whose sides have these slopes times a weight, each through its own middle."""
    top, bottom = _limit_slopes(weight * slopes.top, weight * slopes.bottom, box.height / box.width)
    left, right = _limit_slopes(weight * slopes.left, weight * slopes.right, box.width / box.height)
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2

    def corner(middle_y: float, rise: float, middle_x: float, lean: float) -> tuple[float, float]:
        # y = middle_y + rise * (px - x) and px = middle_x + lean * (y - centre's y), solved for both
        py = (middle_y + rise * (middle_x - lean * y - x)) / (1 - rise * lean)
        return middle_x + lean * (py - y), py

    above, below, before, after = (box.top, top), (box.bottom, bottom), (box.left, left), (box.right, right)
    sides = ((above, before), (above, after), (below, after), (below, before))
    return np.array([corner(*level, *upright) for level, upright in sides], np.float32)


def _limit_slopes(first: float, second: float, ratio: float) -> tuple[float, float]:
    """Limit the slopes of opposite sides and their convergence; `ratio` is distance over length."""
    middle, half = float(np.clip((first + second) / 2, -_MAX_SLOPE, _MAX_SLOPE)), (second - first) / 2
    max_half = _MAX_CONVERGENCE * ratio
    half = float(np.clip(half, -max_half, max_half))
    return middle - half, middle + half
