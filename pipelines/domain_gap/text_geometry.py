"""Geometry of the texts of a scene: their heights, lengths and angles, and the gaps between neighbours."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.rectify import VERTICAL_RATIO, to_line_polygon
from synthtext.core import Polygon, TextInstance, signed_area

BESIDE_LIMIT = 3.0
"""Gap to a text of the same row, in heights, up to which it is beside another."""

STACKED_LIMIT = 2.0
"""Gap to a text above or below, in heights, up to which it belongs to other lines."""

GROUP_LIMIT = 1.0
"""Gap in heights up to which texts form a group."""

_MIN_GAP = 0.05  # heights; smaller gaps, also negative ones, count as this one
_ROW_OVERLAP = 0.5  # of the heights of two texts that are in one row, over the smaller height
_COLUMN_OVERLAP = 0.3  # of the lengths of two texts of which one is above the other, over the smaller length


class TextFrame(NamedTuple):
    """Size and direction of a text.

    Attributes:
        height: Pixels, across the reading direction.
        length: Pixels, along it.
        degrees: Reading direction, clockwise from the right, above -180 to 180.
    """

    height: float
    length: float
    degrees: float


def text_frame(instance: TextInstance) -> TextFrame:
    """Measure a text: the length is the mean of its upper and lower edge, the height its area over the length.

    A text of several characters, or an unknown one, that is 1.5 times as high as wide runs downwards.
    """
    line = to_line_polygon(instance.polygon)
    half = len(line) // 2
    top, bottom = line[:half], line[: half - 1 : -1]
    length = max((_path_length(top) + _path_length(bottom)) / 2, 1e-3)
    height = max(abs(signed_area(line)) / length, 1e-3)
    across, down = (top[-1] - top[0]) + (bottom[-1] - bottom[0])
    degrees = math.degrees(math.atan2(down, across))
    if height >= VERTICAL_RATIO * length and len(instance.text) != 1:
        height, length, degrees = length, height, degrees + 90
    return TextFrame(height, length, degrees - 360 if degrees > 180 else degrees)


def _path_length(points: Polygon) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


class Gaps(NamedTuple):
    """Gaps of N texts of a scene to their neighbours, in heights of the text; NaN without a neighbour.

    Attributes:
        nearest: (N,) to the nearest text.
        beside: (N,) to the nearest text in the same row, at most `BESIDE_LIMIT`.
        stacked: (N,) to the nearest text above or below, at most `STACKED_LIMIT`.
        group: (N,) int64, number of texts in the group of each: gaps in it are at most `GROUP_LIMIT`.
    """

    nearest: NDArray[np.float64]
    beside: NDArray[np.float64]
    stacked: NDArray[np.float64]
    group: NDArray[np.int64]


def measure_gaps(polygons: Sequence[Polygon], frames: Sequence[TextFrame]) -> Gaps:
    """Measure the gaps between texts, each in the rows and columns of its own reading direction."""
    count = len(polygons)
    if count < 2:
        unknown = np.full(count, np.nan)
        return Gaps(unknown, unknown, unknown, np.ones(count, np.int64))
    points = np.concatenate(polygons).astype(np.float64)
    starts = np.cumsum([0, *(len(polygon) for polygon in polygons[:-1])])
    gaps = np.full((3, count, count), np.inf)
    for row, frame in enumerate(frames):
        gaps[:, row] = _gaps_of(row, frame, points, starts)
    nearest, beside, stacked = gaps.min(axis=2)
    return Gaps(
        np.where(np.isfinite(nearest), nearest, np.nan),
        np.where(beside <= BESIDE_LIMIT, beside, np.nan),
        np.where(stacked <= STACKED_LIMIT, stacked, np.nan),
        _group_sizes(gaps[0] <= GROUP_LIMIT),
    )


def _gaps_of(row: int, frame: TextFrame, points: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the gaps (3, N) of a text to all texts, those in its row, and those above and below; else infinite."""
    angle = math.radians(frame.degrees)
    along = np.array([math.cos(angle), math.sin(angle)])
    gaps, overlaps = [], []
    for axis in (along, np.array([-along[1], along[0]])):
        places = points @ axis
        low, high = np.minimum.reduceat(places, starts), np.maximum.reduceat(places, starts)
        gap = np.maximum(low - high[row], low[row] - high)
        gaps.append(np.maximum(gap, 0.0))
        overlaps.append(-gap / np.maximum(np.minimum(high - low, high[row] - low[row]), 1e-3))
    in_row = overlaps[1] >= _ROW_OVERLAP
    in_column = ~in_row & (overlaps[0] >= _COLUMN_OVERLAP)
    found = np.stack([np.hypot(*gaps), np.where(in_row, gaps[0], np.inf), np.where(in_column, gaps[1], np.inf)])
    found[:, row] = np.inf
    return np.maximum(found / frame.height, _MIN_GAP)


def _group_sizes(linked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the number of texts in the connected component of each text."""
    linked = linked | linked.T
    sizes = np.zeros(len(linked), np.int64)
    for row in range(len(linked)):
        if sizes[row]:
            continue
        members = np.zeros(len(linked), np.bool_)
        frontier = np.arange(len(linked)) == row
        while frontier.any():
            members |= frontier
            frontier = linked[frontier].any(axis=0) & ~members
        sizes[members] = members.sum()
    return sizes
