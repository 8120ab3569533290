"""Ink styles with shadows."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, check_range
from synthtext.core.compositing import composite, translate, with_opacity
from synthtext.ink.style import DecorationMargins, InkStyle


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

    distance_range: Range = (0.03, 0.1)
    degrees_range: Range = (20, 160)
    blur_range: Range = (0.0, 0.06)
    opacity_range: Range = (0.4, 0.9)
    lightness_range: Range = (0, 60)

    def __post_init__(self) -> None:
        check_range("distance_range", self.distance_range, 0, 0.3, "ems")
        check_range("degrees_range", self.degrees_range, -360, 360, "degrees")
        check_range("blur_range", self.blur_range, 0, 0.2, "ems")
        check_range("opacity_range", self.opacity_range, 0, 1, "shares")
        check_range("lightness_range", self.lightness_range, 0, 255)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the position, blur, opacity and lightness of the shadow."""
        return {
            "distance": rng.uniform(*self.distance_range),
            "degrees": rng.uniform(*self.degrees_range),
            "blur": rng.uniform(*self.blur_range),
            "opacity": rng.uniform(*self.opacity_range),
            "lightness": round(rng.uniform(*self.lightness_range)),
        }

    def padding(self, parameters: Parameters) -> DecorationMargins:
        """The extent of the shadow."""
        return shadow_padding(parameters["distance"], parameters["degrees"], 2 * parameters["blur"])

    def underlay(self, background: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """Draw the shadow."""
        right, down = polar_offset(max(1.0, parameters["distance"] * em), parameters["degrees"])
        layer = translate(coverage, round(right), round(down))
        deviation = parameters["blur"] * em
        if deviation > 0.4:  # less is no softer than antialiased letters
            layer = np.asarray(cv2.GaussianBlur(layer, (0, 0), deviation), np.uint8)
        return composite(background, with_opacity(layer, parameters["opacity"]), [parameters["lightness"]] * 3)


def polar_offset(distance: float, degrees: float) -> tuple[float, float]:
    """Convert a distance and a direction to an offset to the right and downwards."""
    angle = math.radians(degrees)
    return distance * math.cos(angle), distance * math.sin(angle)


def shadow_padding(distance: float, degrees: float, blur: float) -> DecorationMargins:
    """Padding for a copy of the letters at a distance, with edges that are blurred by `blur`."""
    right, down = polar_offset(distance, degrees)
    return DecorationMargins(
        max(0.0, blur - right), max(0.0, blur - down), max(0.0, blur + right), max(0.0, blur + down)
    )  # fmt: skip


@dataclass(frozen=True)
class LongShadow(InkStyle):
    """Letters with a long connected shadow, as on posters and app icons.

    It is decoration: quads do not contain it, and the edge of the image may cut it.

    Attributes:
        length_range: Length of the shadow, 0.05 to 3 ems.
        degrees_range: Direction of the shadow: 0 is to the right, 90 downwards.
        opacity_range: Opacity, 0 to 1.
    """

    length_range: Range = (0.3, 1.2)
    degrees_range: Range = (25, 155)
    opacity_range: Range = (0.25, 0.6)

    def __post_init__(self) -> None:
        check_range("length_range", self.length_range, 0.05, 3, "ems")
        check_range("degrees_range", self.degrees_range, -360, 360, "degrees")
        check_range("opacity_range", self.opacity_range, 0, 1, "shares")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the length, direction and opacity of the shadow."""
        return {
            "length": rng.uniform(*self.length_range),
            "degrees": rng.uniform(*self.degrees_range),
            "opacity": rng.uniform(*self.opacity_range),
        }

    def padding(self, parameters: Parameters) -> DecorationMargins:
        """The extent of the shadow."""
        return shadow_padding(parameters["length"], parameters["degrees"], 0.0)

    def underlay(self, background: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """Draw the shadow."""
        swept = sweep_coverage(coverage, parameters["length"] * em, parameters["degrees"])
        return composite(background, with_opacity(swept, parameters["opacity"]), (0, 0, 0))


def sweep_coverage(coverage: NDArray[np.uint8], length: float, degrees: float) -> NDArray[np.uint8]:
    """Coverage (H, W) of letters that move over `length` pixels."""
    swept, covered = coverage, 1.0
    while covered < length:  # every iteration doubles the length
        distance = min(covered, length - covered)
        right, down = polar_offset(distance, degrees)
        swept = np.asarray(cv2.max(swept, translate(swept, round(right), round(down))), np.uint8)
        covered += distance
    return swept
