"""Ink styles with depth: extruded and embossed letters."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, check_range
from synthtext.core.compositing import composite, composite_image, translate
from synthtext.ink.colours import draw_colour
from synthtext.ink.contrast import InkColour
from synthtext.ink.shadows import polar_offset, shadow_padding, sweep_coverage
from synthtext.ink.style import ContrastLoss, DecorationMargins, InkStyle


@dataclass(frozen=True)
class Extrusion(InkStyle):
    """Letters with sides, as if cut from wood or plastic. The sides are decoration: quads do not contain them.

    Attributes:
        depth_range: Depth of the sides, 0.02 to 0.4 ems.
        degrees_range: Direction of the sides: 0 is to the right, 90 downwards.
    """

    depth_range: Range = (0.04, 0.14)
    degrees_range: Range = (20, 160)

    def __post_init__(self) -> None:
        check_range("depth_range", self.depth_range, 0.02, 0.4, "ems")
        check_range("degrees_range", self.degrees_range, -360, 360, "degrees")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the depth, direction and colour (RGB) of the sides."""
        return {
            "depth": rng.uniform(*self.depth_range),
            "degrees": rng.uniform(*self.degrees_range),
            "colour": draw_colour(rng),
        }

    def padding(self, parameters: Parameters) -> DecorationMargins:
        """The extent of the sides."""
        return shadow_padding(parameters["depth"], parameters["degrees"], 0.0)

    def underlay(self, background: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """Draw the sides."""
        swept = sweep_coverage(coverage, max(2.0, parameters["depth"] * em), parameters["degrees"])
        return composite(background, swept, parameters["colour"])


@dataclass(frozen=True)
class Emboss(InkStyle):
    """Letters with lit and shaded edges, raised or sunk depending on the direction of the light.

    Attributes:
        depth_range: Width of the edges, 0.01 to 0.15 ems.
        degrees_range: Direction of the light: 0 is from the right, 90 from below.
        strength_range: Strength of light and shade, 5 to 120 steps of luminance.
    """

    depth_range: Range = (0.03, 0.07)
    degrees_range: Range = (0, 360)
    strength_range: Range = (60, 115)

    def __post_init__(self) -> None:
        check_range("depth_range", self.depth_range, 0.01, 0.15, "ems")
        check_range("degrees_range", self.degrees_range, -360, 360, "degrees")
        check_range("strength_range", self.strength_range, 5, 120, "steps of luminance")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the width of the edges (ems), and the direction and strength of the light."""
        return {
            "depth": rng.uniform(*self.depth_range),
            "degrees": rng.uniform(*self.degrees_range),
            "strength": rng.uniform(*self.strength_range),
        }

    def padding(self, parameters: Parameters) -> DecorationMargins:
        """The width of the edges."""
        return DecorationMargins(*[float(parameters["depth"])] * 4)

    def contrast_loss(self, parameters: Parameters) -> ContrastLoss:
        """Half of the light's strength: one side of every stroke is lit, the other one shaded."""
        return ContrastLoss(offset=parameters["strength"] / 2)

    def underlay(self, background: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """Draw light and shade beside the letters."""
        light, shade = _relief(coverage, em, parameters)
        return _lit(background, light, shade)

    def fill(
        self, background: Image, coverage: NDArray[np.uint8], ink: InkColour, em: float, parameters: Parameters
    ) -> Image:
        """Draw letters with lit and shaded edges."""
        flat = np.empty_like(background)
        flat[:] = np.clip(ink.colour, 0, 255)
        return composite_image(background, coverage, _lit(flat, *_relief(coverage, em, parameters)))


def _relief(
    coverage: NDArray[np.uint8], em: float, parameters: Parameters
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """How much lighter and how much darker pixels (H, W) are at the edges of letters."""
    radius = max(1.0, parameters["depth"] * em)
    height = np.asarray(cv2.GaussianBlur(coverage, (0, 0), radius / 2), np.uint8)
    right, down = polar_offset(max(1.0, radius / 2), parameters["degrees"])
    towards, away = translate(height, round(right), round(down)), translate(height, -round(right), -round(down))
    scale = parameters["strength"] / 255
    light = cv2.convertScaleAbs(cv2.subtract(towards, away), alpha=scale)
    shade = cv2.convertScaleAbs(cv2.subtract(away, towards), alpha=scale)
    return np.asarray(light, np.uint8), np.asarray(shade, np.uint8)


def _lit(image: Image, light: NDArray[np.uint8], shade: NDArray[np.uint8]) -> Image:
    lighter = cv2.add(image, cv2.cvtColor(light, cv2.COLOR_GRAY2BGR))
    return np.asarray(cv2.subtract(lighter, cv2.cvtColor(shade, cv2.COLOR_GRAY2BGR)), np.uint8)
