"""Letters with a texture."""

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, InputError, Parameters, Range, Size, check_range
from synthtext.grain import draw_place, grain
from synthtext.ink.contrast import InkColour
from synthtext.ink.shades import around, draw_colour
from synthtext.ink.style import Fading, InkStyle
from synthtext.layers import overlay, two_colours


@dataclass(frozen=True)
class TextureFill(InkStyle):
    """Letters of two colours in patches, stripes or dots.

    Attributes:
        patterns: which are drawn: "patches", "stripes", "dots".
        size_range: of patches, stripes and dots, 0.02 to 1 ems; two pixels at least.
        distance_range: between the two colours, 0 to 150 steps of luminance.
    """

    patterns: tuple[Literal["patches", "stripes", "dots"], ...] = ("patches", "stripes", "dots")
    size_range: Range = (0.05, 0.2)
    distance_range: Range = (40, 110)

    def __post_init__(self) -> None:
        if not self.patterns:
            raise InputError("patterns is empty; name at least one of patches, stripes, dots")
        check_range("size_range", self.size_range, 0.02, 1, "ems")
        check_range("distance_range", self.distance_range, 0, 150, "steps of luminance")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the pattern, and the hue (RGB) of the second colour."""
        return {
            "pattern": self.patterns[int(rng.integers(len(self.patterns)))],
            "size": rng.uniform(*self.size_range),
            "distance": rng.uniform(*self.distance_range),
            "degrees": rng.uniform(0, 180),
            "place": draw_place(rng),
            "tint": draw_colour(rng),
        }

    def faded(self, parameters: Parameters) -> Fading:
        """Half of the distance between the colours: that of the ink is in the middle."""
        return Fading(loss=parameters["distance"] / 2)

    def fill(
        self, paper: Image, coverage: NDArray[np.uint8], ink: InkColour, em: float, parameters: Parameters
    ) -> Image:
        """The picture with the letters on it."""
        size = Size(coverage.shape[1], coverage.shape[0])
        cell = max(2.0, parameters["size"] * em)
        if parameters["pattern"] == "patches":
            noise = grain(size, cell, parameters["place"])
            index = np.asarray(cv2.convertScaleAbs(noise, alpha=2.5, beta=-1.5 * 128), np.uint8)
        else:
            index = _waves(size, cell, parameters["degrees"], crossed=parameters["pattern"] == "dots")
        colours = around(ink, parameters["tint"], parameters["distance"])
        return overlay(paper, coverage, two_colours(index, *colours))


def _waves(size: Size, cell: float, degrees: float, *, crossed: bool) -> NDArray[np.uint8]:
    """Stripes or dots (H, W) that are `cell` pixels wide, 0 to 255, with soft edges."""
    angle, step = math.radians(degrees), math.pi / cell
    x = np.arange(size.width, dtype=np.float32) * np.float32(step)
    y = np.arange(size.height, dtype=np.float32)[:, None] * np.float32(step)
    across, down = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    wave = np.sin(x * across + y * down)
    if crossed:
        wave = wave * np.sin(y * across - x * down) * np.float32(2) - np.float32(0.3)
    return np.asarray(np.clip(wave * (cell / 3) * 128 + 128, 0, 255), np.uint8)
