"""Whether ink can be told from what lies around it: measured at every cluster, not over the whole picture."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, InputError, Points

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114  # ITU-R BT.601, what OpenCV's conversion to grey uses
_SOLID = 0.5  # average coverage, weighted with itself, of strokes about one pixel wide


Floats = NDArray[np.float64]

Colour: TypeAlias = tuple[float, float, float]
"""RGB, 0 to 255."""


_BLACK, _WHITE = (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)


class LocalBackground(NamedTuple):
    """The luminance (0 to 255) of what lies under and closely around the ink of each of K clusters.

    Attributes:
        mean: (K,).
        deviation: (K,) standard deviation.
        strength: (K,) 0 to 1, how solid the ink is: 1 when the inked pixels are covered to a half or more on average;
            hairlines in small sizes cover theirs to a tenth, and are faint whatever their colour.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    strength: NDArray[np.float64]

    def ink_colour(self, colour: Colour) -> "InkColour":
        """An ink, and how far it is from the ground of the worst cluster.

        The deviation counts against it: on a busy ground a part of the strokes is lost although the mean is far.
        """
        level = luminance(colour)
        away = np.abs(self.mean - level) - self.deviation
        return InkColour(colour, float((away * self.strength).min()), level < float(self.mean.mean()))


class InkMask(NamedTuple):
    """Where the ink of a line will be: made once, held against any number of papers.

    All is measured on cells of two by two pixels: a quarter of the work, and no stroke falls between them.

    Attributes:
        mask: (h, w) cells, 1 where ink is or lies within reach.
        corners: (4, K) where the boxes of K clusters lie in a table of integrals over the cells.
        cells: (K,) how many are near ink in every box.
        strength: (K,), see `Ground`.
    """

    mask: NDArray[np.uint8]
    corners: NDArray[np.int32]
    cells: Floats
    strength: Floats


class InkColour(NamedTuple):
    """A colour for the ink.

    Attributes:
        colour: RGB.
        contrast: with the ground of the worst cluster.
        darker: than the ground.
    """

    colour: Colour
    contrast: float
    is_darker: bool


# The functions below take many lines at once: their clusters go through numpy together, which otherwise would take more
# time to be called than to reckon with the twenty clusters of a line. A line alone gives the same numbers.


def compute_ink_masks(
    coverages: Sequence[Image], quads: Sequence[Points], reaches: Sequence[int]
) -> list[InkMask | None]:
    """Find where the ink of lines is.

    Args:
        coverages: (H, W) of the ink of every line.
        quads: (K, 4, 2) of the clusters of every line that should have ink, pixels.
        reaches: how many pixels around the ink count as its ground.

    Returns:
        None for a line with a cluster that has no ink, or none that could be seen.
    """
    # An odd last row or column is left out: halving whole pairs takes a sixth of the time, and no ink lies there.
    cells = [(coverage.shape[1] // 2, coverage.shape[0] // 2) for coverage in coverages]
    ends = np.cumsum([0, *map(len, quads)]).tolist()
    corners = _corners(np.concatenate(quads), np.repeat(np.array(cells, np.int32), np.diff(ends), axis=0))
    places = [corners[:, start:end] for start, end in pairwise(ends)]
    nears, taken = [], []
    for coverage, size, reach, place in zip(coverages, cells, reaches, places, strict=True):
        whole = coverage[: 2 * size[1], : 2 * size[0]]
        ink = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
        squares = cv2.resize(cv2.multiply(whole, whole, scale=1 / 255), size, interpolation=cv2.INTER_AREA)
        _, near = cv2.threshold(cv2.dilate(ink, _square((reach + 1) // 2)), 0, 1, cv2.THRESH_BINARY)
        nears.append(np.asarray(near, np.uint8))
        taken.append(_taken(cv2.integral(cv2.merge((ink, squares, near))), place))
    covered, squared, count = _totals(taken).T
    blank = np.add.reduceat(squared == 0, ends[:-1]).tolist()
    strength = np.minimum(squared / (np.maximum(covered, 1) * _SOLID), 1)
    return [
        None if empty else InkMask(near, place, count[start:end], strength[start:end])
        for empty, near, place, (start, end) in zip(blank, nears, places, pairwise(ends), strict=True)
    ]


def measure_backgrounds(fields: Sequence[InkMask], papers: Sequence[Image]) -> list[LocalBackground]:
    """Measure papers (H, W, 3) RGB, before the ink, at every cluster."""
    sums, squares = [], []
    for field, paper in zip(fields, papers, strict=True):
        height, width = field.mask.shape
        luminance = cv2.cvtColor(paper[: 2 * height, : 2 * width], cv2.COLOR_RGB2GRAY)
        cells = cv2.resize(luminance, (width, height), interpolation=cv2.INTER_AREA)
        tables = cv2.integral2(cv2.multiply(cells, field.mask))
        sums.append(_taken(tables[0], field.corners))
        squares.append(_taken(tables[1], field.corners))
    count = np.concatenate([field.cells for field in fields])
    mean = _totals(sums) / count
    deviation = np.sqrt(np.maximum(_totals(squares) / count - mean * mean, 0))
    ends = np.cumsum([0, *(len(field.cells) for field in fields)]).tolist()
    return [
        LocalBackground(mean[start:end], deviation[start:end], field.strength)
        for field, (start, end) in zip(fields, pairwise(ends), strict=True)
    ]


def choose_colours(
    candidates: Sequence[Sequence[Colour]], grounds: Sequence[LocalBackground], floors: Sequence[float]
) -> list[InkColour | None]:
    """For every line, the first of its candidates that keeps its floor at every cluster; else black or white.

    Returns:
        None for a ground on which not even black or white keeps it.
    """
    mean, deviation, strength = (np.concatenate(parts) for parts in zip(*grounds, strict=True))
    lengths = [len(ground.mean) for ground in grounds]
    need = np.repeat(np.asarray(floors, np.float64), lengths) / strength + deviation
    starts = np.cumsum([0, *lengths[:-1]])
    darkest = np.minimum.reduceat(mean - need, starts).tolist()
    lightest = np.maximum.reduceat(mean + need, starts).tolist()
    colours = [
        next((colour for colour in offered if not dark < luminance(colour) < light), None)
        for offered, dark, light in zip(candidates, darkest, lightest, strict=True)
    ]
    levels = [luminance(colour or _BLACK) for colour in colours]
    away = np.abs(mean - np.repeat(levels, lengths)) - deviation
    contrasts = np.minimum.reduceat(away * strength, starts).tolist()
    return [
        InkColour(colour, contrast, level <= dark) if colour else _extreme(ground, floor)
        for colour, contrast, level, dark, ground, floor in zip(
            colours, contrasts, levels, darkest, grounds, floors, strict=True
        )
    ]


def _extreme(ground: LocalBackground, floor: float) -> InkColour | None:
    """Black or white, if one of them keeps the floor."""
    best = max((ground.ink_colour(colour) for colour in (_BLACK, _WHITE)), key=lambda ink: ink.contrast)
    return best if best.contrast >= floor else None


def luminance(colour: Colour) -> float:
    """The luminance of a colour, 0 to 255."""
    return colour[0] * _RED + colour[1] * _GREEN + colour[2] * _BLUE


def _corners(quads: Points, cells: NDArray[np.int32]) -> NDArray[np.int32]:
    """Places (4, K) in tables of integrals over cells: of the quads' boxes, what is added, then what is taken off.

    Args:
        quads: (K, 4, 2) pixels.
        cells: (K, 2) columns and rows of the picture that each lies in.
    """
    halves = (quads * np.float32(0.5)).astype(np.int32)
    (left, top), (right, bottom) = np.maximum(halves.min(axis=1), 0).T, np.minimum(halves.max(axis=1) + 1, cells).T
    row = cells[:, 0] + 1
    above, below = top * row, bottom * row
    return np.asarray([below + right, above + left, above + right, below + left], np.int32)


def _taken(table: object, corners: NDArray[np.int32]) -> NDArray[np.float64 | np.int32]:
    """What a table of integrals (H + 1, W + 1) or (H + 1, W + 1, C) holds at corners (4, K)."""
    integrals = np.asarray(table)
    return np.asarray(integrals.reshape(-1, *integrals.shape[2:]).take(corners, axis=0))


def _totals(taken: Sequence[NDArray[np.float64 | np.int32]]) -> Floats:
    """Sums over the boxes of all lines, (K,) or (K, C), from what was taken at their corners."""
    ends, starts, above, before = np.concatenate(taken, axis=1)
    return np.asarray(ends + starts - above - before, np.float64)


@cache
def _square(reach: int) -> NDArray[np.uint8]:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)


def check_contrast_floor(floor: float) -> None:
    """Check a contrast floor.

    Raises:
        InputError: it is not from 0 to 120; more than 120 is refused by most photographs.
    """
    if not 0 <= floor <= 120:
        raise InputError(f"contrast_floor {floor} must be from 0 to 120 (of 255 steps of luminance)")
