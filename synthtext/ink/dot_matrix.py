"""Letters made of dots."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Parameters, Range, check_range
from synthtext.ink.style import InkStyle

_LEFT = 70  # of 255 between the dots: thin strokes run on


@dataclass(frozen=True)
class DotMatrix(InkStyle):
    """Letters of dots in rows, as of dot-matrix and ink-jet coders, and of displays of lamps.

    Attributes:
        pitch_range: between dots, 0.03 to 0.2 ems; three pixels at least.
    """

    pitch_range: Range = (0.06, 0.1)

    def __post_init__(self) -> None:
        check_range("pitch_range", self.pitch_range, 0.03, 0.2, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw how far apart dots are."""
        return {"pitch": rng.uniform(*self.pitch_range)}

    def letters(self, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> NDArray[np.uint8]:
        """The letters with gaps between the dots."""
        height, width = coverage.shape
        turn = 2 * math.pi / max(3.0, parameters["pitch"] * em)
        rows = np.cos(np.arange(height, dtype=np.float32) * np.float32(turn)) + np.float32(0.9)
        columns = np.cos(np.arange(width, dtype=np.float32) * np.float32(turn))
        dots = np.clip((rows[:, None] + columns) * np.float32(140), _LEFT, 255).astype(np.uint8)
        return np.asarray(cv2.multiply(coverage, dots, scale=1 / 255), np.uint8)
