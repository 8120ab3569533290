"""Letters with two borders."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, check_range
from synthtext.ink.outline import bordered
from synthtext.ink.shades import draw_colour, of_luminance
from synthtext.ink.style import InkStyle

_APART = 70  # steps of luminance between the borders, at least


@dataclass(frozen=True)
class DoubleOutline(InkStyle):
    """Letters with a border, and another one of a lighter or darker colour around it, as on posters and in subtitles.

    Attributes:
        inner_range: width of the border next to the letters, 0.005 to 0.25 ems.
        outer_range: of the one around it, 0.005 to 0.25 ems.
    """

    inner_range: Range = (0.03, 0.06)
    outer_range: Range = (0.03, 0.06)

    def __post_init__(self) -> None:
        check_range("inner_range", self.inner_range, 0.005, 0.25, "ems")
        check_range("outer_range", self.outer_range, 0.005, 0.25, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the borders' widths (ems) and colours (RGB)."""
        inner, outer = rng.uniform(*self.inner_range), rng.uniform(*self.outer_range)
        levels = rng.uniform(0, 255 - _APART, 2) / 2 + (0, (255 + _APART) / 2)
        colours = [
            [round(part) for part in of_luminance((red, green, blue), level)]
            for (red, green, blue), level in zip((draw_colour(rng), draw_colour(rng)), levels, strict=True)
        ]
        if rng.random() < 0.5:
            colours.reverse()
        return {"inner": inner, "outer": outer, "inner_colour": colours[0], "outer_colour": colours[1]}

    def reach(self, parameters: Parameters) -> float:
        """As far as the outer border."""
        return float(parameters["inner"] + parameters["outer"])

    def underlay(self, paper: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper with the borders on it."""
        inner = max(1.0, parameters["inner"] * em)
        paper = bordered(paper, coverage, inner + max(1.0, parameters["outer"] * em), parameters["outer_colour"])
        return bordered(paper, coverage, inner, parameters["inner_colour"])
