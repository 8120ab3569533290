"""Printed backgrounds: ruled paper, tables and halftones."""

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.background.background import ParametricBackground
from synthtext.background.textures import draw_noise_offset, smooth_noise, uniform_image
from synthtext.core import Image, InputError, Parameters, Range, Size, check_fraction, check_range, lerp
from synthtext.core.compositing import colour_ramp, composite


@dataclass(frozen=True)
class Ruled(ParametricBackground):
    """Pale paper with printed lines, squares or dots, as in exercise books and forms.

    Attributes:
        kinds: Kinds to draw from: "lines", "squares", "points".
        lightness_range: Lightness of the paper, 0 to 255.
        strength_range: How much darker the lines are, 5 to 120 steps of luminance; points have half of it.
        spacing_range: Distance of the lines, as a fraction of the image's height, 0.1 to 3; a third of it for squares
            and points.
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
        """Draw the paper and its lines: position, slope and colour."""
        lightness = lerp(self.lightness_range, rng.random())
        base = np.clip(lightness + rng.uniform(-14, 6, 3), 0, 255)
        tint = rng.uniform(0.4, 1.6, 3)  # for blue, red and grey lines
        kind = self.kinds[int(rng.integers(len(self.kinds)))]
        strength = lerp(self.strength_range, rng.random())
        strength *= 0.5 if kind == "points" else 1  # strong points look like stops
        line = np.clip(base - strength * tint * (3 / tint.sum()), 0, 255)
        return {
            "kind": kind,
            "base": base.round().tolist(),
            "line": line.round().tolist(),
            "spacing": lerp(self.spacing_range, rng.random()),
            "x": rng.random(),
            "y": rng.random(),
            "lean": rng.uniform(-0.02, 0.02),
            "width": rng.uniform(0.02, 0.045),
        }

    def render(self, size: Size, parameters: Parameters) -> Image:
        """Render the paper, (H, W, 3)."""
        width, height = int(size.width), int(size.height)
        image = uniform_image(size, parameters["base"])
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
    """Draw round points in rows and columns."""
    distances = []
    for length, start in zip(image.shape[1::-1], (parameters["x"], parameters["y"]), strict=True):
        position = (np.arange(length, dtype=np.float32) + 0.5) / np.float32(step) - np.float32(start)
        distances.append(np.abs(position - np.round(position)) * np.float32(step))
    away = np.sqrt(distances[1][:, None] ** 2 + distances[0] ** 2)
    mask = np.clip((max(0.9, 0.07 * step) + 0.5 - away) * 255, 0, 255).astype(np.uint8)
    image[:] = composite(image, mask, parameters["line"])


_MAX_INSETS = (0.03, 0.09) * 2  # of lines left, above, right, below, in heights: they must not look like letters
_MAX_DIFFERENCE = 45  # steps of luminance between a cell and its neighbours


@dataclass(frozen=True)
class Table(ParametricBackground):
    """A table cell with lines along some of its sides, near the edges of the image, and shaded neighbouring cells.

    Attributes:
        lightness_range: Lightness of the cell, 0 to 255.
        tint: Maximum difference of the channels from the lightness, 0 to 255.
        width_range: Width of the lines, as a fraction of the height, 0.01 to 0.08; at least one pixel.
        side_probability: Probability of a line on each side.
    """

    lightness_range: Range = (190, 255)
    tint: float = 12
    width_range: Range = (0.02, 0.05)
    side_probability: float = 0.55

    def __post_init__(self) -> None:
        check_range("lightness_range", self.lightness_range, 0, 255)
        check_range("tint", (0, self.tint), 0, 255)
        check_range("width_range", self.width_range, 0.01, 0.08, "shares")
        check_fraction("side_probability", self.side_probability)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the cell, its neighbours, and the insets of the lines (left, top, right, bottom) in heights."""
        lightness = lerp(self.lightness_range, rng.random())
        cell = np.clip(lightness + rng.uniform(-self.tint, self.tint, 3), 0, 255)
        beside = np.clip(cell + rng.uniform(-_MAX_DIFFERENCE, _MAX_DIFFERENCE), 0, 255) if rng.random() < 0.4 else cell
        level = rng.uniform(0, max(0.0, lightness - 60))
        return {
            "cell": cell.round().tolist(),
            "beside": beside.round().tolist(),
            "line": np.clip(level + rng.uniform(-25, 25, 3), 0, 255).round().tolist(),
            "sides": [rng.uniform(0, edge) if rng.random() < self.side_probability else None for edge in _MAX_INSETS],
            "width": lerp(self.width_range, rng.random()),
            "double": bool(rng.random() < 0.1),
        }

    def render(self, size: Size, parameters: Parameters) -> Image:
        """Render the cell, (H, W, 3)."""
        image = uniform_image(size, parameters["cell"])
        thick = max(1, round(parameters["width"] * size.height))
        for side, place in enumerate(parameters["sides"]):
            if place is not None:
                _border(image, side, round(place * size.height), thick, parameters)
        return image


def _border(image: Image, side: int, inset: int, thick: int, parameters: Parameters) -> None:
    """Draw a line along a side (left, top, right, bottom) in place, and the neighbouring cell beyond it."""
    oriented = image.transpose(1, 0, 2) if side % 2 == 0 else image  # rows from the side inwards
    rows = oriented if side < 2 else oriented[::-1]
    rows[:inset] = parameters["beside"]
    rows[inset : inset + thick] = parameters["line"]
    if parameters["double"] and side % 2:
        rows[max(0, inset - 2 * thick) : max(0, inset - thick)] = parameters["line"]


_ANGLES = (15.0, 75.0, 0.0)  # degrees of cyan, magenta and yellow
_SHARPNESS = 2.2  # of the edges of dots


@dataclass(frozen=True)
class Halftone(ParametricBackground):
    """Tints of newspapers, comics and posters: dots that grow with darkness, in one ink or three.

    Attributes:
        pitch_range: Distance of the dots, as a fraction of the image's height, 0.04 to 0.5; at least three pixels.
        tone_range: Ink of the lightest and darkest places, as fractions from 0 to 1.
        colour_probability: Probability of three inks (cyan, magenta, yellow) instead of one.
    """

    pitch_range: Range = (0.07, 0.16)
    tone_range: Range = (0.05, 0.55)
    colour_probability: float = 0.3

    def __post_init__(self) -> None:
        check_range("pitch_range", self.pitch_range, 0.04, 0.5, "shares")
        check_range("tone_range", self.tone_range, 0, 1, "shares")
        check_fraction("colour_probability", self.colour_probability)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the screen, its tones and its inks (RGB)."""
        count = 3 if rng.random() < self.colour_probability else 1
        base = np.clip(rng.uniform(200, 250) + rng.uniform(-18, 6, 3), 0, 255)
        return {
            "pitch": lerp(self.pitch_range, rng.random()),
            "degrees": 90 * rng.random(),
            "tones": [sorted(rng.uniform(*self.tone_range, 2).tolist()) for _ in range(count)],
            "noise_offsets": [draw_noise_offset(rng) for _ in range(count)],
            "area": rng.uniform(0.8, 4),
            "base": base.round().tolist(),
            "ink": (170 * rng.random() + rng.uniform(0, 70, 3)).round().tolist(),
        }

    def render(self, size: Size, parameters: Parameters) -> Image:
        """Render the print, (H, W, 3)."""
        pitch = max(3.0, parameters["pitch"] * size.height)
        layers = []
        for number, (tones, offset) in enumerate(zip(parameters["tones"], parameters["noise_offsets"], strict=True)):
            low, high = tones
            areas = smooth_noise(size, max(4.0, parameters["area"] * size.height), tuple(offset)).astype(np.float32)
            tone = np.float32(low) + areas * np.float32((high - low) / 255)
            angle = math.radians(parameters["degrees"] + _ANGLES[number])
            layers.append(_dots(size, pitch, angle, tone))
        if len(layers) == 1:
            return colour_ramp(layers[0], parameters["base"], parameters["ink"])
        flat = uniform_image(size, parameters["base"])
        return np.asarray(cv2.subtract(flat, cv2.multiply(cv2.merge(layers), flat, scale=0.8 / 255)), np.uint8)


def _dots(size: Size, pitch: float, angle: float, tone: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Ink (H, W) of dots `pitch` pixels apart, in rows rotated by an angle; `tone` (H, W) is the amount of ink."""
    turn = 2 * math.pi / pitch
    across, down = turn * math.cos(angle), turn * math.sin(angle)
    x, y = np.arange(size.width, dtype=np.float32), np.arange(size.height, dtype=np.float32)
    # cos(ax + by) + cos(ay - bx), each as products of rows and columns
    x_across, x_down, y_across, y_down = (part * np.float32(step) for part in (x, y) for step in (across, down))
    one = np.outer(np.cos(y_down), np.cos(x_across)) - np.outer(np.sin(y_down), np.sin(x_across))
    other = np.outer(np.cos(y_across), np.cos(x_down)) + np.outer(np.sin(y_across), np.sin(x_down))
    screen = (one + other) * np.float32(0.25) + np.float32(0.5)  # 0 to 1
    steep = np.float32(_SHARPNESS * min(pitch, 9) / 3 * 100)
    return np.asarray(np.clip((screen - 1 + tone) * steep + 128, 0, 255), np.uint8)
