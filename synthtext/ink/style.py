"""How letters are inked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, InputError, Parameters, Range


class InkStyle(Protocol):
    """A way to ink letters. A new one is a dataclass with these methods, named by its dotted path in a recipe."""

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw parameters (JSON scalars)."""
        ...

    def reach(self, parameters: Parameters) -> float:
        """How far it goes beyond the letters, in ems."""
        ...

    def underlay(self, paper: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper with whatever lies below the letters themselves.

        Args:
            paper: (H, W, 3) RGB; may be changed in place.
            coverage: (H, W) of the letters.
            em: in pixels.
            parameters: as drawn.
        """
        ...


@dataclass(frozen=True)
class Plain:
    """Letters of one colour, nothing below them."""

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Nothing is drawn."""
        return {}

    def reach(self, parameters: Parameters) -> float:
        """As far as the letters."""
        return 0.0

    def underlay(self, paper: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper as it is."""
        return paper


@dataclass(frozen=True)
class Outline:
    """Letters with a border of another colour around them.

    Attributes:
        width_range: of the border, in ems.
    """

    width_range: Range = (0.03, 0.08)

    def __post_init__(self) -> None:
        if not 0 < self.width_range[0] <= self.width_range[1] <= 0.5:
            raise InputError(f"width_range {list(self.width_range)} must be ems from 0 to 0.5, in order")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the border's width (ems) and colour (RGB)."""
        return {"width": rng.uniform(*self.width_range), "colour": rng.integers(0, 256, 3).tolist()}

    def reach(self, parameters: Parameters) -> float:
        """As far as the border."""
        return float(parameters["width"])

    def underlay(self, paper: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper with the border on it."""
        radius = max(1, round(parameters["width"] * em))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        return composite(paper, np.asarray(cv2.dilate(coverage, disc), np.uint8), tuple(parameters["colour"]))


def composite(paper: Image, coverage: NDArray[np.uint8], colour: Sequence[float]) -> Image:
    """Lay a colour over a picture.

    Args:
        paper: (H, W, 3) RGB.
        coverage: (H, W), 0 to 255.
        colour: RGB, 0 to 255.

    Returns:
        The new picture; where coverage is 0 it equals the paper, where it is 255 the colour.
    """
    inked = cv2.merge([cv2.convertScaleAbs(coverage, alpha=part / 255) for part in colour])
    rest = cv2.cvtColor(cv2.bitwise_not(coverage), cv2.COLOR_GRAY2BGR)
    faded = cv2.multiply(paper, rest, scale=1 / 255)
    return np.asarray(cv2.add(inked, faded), np.uint8)
