"""Ink styles with outlines or a glow around the letters."""

from dataclasses import dataclass

import cv2
import numpy as np

from synthtext.core import Image, Parameters, Range, bounded
from synthtext.core.compositing import composite, with_opacity
from synthtext.ink.colours import draw_colour, shade_of
from synthtext.ink.style import DecorationMargins, InkStyle

_MIN_DISTANCE = 70  # steps of luminance between two outlines


@dataclass(frozen=True)
class Outline(InkStyle):
    """Letters with an outline of another colour, which quads contain.

    Attributes:
        width_range: Width of the outline, 0.005 to 0.5 ems.
    """

    width_range: Range = bounded((0.03, 0.08), 0.005, 0.5, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the width (ems) and colour (RGB) of the outline."""
        return {"width": rng.uniform(*self.width_range), "colour": draw_colour(rng)}

    def outset(self, parameters: Parameters) -> float:
        """The width of the outline."""
        return float(parameters["width"])

    def underlay(self, background: Image, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Draw the outline."""
        return _draw_border(background, coverage, parameters["width"] * em, parameters["colour"])


def _draw_border(background: Image, coverage: Image, width: float, colour: list[int]) -> Image:
    """Draw letters that are `width` pixels, at least one, wider on every side on an image (H, W, 3)."""
    radius = max(1, round(width))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return composite(background, np.asarray(cv2.dilate(coverage, disc), np.uint8), colour)


@dataclass(frozen=True)
class DoubleOutline(InkStyle):
    """Letters with an outline, and another one of a lighter or darker colour around it, as on posters and in subtitles.

    Attributes:
        inner_range: Width of the inner outline, 0.005 to 0.25 ems.
        outer_range: Width of the outer outline, 0.005 to 0.25 ems.
    """

    inner_range: Range = bounded((0.03, 0.06), 0.005, 0.25, "ems")
    outer_range: Range = bounded((0.03, 0.06), 0.005, 0.25, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the widths (ems) and colours (RGB) of the outlines."""
        inner, outer = rng.uniform(*self.inner_range), rng.uniform(*self.outer_range)
        levels = rng.uniform(0, 255 - _MIN_DISTANCE, 2) / 2 + (0, (255 + _MIN_DISTANCE) / 2)
        colours = [shade_of(draw_colour(rng), level) for level in levels]
        if rng.random() < 0.5:
            colours.reverse()
        return {"inner": inner, "outer": outer, "inner_colour": colours[0], "outer_colour": colours[1]}

    def outset(self, parameters: Parameters) -> float:
        """The width of both outlines."""
        return float(parameters["inner"] + parameters["outer"])

    def underlay(self, background: Image, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Draw the outlines."""
        inner = max(1.0, parameters["inner"] * em)
        outer = inner + max(1.0, parameters["outer"] * em)
        below = _draw_border(background, coverage, outer, parameters["outer_colour"])
        return _draw_border(below, coverage, inner, parameters["inner_colour"])


@dataclass(frozen=True)
class Glow(InkStyle):
    """Letters with a soft glow, as of neon signs and titles. It is decoration: quads do not contain it.

    Attributes:
        size_range: Standard deviation of the blur, 0.02 to 0.3 ems.
        opacity_range: Opacity, 0 to 1.
        lightness_range: Luminance of the glow, 0 to 255.
    """

    size_range: Range = bounded((0.05, 0.14), 0.02, 0.3, "ems")
    opacity_range: Range = bounded((0.6, 1.0), 0, 1, "shares")
    lightness_range: Range = bounded((110, 230), 0, 255)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the size, opacity and colour (RGB) of the glow."""
        colour = shade_of(draw_colour(rng), rng.uniform(*self.lightness_range))
        return {**self.uniform(rng, "size", "opacity"), "colour": colour}

    def padding(self, parameters: Parameters) -> DecorationMargins:
        """Room for most of the glow."""
        return DecorationMargins(*[1.5 * float(parameters["size"])] * 4)

    def underlay(self, background: Image, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Draw the glow."""
        deviation = max(1.0, parameters["size"] * em)
        soft = cv2.GaussianBlur(coverage, (0, 0), deviation)
        light = np.asarray(cv2.convertScaleAbs(soft, alpha=1.8), np.uint8)  # so that thin strokes glow
        return composite(background, with_opacity(light, parameters["opacity"]), parameters["colour"])
