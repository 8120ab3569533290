"""Letters that shine."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, check_range
from synthtext.ink.shades import draw_colour, of_luminance
from synthtext.ink.style import InkStyle, Room
from synthtext.layers import composite, faint


@dataclass(frozen=True)
class Glow(InkStyle):
    """Letters in a soft light, as neon signs and titles have it. The light is decoration: quads do not hold it.

    Attributes:
        size_range: deviation of its softness, 0.02 to 0.3 ems.
        opacity_range: shares from 0 to 1.
        lightness_range: luminance of its colour, 0 to 255.
    """

    size_range: Range = (0.05, 0.14)
    opacity_range: Range = (0.6, 1.0)
    lightness_range: Range = (110, 230)

    def __post_init__(self) -> None:
        check_range("size_range", self.size_range, 0.02, 0.3, "ems")
        check_range("opacity_range", self.opacity_range, 0, 1, "shares")
        check_range("lightness_range", self.lightness_range, 0, 255)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw how far the light reaches, how strong it is, and its colour (RGB)."""
        red, green, blue = draw_colour(rng)
        colour = of_luminance((red, green, blue), rng.uniform(*self.lightness_range))
        return {
            "size": rng.uniform(*self.size_range),
            "opacity": rng.uniform(*self.opacity_range),
            "colour": [round(part) for part in colour],
        }

    def room(self, parameters: Parameters) -> Room:
        """As far as most of the light."""
        return Room(*[1.5 * float(parameters["size"])] * 4)

    def underlay(self, paper: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper in the light."""
        deviation = max(1.0, parameters["size"] * em)
        soft = cv2.GaussianBlur(coverage, (0, 0), deviation)
        light = np.asarray(cv2.convertScaleAbs(soft, alpha=1.8), np.uint8)  # thin strokes shine, too
        return composite(paper, faint(light, parameters["opacity"]), parameters["colour"])
