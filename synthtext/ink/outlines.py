"""Letters with a border."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, check_range
from synthtext.core.compositing import composite, with_opacity
from synthtext.ink.colours import draw_colour, with_luminance
from synthtext.ink.style import DecorationMargins, InkStyle

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

    def outset(self, parameters: Parameters) -> float:
        """As far as the border."""
        return float(parameters["width"])

    def underlay(self, paper: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper with the border on it."""
        return draw_border(paper, coverage, parameters["width"] * em, parameters["colour"])


def draw_border(paper: Image, coverage: NDArray[np.uint8], width: float, colour: list[int]) -> Image:
    """A picture (H, W, 3) with letters that are `width` pixels wider to every side, at least one."""
    radius = max(1, round(width))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return composite(paper, np.asarray(cv2.dilate(coverage, disc), np.uint8), colour)


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
            [round(part) for part in with_luminance((red, green, blue), level)]
            for (red, green, blue), level in zip((draw_colour(rng), draw_colour(rng)), levels, strict=True)
        ]
        if rng.random() < 0.5:
            colours.reverse()
        return {"inner": inner, "outer": outer, "inner_colour": colours[0], "outer_colour": colours[1]}

    def outset(self, parameters: Parameters) -> float:
        """As far as the outer border."""
        return float(parameters["inner"] + parameters["outer"])

    def underlay(self, paper: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper with the borders on it."""
        inner = max(1.0, parameters["inner"] * em)
        paper = draw_border(paper, coverage, inner + max(1.0, parameters["outer"] * em), parameters["outer_colour"])
        return draw_border(paper, coverage, inner, parameters["inner_colour"])


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
        colour = with_luminance((red, green, blue), rng.uniform(*self.lightness_range))
        return {
            "size": rng.uniform(*self.size_range),
            "opacity": rng.uniform(*self.opacity_range),
            "colour": [round(part) for part in colour],
        }

    def padding(self, parameters: Parameters) -> DecorationMargins:
        """As far as most of the light."""
        return DecorationMargins(*[1.5 * float(parameters["size"])] * 4)

    def underlay(self, paper: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper in the light."""
        deviation = max(1.0, parameters["size"] * em)
        soft = cv2.GaussianBlur(coverage, (0, 0), deviation)
        light = np.asarray(cv2.convertScaleAbs(soft, alpha=1.8), np.uint8)  # thin strokes shine, too
        return composite(paper, with_opacity(light, parameters["opacity"]), parameters["colour"])
