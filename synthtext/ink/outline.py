"""Letters with a border."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, check_range
from synthtext.ink.shades import draw_colour
from synthtext.ink.style import InkStyle
from synthtext.layers import composite

_LEAST, _MOST = 0.005, 0.5  # ems of a border


@dataclass(frozen=True)
class Outline(InkStyle):
    """Letters with a border of another colour around them; quads hold it.

    Attributes:
        width_range: of the border, 0.005 to 0.5 ems.
    """

    width_range: Range = (0.03, 0.08)

    def __post_init__(self) -> None:
        check_range("width_range", self.width_range, _LEAST, _MOST, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the border's width (ems) and colour (RGB)."""
        return {"width": rng.uniform(*self.width_range), "colour": draw_colour(rng)}

    def reach(self, parameters: Parameters) -> float:
        """As far as the border."""
        return float(parameters["width"])

    def underlay(self, paper: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper with the border on it."""
        return bordered(paper, coverage, parameters["width"] * em, parameters["colour"])


def bordered(paper: Image, coverage: NDArray[np.uint8], width: float, colour: list[int]) -> Image:
    """A picture (H, W, 3) with letters that are `width` pixels wider to every side, at least one."""
    radius = max(1, round(width))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return composite(paper, np.asarray(cv2.dilate(coverage, disc), np.uint8), colour)
