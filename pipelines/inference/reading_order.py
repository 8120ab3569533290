"""Reading order of the texts on a page, by a recursive XY cut."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Polygon

BoxArray = NDArray[np.float64]
"""(N, 4) bounding boxes: left, top, right, bottom."""

MIN_GUTTER = 1.5
"""Minimum distance between two columns, in heights of a line."""

MIN_COLUMN_WIDTH, MIN_COLUMN_HEIGHT = 6.0, 2.5
"""Minimum size of a column, in heights of a line."""

MIN_LINE_OVERLAP = 0.5
"""Minimum vertical overlap of two texts in a line, as a share of the smaller height."""


MIN_COLUMN_FILL, MIN_TABLE_ALIGNMENT = 0.8, 0.85
"""What separates the columns of a table, such as the names and prices of a receipt, from columns of text. The lines of
a column of text fill it: their median width is at least `MIN_COLUMN_FILL` of its width. Of the lines of a table's
column, at least a share of `MIN_TABLE_ALIGNMENT` have a line of another column beside them."""


class PlacedText(NamedTuple):
    """A text in a line of the page.

    Attributes:
        number: index of the text.
        gap: distance to the text to the left of it in the line, in heights of the line; 0 for the first one.
    """

    number: int
    gap: float


def group_lines(polygons: Sequence[Polygon]) -> list[list[PlacedText]]:
    """Group texts into the lines of the page, in reading order.

    The page is rotated upright first, by the median direction of its texts. A recursive XY cut separates columns at
    their gutters; the texts of each remaining block are grouped into lines. The columns of a table are not separated:
    the texts of a row, such as a name and its price, are one line.

    Args:
        polygons: each (P, 2), pixels, clockwise from the text's top-left.

    Returns:
        The lines: by column from left to right, then from top to bottom; each from left to right.
    """
    if not len(polygons):
        return []
    rotation = _rotation(-_angle(polygons))
    spans = np.array([_span(polygon @ rotation.T) for polygon in polygons])
    return [_placed(line, spans[line]) for line in _sorted(spans, np.arange(len(spans)))]


def _placed(line: list[int], spans: BoxArray) -> list[PlacedText]:
    height = max(float(np.median(spans[:, 3] - spans[:, 1])), 1e-6)
    ends = np.maximum.accumulate(spans[:, 2])
    gaps = np.concatenate([[0.0], np.maximum(spans[1:, 0] - ends[:-1], 0) / height])
    return [PlacedText(index, gap) for index, gap in zip(line, gaps.tolist(), strict=True)]


def _span(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([points.min(0), points.max(0)])


def _angle(polygons: Sequence[Polygon]) -> float:
    """Direction of the text in radians: the median over long texts that are tilted by less than 30 degrees."""
    quads = np.array([polygon[[0, len(polygon) // 2 - 1, len(polygon) // 2]] for polygon in polygons], np.float64)
    along, down = quads[:, 1] - quads[:, 0], quads[:, 2] - quads[:, 1]
    angles = np.arctan2(along[:, 1], along[:, 0])
    long = np.hypot(*along.T) > 1.5 * np.hypot(*down.T)
    tilted = angles[long & (np.abs(angles) < np.pi / 6)]
    return float(np.median(tilted)) if len(tilted) else 0.0


def _rotation(angle: float) -> NDArray[np.float64]:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def _sorted(spans: BoxArray, members: NDArray[np.int64]) -> list[list[int]]:
    """Split into columns, or else into bands with different gutters, recursively; then into lines."""
    part = spans[members]
    height = float(np.median(part[:, 3] - part[:, 1]))
    columns = _groups(part[:, 0], part[:, 2], MIN_GUTTER * height)
    if columns.max() and _are_columns(part, columns, height):
        return [line for c in range(int(columns.max()) + 1) for line in _sorted(spans, members[columns == c])]
    bands = _joined_bands(part, _groups(part[:, 1], part[:, 3], 0.0), MIN_GUTTER * height)
    if bands.max():
        return [line for b in range(int(bands.max()) + 1) for line in _sorted(spans, members[bands == b])]
    return [[int(members[i]) for i in line] for line in _lines(part)]


def _groups(starts: NDArray[np.float64], stops: NDArray[np.float64], gap: float) -> NDArray[np.int64]:
    """Number intervals by group; groups are more than `gap` apart."""
    order = np.argsort(starts, kind="stable")
    reach = np.maximum.accumulate(stops[order])
    groups = np.zeros(len(starts), np.int64)
    groups[order[1:]] = np.cumsum(starts[order][1:] > reach[:-1] + gap)
    return groups


def _are_columns(part: BoxArray, columns: NDArray[np.int64], height: float) -> bool:
    """Whether all groups are columns of text.

    They are wide and several lines high, unlike distant words of one line, and not the columns of a table.
    """
    hulls = np.array([_hull(part[columns == column]) for column in range(int(columns.max()) + 1)])
    sizes = hulls[:, 2:] - hulls[:, :2]
    is_large = (sizes >= np.array([MIN_COLUMN_WIDTH, MIN_COLUMN_HEIGHT]) * height).all()
    return bool(is_large) and not _is_table(part, columns, height)


def _is_table(part: BoxArray, columns: NDArray[np.int64], height: float) -> bool:
    """Whether the lines of some column do not fill it, and those of the shortest column have a line beside them."""
    centres, fills = [], []
    for column in range(int(columns.max()) + 1):
        group = part[columns == column]
        lines = np.array([_hull(group[line]) for line in _lines(group)])
        centres.append((lines[:, 1] + lines[:, 3]) / 2)
        fills.append(float(np.median(lines[:, 2] - lines[:, 0])) / float(np.ptp(lines[:, [0, 2]])))
    shortest = min(range(len(centres)), key=lambda column: len(centres[column]))
    others = np.concatenate([lines for column, lines in enumerate(centres) if column != shortest])
    distances = np.abs(centres[shortest][:, None] - others).min(1)
    is_aligned = (distances < (1 - MIN_LINE_OVERLAP) * height).mean() >= MIN_TABLE_ALIGNMENT
    return min(fills) < MIN_COLUMN_FILL and bool(is_aligned)


def _hull(part: BoxArray) -> NDArray[np.float64]:
    return np.concatenate([part[:, :2].min(0), part[:, 2:].max(0)])


def _joined_bands(part: BoxArray, bands: NDArray[np.int64], gap: float) -> NDArray[np.int64]:
    """Renumber bands of lines so that adjacent bands with the same gutters have one number.

    A headline above two columns ends their gutter, so it gets a number of its own.
    """
    joined = np.zeros_like(bands)
    number, block = 0, part[bands == 0]
    for band in range(1, int(bands.max()) + 1):
        here = part[bands == band]
        both = np.concatenate([block, here])
        gutters = [int(_groups(some[:, 0], some[:, 2], gap).max()) for some in (block, here, both)]
        if gutters[2] < max(gutters[:2]):
            number, block = number + 1, here
        else:
            block = both
        joined[bands == band] = number
    return joined


def _lines(part: BoxArray) -> list[list[int]]:
    """Group texts into lines, from top to bottom, each from left to right."""
    lines: list[list[int]] = []
    spans: list[tuple[float, float]] = []
    for i in np.argsort((part[:, 1] + part[:, 3]) / 2, kind="stable").tolist():
        top, bottom = float(part[i, 1]), float(part[i, 3])
        if lines:
            above, below = spans[-1]
            shared = min(bottom, below) - max(top, above)
            if shared >= MIN_LINE_OVERLAP * min(bottom - top, below - above):
                lines[-1].append(i)
                count = len(lines[-1])
                spans[-1] = (above + (top - above) / count, below + (bottom - below) / count)
                continue
        lines.append([i])
        spans.append((top, bottom))
    return [sorted(line, key=lambda i: part[i, 0]) for line in lines]
