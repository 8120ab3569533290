"""Letters whose shadow runs far over the paper."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, check_range
from synthtext.ink.shadow import cast_room, step
from synthtext.ink.style import InkStyle, Room
from synthtext.layers import composite, faint, shifted


@dataclass(frozen=True)
class LongShadow(InkStyle):
    """Letters with a shadow that hangs together with them and runs far, as on posters and app icons.

    It is decoration: quads do not hold it, and the picture's edge may cut it.

    Attributes:
        length_range: 0.05 to 3 ems.
        degrees_range: where it falls: 0 is to the right, 90 downwards.
        opacity_range: shares from 0 to 1.
    """

    length_range: Range = (0.3, 1.2)
    degrees_range: Range = (25, 155)
    opacity_range: Range = (0.25, 0.6)

    def __post_init__(self) -> None:
        check_range("length_range", self.length_range, 0.05, 3, "ems")
        check_range("degrees_range", self.degrees_range, -360, 360, "degrees")
        check_range("opacity_range", self.opacity_range, 0, 1, "shares")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw how far it runs, where, and how dark it is."""
        return {
            "length": rng.uniform(*self.length_range),
            "degrees": rng.uniform(*self.degrees_range),
            "opacity": rng.uniform(*self.opacity_range),
        }

    def room(self, parameters: Parameters) -> Room:
        """As far as it runs."""
        return cast_room(parameters["length"], parameters["degrees"], 0.0)

    def underlay(self, paper: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper with the shadow on it."""
        swept = sweep(coverage, parameters["length"] * em, parameters["degrees"])
        return composite(paper, faint(swept, parameters["opacity"]), (0, 0, 0))


def sweep(coverage: NDArray[np.uint8], length: float, degrees: float) -> NDArray[np.uint8]:
    """All that letters (H, W) cover on their way over `length` pixels."""
    swept, covered = coverage, 1.0
    while covered < length:  # every round covers up to twice as far
        far = min(covered, length - covered)
        right, down = step(far, degrees)
        swept = np.asarray(cv2.max(swept, shifted(swept, round(right), round(down))), np.uint8)
        covered += far
    return swept
