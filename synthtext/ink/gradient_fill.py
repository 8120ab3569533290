"""Letters whose colour flows into another one."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, check_range
from synthtext.ink.contrast import InkColour
from synthtext.ink.shades import around, draw_colour
from synthtext.ink.style import Fading, InkStyle
from synthtext.layers import overlay, two_colours

_THERE = np.clip(2 * np.minimum(np.arange(256), 256 - np.arange(256)), 0, 255).astype(np.uint8)
_BACK = np.asarray(255 - _THERE, np.uint8)


@dataclass(frozen=True)
class GradientFill(InkStyle):
    """Letters of two colours that flow into each other.

    Attributes:
        degrees_range: direction of the flow: 0 is to the right, 90 downwards.
        distance_range: between the two colours, 0 to 150 steps of luminance.
        turns_range: how often it flows there and back in the letters' height, 1 (there) to 4.
    """

    degrees_range: Range = (60, 120)
    distance_range: Range = (40, 110)
    turns_range: tuple[int, int] = (1, 2)

    def __post_init__(self) -> None:
        check_range("degrees_range", self.degrees_range, -360, 360, "degrees")
        check_range("distance_range", self.distance_range, 0, 150, "steps of luminance")
        check_range("turns_range", self.turns_range, 1, 4, "counts")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the flow, and the hue (RGB) of the second colour."""
        return {
            "degrees": rng.uniform(*self.degrees_range),
            "distance": rng.uniform(*self.distance_range),
            "turns": int(rng.integers(*self.turns_range, endpoint=True)),
            "mirrored": bool(rng.random() < 0.5),
            "tint": draw_colour(rng),
        }

    def faded(self, parameters: Parameters) -> Fading:
        """Half of the distance between the colours: that of the ink is in the middle."""
        return Fading(loss=parameters["distance"] / 2)

    def fill(
        self, paper: Image, coverage: NDArray[np.uint8], ink: InkColour, em: float, parameters: Parameters
    ) -> Image:
        """The picture with the letters on it."""
        height, width = coverage.shape
        angle, turns = math.radians(parameters["degrees"]), parameters["turns"]
        across, down = math.cos(angle) * turns / height, math.sin(angle) * turns / height  # of a turn in every pixel
        x = (np.arange(width, dtype=np.float32) - (width - 1) / 2) * np.float32(across)
        y = (np.arange(height, dtype=np.float32) - (height - 1) / 2) * np.float32(down)
        way = x + y[:, None] + np.float32(turns / 2)
        steps = (way * np.float32(128)).astype(np.int32).astype(np.uint8)  # of 256 there and back
        index = np.asarray(cv2.LUT(steps, _BACK if parameters["mirrored"] else _THERE), np.uint8)
        colours = around(ink, parameters["tint"], parameters["distance"])
        return overlay(paper, coverage, two_colours(index, *colours))
