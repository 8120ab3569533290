"""Letters whose colour is mixed with the paper's."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, InputError, Parameters, Range, check_range
from synthtext.ink.contrast import InkColour
from synthtext.ink.style import Fading, InkStyle
from synthtext.layers import faint, overlay


@dataclass(frozen=True)
class Blend(InkStyle):
    """Letters that take on what they are printed on: its grain, folds and stains show through them.

    Every mode comes in two: the first darkens, for ink that is darker than the paper, the second one lightens. None
    comes nearer to the paper than the bare colour does.

    Attributes:
        modes: which are drawn: "multiply" (and screen), "darken" (and lighten), "burn" (linear, and dodge).
        opacity_range: shares from 0.2 to 1; the contrast floor holds for what is left of the contrast.
    """

    modes: tuple[Literal["multiply", "darken", "burn"], ...] = ("multiply", "darken", "burn")
    opacity_range: Range = (0.75, 1.0)

    def __post_init__(self) -> None:
        if not self.modes:
            raise InputError("modes is empty; name at least one of multiply, darken, burn")
        check_range("opacity_range", self.opacity_range, 0.2, 1, "shares")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the mode and the opacity."""
        return {
            "mode": self.modes[int(rng.integers(len(self.modes)))],
            "opacity": rng.uniform(*self.opacity_range),
        }

    def faded(self, parameters: Parameters) -> Fading:
        """As much of the contrast is left as the letters are opaque."""
        return Fading(share=parameters["opacity"])

    def fill(
        self, paper: Image, coverage: NDArray[np.uint8], ink: InkColour, em: float, parameters: Parameters
    ) -> Image:
        """The picture with the letters on it."""
        below = paper if ink.darker else cv2.bitwise_not(paper)
        colour = np.empty_like(paper)
        colour[:] = np.clip(np.asarray(ink.colour) if ink.darker else 255 - np.asarray(ink.colour), 0, 255)
        mixed = _darkened(np.asarray(below, np.uint8), colour, parameters["mode"])
        if not ink.darker:  # to lighten is to darken the negative
            mixed = np.asarray(cv2.bitwise_not(mixed), np.uint8)
        return overlay(paper, faint(coverage, parameters["opacity"]), mixed)


def _darkened(paper: Image, colour: Image, mode: str) -> Image:
    if mode == "multiply":
        return np.asarray(cv2.multiply(paper, colour, scale=1 / 255), np.uint8)
    if mode == "darken":
        return np.asarray(cv2.min(paper, colour), np.uint8)
    return np.asarray(cv2.subtract(paper, cv2.bitwise_not(colour)), np.uint8)
