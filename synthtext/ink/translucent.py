"""Letters that let the paper through."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, check_range
from synthtext.ink.contrast import InkColour
from synthtext.ink.style import Fading, InkStyle
from synthtext.layers import composite, faint


@dataclass(frozen=True)
class Translucent(InkStyle):
    """Letters of one colour through which the paper shows, as of watermarks and titles over films.

    Attributes:
        opacity_range: shares from 0.2 to 1; the contrast floor holds for what is left of the contrast.
    """

    opacity_range: Range = (0.4, 0.85)

    def __post_init__(self) -> None:
        check_range("opacity_range", self.opacity_range, 0.2, 1, "shares")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the opacity."""
        return {"opacity": rng.uniform(*self.opacity_range)}

    def faded(self, parameters: Parameters) -> Fading:
        """As much of the contrast is left as the letters are opaque."""
        return Fading(share=parameters["opacity"])

    def fill(
        self, paper: Image, coverage: NDArray[np.uint8], ink: InkColour, em: float, parameters: Parameters
    ) -> Image:
        """The picture with the letters on it."""
        return composite(paper, faint(coverage, parameters["opacity"]), ink.colour)
