"""Whether ink can be told from what lies around it: measured at every cluster, not over the whole picture."""

from functools import cache
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, InputError, Points

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114  # ITU-R BT.601, what OpenCV's conversion to grey uses
_BEST = 255.0  # contrast of a line whose clusters are all blank: there is nothing to hide
_CANDIDATES = 12
_SOLID = 0.5  # average coverage, weighted with itself, of strokes about one pixel wide


Colour: TypeAlias = tuple[float, float, float]
"""RGB, 0 to 255."""


class Ground(NamedTuple):
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

    def inked(self, colour: Colour) -> "InkColour":
        """An ink, and how far it is from the ground of the worst cluster.

        The deviation counts against it: on a busy ground a part of the strokes is lost although the mean is far.
        """
        red, green, blue = colour
        away = np.abs(self.mean - (red * _RED + green * _GREEN + blue * _BLUE)) - self.deviation
        return InkColour(colour, float((away * self.strength).min(initial=_BEST)))


class InkField:
    """Where the ink of a line will be: made once, held against any number of papers.

    All is measured on cells of two by two pixels: a quarter of the work, and no stroke falls between them.

    Args:
        coverage: (H, W) of the ink.
        quads: (K, 4, 2) clusters, pixels.
        reach: how many pixels around the ink count as its ground.
    """

    def __init__(self, coverage: NDArray[np.uint8], quads: Points, reach: int) -> None:
        # An odd last row or column is left out: halving whole pairs takes a sixth of the time, and no ink lies there.
        height, width = (side // 2 for side in coverage.shape)
        self._cells = width, height
        whole = coverage[: 2 * height, : 2 * width]
        ink = cv2.resize(whole, self._cells, interpolation=cv2.INTER_AREA)
        squares = cv2.resize(cv2.multiply(whole, whole, scale=1 / 255), self._cells, interpolation=cv2.INTER_AREA)
        _, self._near = cv2.threshold(cv2.dilate(ink, _square((reach + 1) // 2)), 0, 1, cv2.THRESH_BINARY)
        self._corners = _corners(quads, self._cells)
        covered, squared, near = _totals(cv2.integral(cv2.merge((ink, squares, self._near))), self._corners).T
        if not covered.all():
            inked = np.flatnonzero(covered)
            self._corners, covered, squared, near = self._corners[:, inked], covered[inked], squared[inked], near[inked]
        self._strength, self._count = np.minimum(squared / (covered * _SOLID), 1), near

    def ground(self, paper: Image) -> Ground:
        """Measure a paper (H, W, 3) RGB, before the ink, at every cluster that has ink."""
        width, height = self._cells
        luminance = cv2.cvtColor(paper[: 2 * height, : 2 * width], cv2.COLOR_RGB2GRAY)
        cells = cv2.resize(luminance, self._cells, interpolation=cv2.INTER_AREA)
        sums, squares = cv2.integral2(cv2.multiply(cells, self._near))
        mean = _totals(sums, self._corners) / self._count
        variance = _totals(squares, self._corners) / self._count - mean * mean
        return Ground(mean, np.sqrt(np.maximum(variance, 0, out=variance)), self._strength)


def _corners(quads: Points, cells: tuple[int, int]) -> NDArray[np.int32]:
    """Places (4, K) in a table of integrals over cells: of the quads' boxes, what is added, then what is taken off."""
    corners = (quads * np.float32(0.5)).astype(np.int32)
    first, second, third, fourth = corners[:, 0], corners[:, 1], corners[:, 2], corners[:, 3]
    low = np.minimum(np.minimum(first, second), np.minimum(third, fourth))
    high = np.maximum(np.maximum(first, second), np.maximum(third, fourth)) + 1
    low, high = np.maximum(low, 0), np.minimum(high, np.array(cells, np.int32))
    width = high[:, 0] - low[:, 0]
    step = np.array([1, cells[0] + 1], np.int32)
    start, end = low @ step, high @ step
    return np.concatenate([end, start, start + width, end - width]).reshape(4, -1)


def _totals(table: object, corners: NDArray[np.int32]) -> NDArray[np.float64]:
    """Sums over boxes from a table of integrals (H + 1, W + 1) or (H + 1, W + 1, C): (K,) or (K, C)."""
    integrals = np.asarray(table)
    ends, starts, above, before = integrals.reshape(-1, *integrals.shape[2:]).take(corners, axis=0)
    return np.asarray(ends + starts - above - before, np.float64)


@cache
def _square(reach: int) -> NDArray[np.uint8]:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)


class InkColour(NamedTuple):
    """A colour for the ink, RGB 0 to 255, and its contrast with the ground of the worst cluster."""

    colour: Colour
    contrast: float


def choose_colour(rng: np.random.Generator, ground: Ground, floor: float) -> InkColour | None:
    """Draw a colour that keeps the floor at every cluster; black or white when a dozen draws do not.

    Returns:
        None when not even black or white keeps it.
    """
    coin, *drawn = (rng.random(1 + 3 * _CANDIDATES) * 255).tolist()
    need = floor / ground.strength + ground.deviation
    darkest = float((ground.mean - need).min(initial=_BEST))
    lightest = float((ground.mean + need).max(initial=0.0))
    for i in range(0, 3 * _CANDIDATES, 3):
        red, green, blue = drawn[i : i + 3]
        if (i % 2 == 0) == (coin < 128):
            green = blue = red  # every other one is a grey
        if not darkest < red * _RED + green * _GREEN + blue * _BLUE < lightest:
            return ground.inked((red, green, blue))
    ends = [ground.inked((level, level, level)) for level in (0.0, 255.0)]
    best = max(ends, key=lambda ink: ink.contrast)
    return best if best.contrast >= floor else None


def check_floor(floor: float) -> None:
    """Check a contrast floor.

    Raises:
        InputError: it is not from 0 to 120; more than 120 is refused by most photographs.
    """
    if not 0 <= floor <= 120:
        raise InputError(f"contrast_floor {floor} must be from 0 to 120 (of 255 steps of luminance)")
