"""Ink that has run into the paper."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Parameters, Range, Size, check_range
from synthtext.grain import draw_place, grain
from synthtext.ink.style import InkStyle

_ROUGH = 110  # of 255, by which fibres move the edge at most
_STEEP = 2.2  # how fast ink ends


@dataclass(frozen=True)
class Bleeding(InkStyle):
    """Letters with swollen, ragged edges, as of fountain pens, stamps and cheap print on soft paper.

    Attributes:
        width_range: how far ink runs, 0.005 to 0.06 ems; quads hold it.
    """

    width_range: Range = (0.012, 0.035)

    def __post_init__(self) -> None:
        check_range("width_range", self.width_range, 0.005, 0.06, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw how far ink runs, and the fibres that it follows."""
        return {"width": rng.uniform(*self.width_range), "place": draw_place(rng)}

    def reach(self, parameters: Parameters) -> float:
        """Twice as far as ink runs on average."""
        return 2 * float(parameters["width"])

    def letters(self, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> NDArray[np.uint8]:
        """The letters with edges that follow the fibres."""
        radius = max(0.6, parameters["width"] * em)
        soft = cv2.GaussianBlur(coverage, (0, 0), radius)
        size = Size(coverage.shape[1], coverage.shape[0])
        fibres = grain(size, max(1.5, 1.5 * radius), parameters["place"])
        edge = cv2.convertScaleAbs(fibres, alpha=_ROUGH / 255, beta=15)
        swollen = cv2.convertScaleAbs(cv2.subtract(soft, edge), alpha=_STEEP)
        thick = cv2.multiply(coverage, coverage, scale=1 / 255 * 0.9)
        return np.asarray(cv2.max(swollen, thick), np.uint8)
