"""Print in dots."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, Size, check_range, check_share
from synthtext.grain import draw_place, grain
from synthtext.paper.made import MadePaper

_ANGLES = (15.0, 75.0, 0.0)  # degrees of cyan, magenta and yellow
_SHARP = 2.2  # how fast dots end


@dataclass(frozen=True)
class Halftone(MadePaper):
    """Tints of newspapers, comics and posters: dots that grow where it is darker, in one ink or in three.

    Attributes:
        pitch_range: between dots, as a share of the picture's height, 0.04 to 0.5; three pixels at least.
        tone_range: of the lightest and darkest place, shares of ink from 0 to 1.
        colour_probability: of three inks (cyan, magenta, yellow) instead of one.
    """

    pitch_range: Range = (0.07, 0.16)
    tone_range: Range = (0.05, 0.55)
    colour_probability: float = 0.3

    def __post_init__(self) -> None:
        check_range("pitch_range", self.pitch_range, 0.04, 0.5, "shares")
        check_range("tone_range", self.tone_range, 0, 1, "shares")
        check_share("colour_probability", self.colour_probability)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the screen, its tones and its inks (RGB)."""
        count = 3 if rng.random() < self.colour_probability else 1
        paper = np.clip(rng.uniform(200, 250) + rng.uniform(-18, 6, 3), 0, 255)
        return {
            "pitch": rng.uniform(*self.pitch_range),
            "degrees": rng.uniform(0, 90),
            "tones": [sorted(rng.uniform(*self.tone_range, 2).tolist()) for _ in range(count)],
            "places": [draw_place(rng) for _ in range(count)],
            "area": rng.uniform(0.8, 4),
            "paper": paper.round().tolist(),
            "ink": (rng.uniform(0, 170) + rng.uniform(0, 70, 3)).round().tolist(),
        }

    def show(self, size: Size, parameters: Parameters) -> Image:
        """A piece of print, (H, W, 3)."""
        pitch = max(3.0, parameters["pitch"] * size.height)
        layers = []
        for number, (tones, place) in enumerate(zip(parameters["tones"], parameters["places"], strict=True)):
            low, high = tones
            areas = grain(size, max(4.0, parameters["area"] * size.height), tuple(place)).astype(np.float32)
            tone = np.float32(low) + areas * np.float32((high - low) / 255)
            angle = math.radians(parameters["degrees"] + _ANGLES[number])
            layers.append(_dots(size, pitch, angle, tone))
        paper = np.array(parameters["paper"], np.float64)
        if len(layers) == 1:
            steps = np.linspace(0, 1, 256)[:, None]
            table = (paper + (np.array(parameters["ink"]) - paper) * steps + 0.5).astype(np.uint8)
            return np.asarray(cv2.LUT(cv2.merge((layers[0],) * 3), table[None]), np.uint8)
        flat = np.empty((int(size.height), int(size.width), 3), np.uint8)
        flat[:] = paper.astype(np.uint8)
        return np.asarray(cv2.subtract(flat, cv2.multiply(cv2.merge(layers), flat, scale=0.8 / 255)), np.uint8)


def _dots(size: Size, pitch: float, angle: float, tone: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Ink (H, W) in dots `pitch` pixels apart, in rows that are turned by an angle; `tone` (H, W) is how much."""
    turn = 2 * math.pi / pitch
    across, down = turn * math.cos(angle), turn * math.sin(angle)
    x, y = np.arange(size.width, dtype=np.float32), np.arange(size.height, dtype=np.float32)
    # cos(ax + by) + cos(ay - bx), each as products of rows and columns
    one = np.outer(np.cos(y * np.float32(down)), np.cos(x * np.float32(across))) - np.outer(
        np.sin(y * np.float32(down)), np.sin(x * np.float32(across))
    )
    other = np.outer(np.cos(y * np.float32(across)), np.cos(x * np.float32(down))) + np.outer(
        np.sin(y * np.float32(across)), np.sin(x * np.float32(down))
    )
    screen = (one + other) * np.float32(0.25) + np.float32(0.5)  # 0 to 1
    steep = np.float32(_SHARP * min(pitch, 9) / 3 * 100)
    return np.asarray(np.clip((screen - 1 + tone) * steep + 128, 0, 255), np.uint8)
