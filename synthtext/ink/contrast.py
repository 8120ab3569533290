"""Contrast between ink and background, measured locally at every cluster."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Points

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114  # ITU-R BT.601, as in OpenCV's conversion to grey
_SOLID = 0.5  # mean coverage, weighted with itself, of strokes about one pixel wide

Floats = NDArray[np.float64]

Colour: TypeAlias = tuple[float, float, float]
"""RGB, 0 to 255."""

_BLACK, _WHITE = (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)


class LocalBackground(NamedTuple):
    """Luminance (0 to 255) of the background under and around the ink of each of K clusters.

    The strength is 1 if the mean coverage of inked pixels is at least one half; hairlines at small sizes have a
    coverage of a tenth, and low contrast in any colour.
    """

    mean: Floats  # (K,)
    deviation: Floats  # (K,) standard deviation
    strength: Floats  # (K,) 0 to 1, solidity of the ink

    def ink_colour(self, colour: Colour) -> "InkColour":
        """Return a colour with its contrast at the worst cluster.

        The deviation is subtracted: on a busy background, parts of strokes are lost even if the mean differs enough.
        """
        level = luminance(colour)
        away = np.abs(self.mean - level) - self.deviation
        return InkColour(colour, float((away * self.strength).min()), level < float(self.mean.mean()))


class InkMask(NamedTuple):
    """Region of a line's ink, computed once and measured against any number of backgrounds.

    It consists of cells of 2 x 2 pixels, which is four times as fast, and no stroke is missed.
    """

    mask: NDArray[np.uint8]  # (h, w) cells, 1 on and near the ink
    corners: NDArray[np.int32]  # (4, K) indices of the corners of the clusters' boxes in an integral image of the cells
    cells: Floats  # (K,) number of cells near ink in every box
    strength: Floats  # (K,), see `LocalBackground`


class InkColour(NamedTuple):
    """A colour of ink."""

    colour: Colour  # RGB
    contrast: float  # contrast with the background at the worst cluster
    is_darker: bool  # whether the ink is darker than the background


# The functions below process many lines at once, because numpy's overhead per call exceeds the computation for the
# twenty clusters of a line. The results are the same for a single line.


def compute_ink_masks(
    coverages: Sequence[Image], quads: Sequence[Points], radii: Sequence[int]
) -> list[InkMask | None]:
    """Compute the ink masks of lines; None for a line with a cluster without visible ink.

    Args:
        coverages: (H, W) of the ink of every line.
        quads: (K, 4, 2) of the clusters of every line that should have ink, pixels.
        radii: Pixels around the ink that count as its background.
    """
    # An odd last row or column is omitted: it has no ink, and halving an even size takes a sixth of the time.
    cells = [(coverage.shape[1] // 2, coverage.shape[0] // 2) for coverage in coverages]
    ends = np.cumsum([0, *map(len, quads)]).tolist()
    corners = _corners(np.concatenate(quads), np.repeat(np.array(cells, np.int32), np.diff(ends), axis=0))
    corners_of_lines = [corners[:, start:end] for start, end in pairwise(ends)]
    masks, integrals = [], []
    for coverage, size, radius, line_corners in zip(coverages, cells, radii, corners_of_lines, strict=True):
        whole = coverage[: 2 * size[1], : 2 * size[0]]
        ink = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
        squares = cv2.resize(cv2.multiply(whole, whole, scale=1 / 255), size, interpolation=cv2.INTER_AREA)
        _, mask = cv2.threshold(cv2.dilate(ink, _square((radius + 1) // 2)), 0, 1, cv2.THRESH_BINARY)
        masks.append(np.asarray(mask, np.uint8))
        integrals.append(_take_corners(cv2.integral(cv2.merge((ink, squares, mask))), line_corners))
    covered, squared, count = _totals(integrals).T
    blank = np.add.reduceat(squared == 0, ends[:-1]).tolist()
    strength = np.minimum(squared / (np.maximum(covered, 1) * _SOLID), 1)
    return [
        None if empty else InkMask(mask, line_corners, count[start:end], strength[start:end])
        for empty, mask, line_corners, (start, end) in zip(blank, masks, corners_of_lines, pairwise(ends), strict=True)
    ]


def measure_backgrounds(masks: Sequence[InkMask], backgrounds: Sequence[Image]) -> list[LocalBackground]:
    """Measure backgrounds (H, W, 3) RGB at every cluster."""
    sums, squares = [], []
    for mask, background in zip(masks, backgrounds, strict=True):
        height, width = mask.mask.shape
        luminance = cv2.cvtColor(background[: 2 * height, : 2 * width], cv2.COLOR_RGB2GRAY)
        cells = cv2.resize(luminance, (width, height), interpolation=cv2.INTER_AREA)
        tables = cv2.integral2(cv2.multiply(cells, mask.mask))
        sums.append(_take_corners(tables[0], mask.corners))
        squares.append(_take_corners(tables[1], mask.corners))
    count = np.concatenate([mask.cells for mask in masks])
    mean = _totals(sums) / count
    deviation = np.sqrt(np.maximum(_totals(squares) / count - mean * mean, 0))
    ends = np.cumsum([0, *(len(mask.cells) for mask in masks)]).tolist()
    return [
        LocalBackground(mean[start:end], deviation[start:end], mask.strength)
        for mask, (start, end) in zip(masks, pairwise(ends), strict=True)
    ]


def choose_colours(
    candidates: Sequence[Iterable[Colour]], backgrounds: Sequence[LocalBackground], floors: Sequence[float]
) -> list[InkColour | None]:
    """Choose for every line the first candidate that reaches its contrast floor at every cluster; else black or white.

    Returns:
        The colours; None for a background on which not even black or white reaches the floor.
    """
    mean, deviation, strength = (np.concatenate(parts) for parts in zip(*backgrounds, strict=True))
    lengths = [len(background.mean) for background in backgrounds]
    required = np.repeat(np.asarray(floors, np.float64), lengths) / strength + deviation
    starts = np.cumsum([0, *lengths[:-1]])
    darkest = np.minimum.reduceat(mean - required, starts).tolist()
    lightest = np.maximum.reduceat(mean + required, starts).tolist()
    colours = [
        next((colour for colour in colours_of_line if not dark < luminance(colour) < light), None)
        for colours_of_line, dark, light in zip(candidates, darkest, lightest, strict=True)
    ]
    levels = [luminance(colour or _BLACK) for colour in colours]
    distance = np.abs(mean - np.repeat(levels, lengths)) - deviation
    contrasts = np.minimum.reduceat(distance * strength, starts).tolist()
    return [
        InkColour(colour, contrast, level <= dark) if colour else _extreme(background, floor)
        for colour, contrast, level, dark, background, floor in zip(
            colours, contrasts, levels, darkest, backgrounds, floors, strict=True
        )
    ]


def _extreme(background: LocalBackground, floor: float) -> InkColour | None:
    """Black or white, if one of them reaches the floor."""
    best = max((background.ink_colour(colour) for colour in (_BLACK, _WHITE)), key=lambda ink: ink.contrast)
    return best if best.contrast >= floor else None


def luminance(colour: Colour) -> float:
    """Return the luminance of a colour, 0 to 255."""
    return colour[0] * _RED + colour[1] * _GREEN + colour[2] * _BLUE


def _corners(quads: Points, cells: NDArray[np.int32]) -> NDArray[np.int32]:
    """Corners (4, K) of the quads' boxes in flattened integral images of the cells: two to add, then two to subtract.

    `cells` (K, 2) are the columns and rows of the image of each quad.
    """
    halves = (quads * np.float32(0.5)).astype(np.int32)
    (left, top), (right, bottom) = np.maximum(halves.min(axis=1), 0).T, np.minimum(halves.max(axis=1) + 1, cells).T
    row = cells[:, 0] + 1
    above, below = top * row, bottom * row
    return np.asarray([below + right, above + left, above + right, below + left], np.int32)


def _take_corners(table: object, corners: NDArray[np.int32]) -> NDArray[np.float64 | np.int32]:
    """Values of an integral image (H + 1, W + 1) or (H + 1, W + 1, C) at corners (4, K)."""
    integrals = np.asarray(table)
    return np.asarray(integrals.reshape(-1, *integrals.shape[2:]).take(corners, axis=0))


def _totals(values: Sequence[NDArray[np.float64 | np.int32]]) -> Floats:
    """Sums over the boxes of all lines, (K,) or (K, C), from the values at their corners."""
    ends, starts, above, before = np.concatenate(values, axis=1)
    return np.asarray(ends + starts - above - before, np.float64)


@cache
def _square(radius: int) -> NDArray[np.uint8]:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
