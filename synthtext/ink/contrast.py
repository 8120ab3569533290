"""Whether ink can be told from what lies around it: measured at every cluster, not over the whole picture."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, InputError, Points, bounding_boxes

_LUMINANCE = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, what OpenCV's conversion to grey uses
_BEST = 255.0  # contrast of a line whose clusters are all blank: there is nothing to hide
_CANDIDATES = 12
_SOLID = 0.5  # average coverage, weighted with itself, of strokes about one pixel wide


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

    def contrast(self, colours: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far each of N ink colours (N, 3) is from the ground of the worst cluster, (N,).

        The deviation counts against it: on a busy ground a part of the strokes is lost although the mean is far.
        """
        luminance = colours @ _LUMINANCE
        away = np.abs(luminance[:, None] - self.mean) - self.deviation
        return np.asarray((away * self.strength).min(axis=1, initial=_BEST))


class InkField:
    """Where the ink of a line will be: made once, held against any number of papers.

    Args:
        coverage: (H, W) of the ink.
        quads: (K, 4, 2) clusters, pixels.
        reach: how many pixels around the ink count as its ground.
    """

    def __init__(self, coverage: NDArray[np.uint8], quads: Points, reach: int) -> None:
        height, width = coverage.shape
        boxes = bounding_boxes(quads)
        self._left, self._top = np.floor(boxes[:, :2]).astype(int).T.clip(0)
        self._right = np.minimum(np.ceil(boxes[:, 2]), width).astype(int)
        self._bottom = np.minimum(np.ceil(boxes[:, 3]), height).astype(int)
        ink, squares = (self._total(table) for table in cv2.integral2(coverage))
        self._inked = ink > 0
        self._strength = np.minimum(squares[self._inked] / ink[self._inked] / 255 / _SOLID, 1)
        around = cv2.dilate(coverage, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
        _, self._near = cv2.threshold(around, 0, 1, cv2.THRESH_BINARY)
        self._count = self._total(cv2.integral(self._near))[self._inked]

    def ground(self, paper: Image) -> Ground:
        """Measure a paper (H, W, 3) RGB, before the ink, at every cluster that has ink."""
        luminance = cv2.cvtColor(paper, cv2.COLOR_RGB2GRAY)
        sums, squares = cv2.integral2(cv2.multiply(luminance, self._near))
        mean = self._total(sums)[self._inked] / self._count
        variance = self._total(squares)[self._inked] / self._count - mean**2
        return Ground(mean, np.sqrt(np.maximum(variance, 0)), self._strength)

    def _total(self, table: object) -> NDArray[np.float64]:
        """Sums over the clusters' boxes from a table of integrals (H + 1, W + 1)."""
        t = np.asarray(table)
        top, bottom, left, right = self._top, self._bottom, self._left, self._right
        return np.asarray(t[bottom, right] - t[top, right] - t[bottom, left] + t[top, left], np.float64)


class InkColour(NamedTuple):
    """A colour for the ink, RGB 0 to 255, and its contrast with the ground of the worst cluster."""

    colour: NDArray[np.float64]
    contrast: float


def choose_colour(rng: np.random.Generator, ground: Ground, floor: float) -> InkColour | None:
    """Draw a colour that keeps the floor at every cluster; black or white when a dozen draws do not.

    Returns:
        None when not even black or white keeps it.
    """
    greys = np.repeat(rng.uniform(0, 255, (_CANDIDATES // 2, 1)), 3, axis=1)
    colours = rng.uniform(0, 255, (_CANDIDATES // 2, 3))
    drawn = np.stack([greys, colours], axis=1).reshape(-1, 3)[rng.permutation(_CANDIDATES)]
    candidates = np.concatenate([drawn, [[0.0] * 3, [255.0] * 3]])
    contrasts = ground.contrast(candidates)
    good = np.flatnonzero(contrasts >= floor)
    return InkColour(candidates[good[0]], float(contrasts[good[0]])) if len(good) else None


def check_floor(floor: float) -> None:
    """Check a contrast floor.

    Raises:
        InputError: it is not from 0 to 120; more than 120 is refused by most photographs.
    """
    if not 0 <= floor <= 120:
        raise InputError(f"contrast_floor {floor} must be from 0 to 120 (of 255 steps of luminance)")
