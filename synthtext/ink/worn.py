"""Print that has worn off."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Parameters, Range, Size, check_range
from synthtext.grain import draw_place, grain
from synthtext.ink.style import InkStyle

_LEFT = 60  # of 255 that is left where all else is gone: no dot of an i disappears
_STEEP = 6.0  # how fast ink ends at the edge of a hole


@dataclass(frozen=True)
class Worn(InkStyle):
    """Letters with holes and thin places, as of old print, stamps and painted signs.

    Attributes:
        share_range: of the ink that is gone, 0 to 0.5.
        size_range: of the holes, 0.01 to 0.3 ems; one pixel and a half at least.
    """

    share_range: Range = (0.08, 0.3)
    size_range: Range = (0.03, 0.1)

    def __post_init__(self) -> None:
        check_range("share_range", self.share_range, 0, 0.5, "shares")
        check_range("size_range", self.size_range, 0.01, 0.3, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw how much is gone, and where."""
        return {
            "share": rng.uniform(*self.share_range),
            "size": rng.uniform(*self.size_range),
            "place": draw_place(rng),
            "area": draw_place(rng),
        }

    def letters(self, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> NDArray[np.uint8]:
        """The letters with holes: more of them in some places than in others."""
        size = Size(coverage.shape[1], coverage.shape[0])
        fine = grain(size, max(1.5, parameters["size"] * em), parameters["place"])
        areas = grain(size, max(4.0, em * 0.6), parameters["area"])
        mixed = cv2.addWeighted(fine, 0.7, areas, 0.3, 0)
        edge = _quantile(parameters["share"])
        kept = cv2.convertScaleAbs(cv2.subtract(mixed, np.full_like(mixed, max(0, edge - 12))), alpha=_STEEP)
        return np.asarray(cv2.multiply(coverage, np.maximum(kept, np.uint8(_LEFT)), scale=1 / 255), np.uint8)


def _quantile(share: float) -> int:
    """Below which value about that share of the mixed noise lies: it is nearly normal, 128 on average."""
    return round(128 + 58 * (2 * share - 1))
