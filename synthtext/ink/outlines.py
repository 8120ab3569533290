"""Ink styles that change the edges of letters: outlines, glow, bleeding, worn and dot-matrix letters."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from synthtext.background.textures import draw_noise_offset, smooth_noise
from synthtext.core import Image, Parameters, Range, bounded, lerp, size_of
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
        return {"width": lerp(self.width_range, rng.random()), "colour": draw_colour(rng)}

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
        inner, outer = lerp(self.inner_range, rng.random()), lerp(self.outer_range, rng.random())
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
        colour = shade_of(draw_colour(rng), lerp(self.lightness_range, rng.random()))
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


_ROUGHNESS = 110  # of 255, of the edges by fibres
_EDGE_STEEPNESS = 2.2  # of the edges of ink


@dataclass(frozen=True)
class Bleeding(InkStyle):
    """Letters with swollen, ragged edges, as of fountain pens, stamps and cheap print on soft paper.

    Attributes:
        width_range: How far ink spreads, 0.005 to 0.06 ems; quads contain it.
    """

    width_range: Range = bounded((0.012, 0.035), 0.005, 0.06, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw how far ink spreads, and the fibres that it follows."""
        return {"width": lerp(self.width_range, rng.random()), "noise_offset": draw_noise_offset(rng)}

    def outset(self, parameters: Parameters) -> float:
        """Twice the mean spread."""
        return 2 * float(parameters["width"])

    def style_coverage(self, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Spread the letters along the fibres."""
        radius = max(0.6, parameters["width"] * em)
        soft = cv2.GaussianBlur(coverage, (0, 0), radius)
        fibres = smooth_noise(size_of(coverage), max(1.5, 1.5 * radius), parameters["noise_offset"])
        edge = cv2.convertScaleAbs(fibres, alpha=_ROUGHNESS / 255, beta=15)
        swollen = cv2.convertScaleAbs(cv2.subtract(soft, edge), alpha=_EDGE_STEEPNESS)
        thick = cv2.multiply(coverage, coverage, scale=1 / 255 * 0.9)
        return np.asarray(cv2.max(swollen, thick), np.uint8)


_MIN_WORN_COVERAGE = 60  # of 255: no dot of an i disappears
_HOLE_STEEPNESS = 6.0  # of the edges of holes


@dataclass(frozen=True)
class Worn(InkStyle):
    """Letters with holes and thin places, as of old print, stamps and painted signs.

    Attributes:
        share_range: Fraction of the ink that is missing, 0 to 0.5.
        size_range: Size of the holes, 0.01 to 0.3 ems; at least 1.5 pixels.
    """

    share_range: Range = bounded((0.08, 0.3), 0, 0.5, "shares")
    size_range: Range = bounded((0.03, 0.1), 0.01, 0.3, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw how much ink is missing, and where."""
        return {
            **self.uniform(rng, "share", "size"),
            "noise_offset": draw_noise_offset(rng),
            "area_noise_offset": draw_noise_offset(rng),
        }

    def style_coverage(self, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Make holes, more of them in some areas than in others."""
        fine = smooth_noise(size_of(coverage), max(1.5, parameters["size"] * em), parameters["noise_offset"])
        areas = smooth_noise(size_of(coverage), max(4.0, em * 0.6), parameters["area_noise_offset"])
        mixed = cv2.addWeighted(fine, 0.7, areas, 0.3, 0)
        # This share of the mixed noise lies below the edge: the noise is nearly normal with a mean of 128.
        edge = round(128 + 58 * (2 * parameters["share"] - 1))
        holes = cv2.subtract(mixed, np.full_like(mixed, max(0, edge - 12)))
        kept = np.maximum(cv2.convertScaleAbs(holes, alpha=_HOLE_STEEPNESS), np.uint8(_MIN_WORN_COVERAGE))
        return np.asarray(cv2.multiply(coverage, kept, scale=1 / 255), np.uint8)


_BETWEEN_DOTS = 70  # coverage between dots, of 255: thin strokes stay connected


@dataclass(frozen=True)
class DotMatrix(InkStyle):
    """Letters made of dots, as of dot-matrix and ink-jet printers and LED displays.

    Attributes:
        pitch_range: Distance of the dots, 0.03 to 0.2 ems; at least three pixels.
    """

    pitch_range: Range = bounded((0.06, 0.1), 0.03, 0.2, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the distance of the dots."""
        return {"pitch": lerp(self.pitch_range, rng.random())}

    def style_coverage(self, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Make gaps between dots."""
        height, width = coverage.shape
        turn = 2 * math.pi / max(3.0, parameters["pitch"] * em)
        rows = np.cos(np.arange(height, dtype=np.float32) * np.float32(turn)) + np.float32(0.9)
        columns = np.cos(np.arange(width, dtype=np.float32) * np.float32(turn))
        dots = np.clip((rows[:, None] + columns) * np.float32(140), _BETWEEN_DOTS, 255).astype(np.uint8)
        return np.asarray(cv2.multiply(coverage, dots, scale=1 / 255), np.uint8)
