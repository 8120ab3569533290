"""Ink styles that fill letters with more than one opaque colour."""

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from synthtext.background.textures import draw_noise_offset, smooth_noise
from synthtext.core import Image, InputError, Parameters, Range, Size, bounded, lerp, size_of
from synthtext.core.compositing import colour_ramp, composite, composite_image, with_opacity
from synthtext.ink.colours import colour_pair_around, draw_colour
from synthtext.ink.contrast import InkColour
from synthtext.ink.style import ContrastLoss, InkStyle


class _TransparentFill(InkStyle):
    """A fill with a drawn opacity."""

    def contrast_loss(self, parameters: Parameters) -> ContrastLoss:
        """The contrast is proportional to the opacity."""
        return ContrastLoss(factor=parameters["opacity"])


class _TwoColourFill(InkStyle):
    """A fill that varies between two colours around the colour of the ink."""

    def contrast_loss(self, parameters: Parameters) -> ContrastLoss:
        """Half of the distance between the two colours."""
        return ContrastLoss(offset=parameters["distance"] / 2)

    def mixture(self, size: Size, em: float, parameters: Parameters) -> Image:
        """Return the mixture of the two colours, (H, W): 0 is the first, 255 the second."""
        raise NotImplementedError

    def fill(self, background: Image, coverage: Image, ink: InkColour, em: float, parameters: Parameters) -> Image:
        """Draw letters in the two colours."""
        mixture = self.mixture(size_of(coverage), em, parameters)
        colours = colour_pair_around(ink, parameters["tint"], parameters["distance"])
        return composite_image(background, coverage, colour_ramp(mixture, *colours))


@dataclass(frozen=True)
class Translucent(_TransparentFill):
    """Translucent letters of one colour, as of watermarks and titles over films.

    Attributes:
        opacity_range: Opacity, 0.2 to 1; the contrast floor applies to the remaining contrast.
    """

    opacity_range: Range = bounded((0.4, 0.85), 0.2, 1, "shares")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the opacity."""
        return {"opacity": lerp(self.opacity_range, rng.random())}

    def fill(self, background: Image, coverage: Image, ink: InkColour, em: float, parameters: Parameters) -> Image:
        """Draw translucent letters."""
        return composite(background, with_opacity(coverage, parameters["opacity"]), ink.colour)


@dataclass(frozen=True)
class Blend(_TransparentFill):
    """Letters blended with the background, whose grain, folds and stains show through them.

    Every mode is a pair: the first one darkens, for ink darker than the background, the second one lightens. No result
    is nearer to the background than the plain colour of the ink.

    Attributes:
        modes: Modes to draw from: "multiply" (and screen), "darken" (and lighten), "burn" (linear, and dodge).
        opacity_range: Opacity, 0.2 to 1; the contrast floor applies to the remaining contrast.
    """

    modes: tuple[Literal["multiply", "darken", "burn"], ...] = ("multiply", "darken", "burn")
    opacity_range: Range = bounded((0.75, 1.0), 0.2, 1, "shares")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.modes:
            raise InputError("modes is empty; name at least one of multiply, darken, burn")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the mode and the opacity."""
        mode = self.modes[int(rng.integers(len(self.modes)))]
        return {"mode": mode, "opacity": lerp(self.opacity_range, rng.random())}

    def fill(self, background: Image, coverage: Image, ink: InkColour, em: float, parameters: Parameters) -> Image:
        """Draw blended letters."""
        below = background if ink.is_darker else cv2.bitwise_not(background)
        colour = np.full_like(background, np.clip(ink.colour if ink.is_darker else 255 - np.array(ink.colour), 0, 255))
        mixed = _darken(np.asarray(below, np.uint8), colour, parameters["mode"])
        if not ink.is_darker:  # lightening is darkening of the negative
            mixed = np.asarray(cv2.bitwise_not(mixed), np.uint8)
        return composite_image(background, with_opacity(coverage, parameters["opacity"]), mixed)


def _darken(background: Image, colour: Image, mode: str) -> Image:
    if mode == "multiply":
        return np.asarray(cv2.multiply(background, colour, scale=1 / 255), np.uint8)
    if mode == "darken":
        return np.asarray(cv2.min(background, colour), np.uint8)
    return np.asarray(cv2.subtract(background, cv2.bitwise_not(colour)), np.uint8)


_FORWARD = np.clip(2 * np.minimum(np.arange(256), 256 - np.arange(256)), 0, 255).astype(np.uint8)
_BACKWARD = np.uint8(255) - _FORWARD


@dataclass(frozen=True)
class GradientFill(_TwoColourFill):
    """Letters with a gradient between two colours.

    Attributes:
        degrees_range: Direction of the gradient: 0 is to the right, 90 downwards.
        distance_range: Distance of the two colours, 0 to 150 steps of luminance.
        turns_range: Number of gradients back and forth in the letters' height, 1 (forth) to 4.
    """

    degrees_range: Range = bounded((60, 120), -360, 360, "degrees")
    distance_range: Range = bounded((40, 110), 0, 150, "steps of luminance")
    turns_range: tuple[int, int] = bounded((1, 2), 1, 4, "counts")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the gradient, and the hue (RGB) of the second colour."""
        return {
            **self.uniform(rng, "degrees", "distance"),
            "turns": int(rng.integers(*self.turns_range, endpoint=True)),
            "mirrored": bool(rng.random() < 0.5),
            "tint": draw_colour(rng),
        }

    def mixture(self, size: Size, em: float, parameters: Parameters) -> Image:
        """Return the gradient."""
        width, height = int(size.width), int(size.height)
        angle, turns = math.radians(parameters["degrees"]), parameters["turns"]
        across, down = math.cos(angle) * turns / height, math.sin(angle) * turns / height  # turns per pixel
        x = (np.arange(width, dtype=np.float32) - (width - 1) / 2) * np.float32(across)
        y = (np.arange(height, dtype=np.float32) - (height - 1) / 2) * np.float32(down)
        phase = x + y[:, None] + np.float32(turns / 2)
        steps = (phase * np.float32(128)).astype(np.int32).astype(np.uint8)  # 256 steps back and forth
        return np.asarray(cv2.LUT(steps, _BACKWARD if parameters["mirrored"] else _FORWARD), np.uint8)


@dataclass(frozen=True)
class TextureFill(_TwoColourFill):
    """Letters with patches, stripes or dots of two colours.

    Attributes:
        patterns: Patterns to draw from: "patches", "stripes", "dots".
        size_range: Size of patches, stripes and dots, 0.02 to 1 ems; at least two pixels.
        distance_range: Distance of the two colours, 0 to 150 steps of luminance.
    """

    patterns: tuple[Literal["patches", "stripes", "dots"], ...] = ("patches", "stripes", "dots")
    size_range: Range = bounded((0.05, 0.2), 0.02, 1, "ems")
    distance_range: Range = bounded((40, 110), 0, 150, "steps of luminance")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.patterns:
            raise InputError("patterns is empty; name at least one of patches, stripes, dots")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the pattern, and the hue (RGB) of the second colour."""
        return {
            "pattern": self.patterns[int(rng.integers(len(self.patterns)))],
            **self.uniform(rng, "size", "distance"),
            "degrees": 180 * rng.random(),
            "noise_offset": draw_noise_offset(rng),
            "tint": draw_colour(rng),
        }

    def mixture(self, size: Size, em: float, parameters: Parameters) -> Image:
        """Return the pattern."""
        cell = max(2.0, parameters["size"] * em)
        if parameters["pattern"] == "patches":
            noise = smooth_noise(size, cell, parameters["noise_offset"])
            return np.asarray(cv2.convertScaleAbs(noise, alpha=2.5, beta=-1.5 * 128), np.uint8)
        return _waves(size, cell, parameters["degrees"], crossed=parameters["pattern"] == "dots")


def _waves(size: Size, cell: float, degrees: float, *, crossed: bool) -> Image:
    """Stripes or dots (H, W) that are `cell` pixels wide, 0 to 255, with soft edges."""
    angle, step = math.radians(degrees), math.pi / cell
    x = np.arange(size.width, dtype=np.float32) * np.float32(step)
    y = np.arange(size.height, dtype=np.float32)[:, None] * np.float32(step)
    across, down = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    wave = np.sin(x * across + y * down)
    if crossed:
        wave = wave * np.sin(y * across - x * down) * np.float32(2) - np.float32(0.3)
    return np.asarray(np.clip(wave * (cell / 3) * 128 + 128, 0, 255), np.uint8)
