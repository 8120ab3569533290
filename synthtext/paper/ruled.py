"""Paper with printed lines."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, InputError, Parameters, Range, Size, check_range
from synthtext.layers import composite
from synthtext.paper.made import MadePaper


@dataclass(frozen=True)
class Ruled(MadePaper):
    """Pale paper with lines to write on, squares, or points, as of exercise books, and forms.

    Attributes:
        kinds: which are drawn: "lines", "squares", "points".
        lightness_range: of the paper, 0 to 255.
        strength_range: how much darker lines are, 5 to 120 steps of luminance; points half as much.
        spacing_range: of lines, as a share of the picture's height, 0.1 to 3; squares and points have a third of it.
    """

    kinds: tuple[Literal["lines", "squares", "points"], ...] = ("lines", "squares", "points")
    lightness_range: Range = (205, 255)
    strength_range: Range = (20, 90)
    spacing_range: Range = (0.45, 1.1)

    def __post_init__(self) -> None:
        if not self.kinds:
            raise InputError("kinds is empty; name at least one of lines, squares, points")
        check_range("lightness_range", self.lightness_range, 0, 255)
        check_range("strength_range", self.strength_range, 5, 120, "steps")
        check_range("spacing_range", self.spacing_range, 0.1, 3, "shares")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the paper, and its lines: where they begin, how they lean, their colour."""
        lightness = rng.uniform(*self.lightness_range)
        paper = np.clip(lightness + rng.uniform(-14, 6, 3), 0, 255)
        tint = rng.uniform(0.4, 1.6, 3)  # blue, red and grey lines
        kind = self.kinds[int(rng.integers(len(self.kinds)))]
        strength = rng.uniform(*self.strength_range) * (0.5 if kind == "points" else 1)  # which might pass for stops
        line = np.clip(paper - strength * tint * (3 / tint.sum()), 0, 255)
        return {
            "kind": kind,
            "paper": paper.round().tolist(),
            "line": line.round().tolist(),
            "spacing": rng.uniform(*self.spacing_range),
            "x": rng.random(),
            "y": rng.random(),
            "lean": rng.uniform(-0.02, 0.02),
            "width": rng.uniform(0.02, 0.045),
        }

    def show(self, size: Size, parameters: Parameters) -> Image:
        """A piece of paper, (H, W, 3)."""
        width, height = int(size.width), int(size.height)
        image = np.empty((height, width, 3), np.uint8)
        image[:] = np.array(parameters["paper"], np.uint8)
        kind, colour = parameters["kind"], parameters["line"]
        step = max(5.0, parameters["spacing"] * height / (1 if kind == "lines" else 3))
        thick = max(1, round(parameters["width"] * height * (1 if kind == "lines" else 0.6)))
        if kind == "points":
            _points(image, step, parameters)
            return image
        lean = parameters["lean"]
        for y in np.arange((parameters["y"] - 1) * step - abs(lean) * width, height + abs(lean) * width, step):
            _line(image, (0.0, y), (width, y + lean * width), colour, thick)
        if kind == "squares":
            for x in np.arange((parameters["x"] - 1) * step - abs(lean) * height, width + abs(lean) * height, step):
                _line(image, (x, 0.0), (x - lean * height, height), colour, thick)
        return image


def _line(image: Image, first: tuple[float, float], last: tuple[float, float], colour: list[float], thick: int) -> None:
    begin, end = ((round(x * 16), round(y * 16)) for x, y in (first, last))
    cv2.line(image, begin, end, colour, thick, cv2.LINE_AA, 4)


def _points(image: Image, step: float, parameters: Parameters) -> None:
    """Round points in rows and columns."""
    aside, down = (
        _from_points(length, parameters[name], step) for length, name in zip(image.shape[1::-1], "xy", strict=True)
    )
    away = np.sqrt(down[:, None] ** 2 + aside**2)
    mask = np.clip((max(0.9, 0.07 * step) + 0.5 - away) * 255, 0, 255).astype(np.uint8)
    image[:] = composite(image, mask, parameters["line"])


def _from_points(length: int, begin: float, step: float) -> NDArray[np.float32]:
    """How far pixels are from the nearest of the places that lie `step` apart."""
    place = (np.arange(length, dtype=np.float32) + 0.5) / np.float32(step) - np.float32(begin)
    return np.asarray(np.abs(place - np.round(place)) * np.float32(step), np.float32)
