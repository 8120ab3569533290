"""Photographed screens of telephones, monitors and televisions."""

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.background.background import ParametricBackground
from synthtext.core import Image, InputError, Parameters, Range, Size, check_range, lerp

_MOIRE_STRENGTH = 0.75  # relative to the gaps between pixels
_DOWNSCALE = 4  # of the image on which moire is computed


@dataclass(frozen=True)
class Screen(ParametricBackground):
    """A light or dark surface; a grid of coloured pixels, scan lines or moire lies over it and the letters.

    Attributes:
        kinds: Kinds to draw from: "pixels" (red, green and blue stripes), "lines" (of a cathode ray tube), "moire".
        lightness_range: Lightness of the surface, 0 to 255.
        tint: Maximum difference of the channels from the lightness, 0 to 255.
        pitch_range: Distance of pixels and lines, as a fraction of the image's height, 0.04 to 0.5; at least three
            pixels.
        depth_range: How much darker the gaps are, as a fraction from 0 to 0.7.
    """

    kinds: tuple[Literal["pixels", "lines", "moire"], ...] = ("pixels", "lines", "moire")
    lightness_range: Range = (0, 255)
    tint: float = 50
    pitch_range: Range = (0.06, 0.1)
    depth_range: Range = (0.2, 0.5)

    def __post_init__(self) -> None:
        if not self.kinds:
            raise InputError("kinds is empty; name at least one of pixels, lines, moire")
        check_range("lightness_range", self.lightness_range, 0, 255)
        check_range("tint", (0, self.tint), 0, 255)
        check_range("pitch_range", self.pitch_range, 0.04, 0.5, "shares")
        check_range("depth_range", self.depth_range, 0, 0.7, "shares")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the surface (RGB at its left and right), and the overlay."""
        left = lerp(self.lightness_range, rng.random()) + rng.uniform(-self.tint, self.tint, 3)
        right = left + (rng.uniform(-40, 40) if rng.random() < 0.5 else 0)
        return {
            "kind": self.kinds[int(rng.integers(len(self.kinds)))],
            "left": np.clip(left, 0, 255).round().tolist(),
            "right": np.clip(right, 0, 255).round().tolist(),
            "pitch": lerp(self.pitch_range, rng.random()),
            "depth": lerp(self.depth_range, rng.random()),
            "waves": rng.uniform(0.6, 3.5),
            "degrees": 180 * rng.random(),
            "bend": rng.uniform(-1, 1),
        }

    def render(self, size: Size, parameters: Parameters) -> Image:
        """Render the surface without its overlay, (H, W, 3)."""
        fraction = np.linspace(0, 1, int(size.width))[:, None]
        left, right = np.array(parameters["left"]), np.array(parameters["right"])
        row = (left + (right - left) * fraction + 0.5).astype(np.uint8)
        return np.tile(row, (int(size.height), 1, 1))

    def apply_overlay(self, image: Image, parameters: Parameters) -> Image:
        """Multiply an image by the light that passes through pixels, lines or moire."""
        size = Size(image.shape[1], image.shape[0])
        light = _moire(size, parameters) if parameters["kind"] == "moire" else _grid(size, parameters)
        return np.asarray(cv2.multiply(image, light, scale=1 / 255), np.uint8)

    def retained_contrast(self, parameters: Parameters) -> float:
        """The minimum fraction of light that passes, averaged over several pixels."""
        depth = float(parameters["depth"])
        if parameters["kind"] == "pixels":  # two thirds of every channel, and at most a third of the rows
            return (1 - depth * 0.75) * (1 - depth * 0.2)
        return 1 - _MOIRE_STRENGTH * depth


def _grid(size: Size, parameters: Parameters) -> Image:
    """Light (H, W, 3) that passes through a grid: 255 is all of it."""
    pitch = max(3, round(parameters["pitch"] * size.height))
    dark = 255 * (1 - parameters["depth"])
    light = np.full((int(size.height), int(size.width), 3), 255, np.uint8)
    if parameters["kind"] == "lines":
        wave = (1 + np.cos(2 * math.pi * np.arange(pitch) / pitch)) / 2
        rows = np.resize(dark + (255 - dark) * wave, int(size.height)).astype(np.uint8)
        light[:] = rows[:, None, None]
        return light
    stripe = pitch / 3
    columns = np.full((pitch, 3), dark, np.uint8)
    for channel in range(3):  # each covers a third of the pixel
        columns[round(channel * stripe) : round((channel + 1) * stripe), channel] = 255
    light[:] = np.resize(columns, (int(size.width), 3))
    light[::pitch] = (light[::pitch] * (1 - parameters["depth"] * 0.6)).astype(np.uint8)
    return light


def _moire(size: Size, parameters: Parameters) -> NDArray[np.uint8]:
    """Light (H, W, 3) in curved bands, which differ in colour at their sides."""
    width, height = -(-int(size.width) // _DOWNSCALE), -(-int(size.height) // _DOWNSCALE)
    x = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(size.width / size.height)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    angle, bend = math.radians(parameters["degrees"]), np.float32(parameters["bend"] * 0.25)
    way = x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle)) + bend * (x * x * np.float32(0.3) + y * x)
    turn = np.float32(2 * math.pi * parameters["waves"]) * way
    depth = np.float32(parameters["depth"] * _MOIRE_STRENGTH * 127)
    bands = [255 - depth * (1 + np.sin(turn + np.float32(shift))) for shift in (0.0, 1.0, 2.0)]
    small = np.stack(bands, axis=2).astype(np.uint8)
    whole = (int(size.width), int(size.height))
    return np.asarray(cv2.resize(small, whole, interpolation=cv2.INTER_LINEAR), np.uint8)
