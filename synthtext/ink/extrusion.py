"""Letters as blocks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, check_range
from synthtext.ink.long_shadow import sweep
from synthtext.ink.shades import draw_colour
from synthtext.ink.shadow import cast_room
from synthtext.ink.style import InkStyle, Room
from synthtext.layers import composite


@dataclass(frozen=True)
class Extrusion(InkStyle):
    """Letters with sides, as those cut from wood or plastic. The sides are decoration: quads do not hold them.

    Attributes:
        depth_range: of the sides, 0.02 to 0.4 ems.
        degrees_range: where they are seen: 0 is to the right, 90 below.
    """

    depth_range: Range = (0.04, 0.14)
    degrees_range: Range = (20, 160)

    def __post_init__(self) -> None:
        check_range("depth_range", self.depth_range, 0.02, 0.4, "ems")
        check_range("degrees_range", self.degrees_range, -360, 360, "degrees")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw how deep the letters are, from where they are seen, and the colour of their sides (RGB)."""
        return {
            "depth": rng.uniform(*self.depth_range),
            "degrees": rng.uniform(*self.degrees_range),
            "colour": draw_colour(rng),
        }

    def room(self, parameters: Parameters) -> Room:
        """As far as the sides."""
        return cast_room(parameters["depth"], parameters["degrees"], 0.0)

    def underlay(self, paper: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper with the sides on it."""
        swept = sweep(coverage, max(2.0, parameters["depth"] * em), parameters["degrees"])
        return composite(paper, swept, parameters["colour"])
