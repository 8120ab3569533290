"""Ink styles with depth: shadows, extruded and embossed letters."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from synthtext.core import Image, Parameters, Range, bounded, lerp
from synthtext.core.compositing import composite, composite_image, translate, with_opacity
from synthtext.ink.colours import draw_colour
from synthtext.ink.contrast import InkColour
from synthtext.ink.style import ContrastLoss, DecorationMargins, InkStyle


@dataclass(frozen=True)
class Shadow(InkStyle):
    """Letters with a soft or hard shadow. It is decoration: quads do not contain it.

    Attributes:
        distance_range: Distance of the shadow, 0 to 0.3 ems.
        degrees_range: Direction of the shadow: 0 is to the right, 90 downwards.
        blur_range: Standard deviation of the blur, 0 (hard) to 0.2 ems.
        opacity_range: Opacity, 0 to 1.
        lightness_range: Grey value, 0 to 255.
    """

    distance_range: Range = bounded((0.03, 0.1), 0, 0.3, "ems")
    degrees_range: Range = bounded((20, 160), -360, 360, "degrees")
    blur_range: Range = bounded((0.0, 0.06), 0, 0.2, "ems")
    opacity_range: Range = bounded((0.4, 0.9), 0, 1, "shares")
    lightness_range: Range = bounded((0, 60), 0, 255)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the position, blur, opacity and lightness of the shadow."""
        return {
            **self.uniform(rng, "distance", "degrees", "blur", "opacity"),
            "lightness": round(lerp(self.lightness_range, rng.random())),
        }

    def padding(self, parameters: Parameters) -> DecorationMargins:
        """The extent of the shadow."""
        return _shadow_padding(parameters["distance"], parameters["degrees"], 2 * parameters["blur"])

    def underlay(self, background: Image, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Draw the shadow."""
        layer = _move(coverage, max(1.0, parameters["distance"] * em), parameters["degrees"])
        deviation = parameters["blur"] * em
        if deviation > 0.4:  # less is no softer than antialiased letters
            layer = np.asarray(cv2.GaussianBlur(layer, (0, 0), deviation), np.uint8)
        return composite(background, with_opacity(layer, parameters["opacity"]), [parameters["lightness"]] * 3)


def _move(layer: Image, distance: float, degrees: float) -> Image:
    right, down = _polar_offset(distance, degrees)
    return translate(layer, round(right), round(down))


def _polar_offset(distance: float, degrees: float) -> tuple[float, float]:
    """Convert a distance and a direction to an offset to the right and downwards."""
    angle = math.radians(degrees)
    return distance * math.cos(angle), distance * math.sin(angle)


def _shadow_padding(distance: float, degrees: float, blur: float) -> DecorationMargins:
    """Padding for a copy of the letters at a distance, with edges that are blurred by `blur`."""
    right, down = _polar_offset(distance, degrees)
    return DecorationMargins(*(max(0.0, blur + shift) for shift in (-right, -down, right, down)))


@dataclass(frozen=True)
class LongShadow(InkStyle):
    """Letters with a long connected shadow, as on posters and app icons.

    It is decoration: quads do not contain it, and the edge of the image may cut it.

    Attributes:
        length_range: Length of the shadow, 0.05 to 3 ems.
        degrees_range: Direction of the shadow: 0 is to the right, 90 downwards.
        opacity_range: Opacity, 0 to 1.
    """

    length_range: Range = bounded((0.3, 1.2), 0.05, 3, "ems")
    degrees_range: Range = bounded((25, 155), -360, 360, "degrees")
    opacity_range: Range = bounded((0.25, 0.6), 0, 1, "shares")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the length, direction and opacity of the shadow."""
        return self.uniform(rng, "length", "degrees", "opacity")

    def padding(self, parameters: Parameters) -> DecorationMargins:
        """The extent of the shadow."""
        return _shadow_padding(parameters["length"], parameters["degrees"], 0.0)

    def underlay(self, background: Image, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Draw the shadow."""
        swept = _sweep_coverage(coverage, parameters["length"] * em, parameters["degrees"])
        return composite(background, with_opacity(swept, parameters["opacity"]), (0, 0, 0))


def _sweep_coverage(coverage: Image, length: float, degrees: float) -> Image:
    """Coverage (H, W) of letters that move over `length` pixels."""
    swept, covered = coverage, 1.0
    while covered < length:  # every iteration doubles the length
        distance = min(covered, length - covered)
        swept = np.asarray(cv2.max(swept, _move(swept, distance, degrees)), np.uint8)
        covered += distance
    return swept


@dataclass(frozen=True)
class Extrusion(InkStyle):
    """Letters with sides, as if cut from wood or plastic. The sides are decoration: quads do not contain them.

    Attributes:
        depth_range: Depth of the sides, 0.02 to 0.4 ems.
        degrees_range: Direction of the sides: 0 is to the right, 90 downwards.
    """

    depth_range: Range = bounded((0.04, 0.14), 0.02, 0.4, "ems")
    degrees_range: Range = bounded((20, 160), -360, 360, "degrees")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the depth, direction and colour (RGB) of the sides."""
        return {**self.uniform(rng, "depth", "degrees"), "colour": draw_colour(rng)}

    def padding(self, parameters: Parameters) -> DecorationMargins:
        """The extent of the sides."""
        return _shadow_padding(parameters["depth"], parameters["degrees"], 0.0)

    def underlay(self, background: Image, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Draw the sides."""
        swept = _sweep_coverage(coverage, max(2.0, parameters["depth"] * em), parameters["degrees"])
        return composite(background, swept, parameters["colour"])


@dataclass(frozen=True)
class Emboss(InkStyle):
    """Letters with lit and shaded edges, raised or sunk depending on the direction of the light.

    Attributes:
        depth_range: Width of the edges, 0.01 to 0.15 ems.
        degrees_range: Direction of the light: 0 is from the right, 90 from below.
        strength_range: Strength of light and shade, 5 to 120 steps of luminance.
    """

    depth_range: Range = bounded((0.03, 0.07), 0.01, 0.15, "ems")
    degrees_range: Range = bounded((0, 360), -360, 360, "degrees")
    strength_range: Range = bounded((60, 115), 5, 120, "steps of luminance")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the width of the edges (ems), and the direction and strength of the light."""
        return self.uniform(rng, "depth", "degrees", "strength")

    def padding(self, parameters: Parameters) -> DecorationMargins:
        """The width of the edges."""
        return DecorationMargins(*[float(parameters["depth"])] * 4)

    def contrast_loss(self, parameters: Parameters) -> ContrastLoss:
        """Half of the light's strength: one side of every stroke is lit, the other one shaded."""
        return ContrastLoss(offset=parameters["strength"] / 2)

    def underlay(self, background: Image, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Draw light and shade beside the letters."""
        return _light_edges(background, coverage, em, parameters)

    def fill(self, background: Image, coverage: Image, ink: InkColour, em: float, parameters: Parameters) -> Image:
        """Draw letters with lit and shaded edges."""
        flat = np.full_like(background, np.clip(ink.colour, 0, 255))
        return composite_image(background, coverage, _light_edges(flat, coverage, em, parameters))


def _light_edges(image: Image, coverage: Image, em: float, parameters: Parameters) -> Image:
    """Lighten and darken an image (H, W, 3) at the edges of letters."""
    radius = max(1.0, parameters["depth"] * em)
    height = np.asarray(cv2.GaussianBlur(coverage, (0, 0), radius / 2), np.uint8)
    distance, degrees = max(1.0, radius / 2), parameters["degrees"]
    towards, away = _move(height, distance, degrees), _move(height, -distance, degrees)
    scale = parameters["strength"] / 255
    light = cv2.convertScaleAbs(cv2.subtract(towards, away), alpha=scale)
    shade = cv2.convertScaleAbs(cv2.subtract(away, towards), alpha=scale)
    lighter = cv2.add(image, cv2.cvtColor(light, cv2.COLOR_GRAY2BGR))
    return np.asarray(cv2.subtract(lighter, cv2.cvtColor(shade, cv2.COLOR_GRAY2BGR)), np.uint8)
