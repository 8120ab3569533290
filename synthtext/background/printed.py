"""Paper with printed lines."""

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.background.background import ParametricBackground
from synthtext.background.textures import draw_noise_offset, smooth_noise
from synthtext.core import Image, InputError, Parameters, Range, Size, check_fraction, check_range
from synthtext.core.compositing import composite


@dataclass(frozen=True)
class Ruled(ParametricBackground):
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
            "base": paper.round().tolist(),
            "line": line.round().tolist(),
            "spacing": rng.uniform(*self.spacing_range),
            "x": rng.random(),
            "y": rng.random(),
            "lean": rng.uniform(-0.02, 0.02),
            "width": rng.uniform(0.02, 0.045),
        }

    def render(self, size: Size, parameters: Parameters) -> Image:
        """A piece of paper, (H, W, 3)."""
        width, height = int(size.width), int(size.height)
        image = np.empty((height, width, 3), np.uint8)
        image[:] = np.array(parameters["base"], np.uint8)
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


_EDGES = (0.03, 0.09) * 2  # of the height, in which lines left, above, right, below lie: they must not pass for letters
_APART = 45  # steps of luminance between a cell and its neighbours, at most


@dataclass(frozen=True)
class Table(ParametricBackground):
    """A cell with lines along some of its sides, near the picture's edges, and shaded cells beside it.

    Attributes:
        lightness_range: of the cell, 0 to 255.
        tint: how far channels may differ from the lightness, 0 to 255.
        width_range: of the lines, as a share of the height, 0.01 to 0.08; one pixel at least.
        side_probability: of a line on each side.
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
        """Draw the cell, its neighbours, and lines left, above, right, below: how far inside, as shares of height."""
        lightness = rng.uniform(*self.lightness_range)
        cell = np.clip(lightness + rng.uniform(-self.tint, self.tint, 3), 0, 255)
        beside = np.clip(cell + rng.uniform(-_APART, _APART), 0, 255) if rng.random() < 0.4 else cell
        level = rng.uniform(0, max(0.0, lightness - 60))
        return {
            "cell": cell.round().tolist(),
            "beside": beside.round().tolist(),
            "line": np.clip(level + rng.uniform(-25, 25, 3), 0, 255).round().tolist(),
            "sides": [rng.uniform(0, edge) if rng.random() < self.side_probability else None for edge in _EDGES],
            "width": rng.uniform(*self.width_range),
            "double": bool(rng.random() < 0.1),
        }

    def render(self, size: Size, parameters: Parameters) -> Image:
        """The cell, (H, W, 3)."""
        width, height = int(size.width), int(size.height)
        image = np.empty((height, width, 3), np.uint8)
        image[:] = np.array(parameters["cell"], np.uint8)
        thick = max(1, round(parameters["width"] * height))
        for side, place in enumerate(parameters["sides"]):
            if place is not None:
                _border(image, side, round(place * height), thick, parameters)
        return image


def _border(image: Image, side: int, inset: int, thick: int, parameters: Parameters) -> None:
    """A line along a side (left, top, right, bottom), in place, and the neighbouring cell beyond it."""
    seen = image.transpose(1, 0, 2) if side % 2 == 0 else image  # rows from the side inwards
    rows = seen if side < 2 else seen[::-1]
    rows[:inset] = parameters["beside"]
    rows[inset : inset + thick] = parameters["line"]
    if parameters["double"] and side % 2:
        rows[max(0, inset - 2 * thick) : max(0, inset - thick)] = parameters["line"]


_ANGLES = (15.0, 75.0, 0.0)  # degrees of cyan, magenta and yellow
_SHARP = 2.2  # how fast dots end


@dataclass(frozen=True)
class Halftone(ParametricBackground):
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
        check_fraction("colour_probability", self.colour_probability)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the screen, its tones and its inks (RGB)."""
        count = 3 if rng.random() < self.colour_probability else 1
        paper = np.clip(rng.uniform(200, 250) + rng.uniform(-18, 6, 3), 0, 255)
        return {
            "pitch": rng.uniform(*self.pitch_range),
            "degrees": rng.uniform(0, 90),
            "tones": [sorted(rng.uniform(*self.tone_range, 2).tolist()) for _ in range(count)],
            "noise_offsets": [draw_noise_offset(rng) for _ in range(count)],
            "area": rng.uniform(0.8, 4),
            "base": paper.round().tolist(),
            "ink": (rng.uniform(0, 170) + rng.uniform(0, 70, 3)).round().tolist(),
        }

    def render(self, size: Size, parameters: Parameters) -> Image:
        """A piece of print, (H, W, 3)."""
        pitch = max(3.0, parameters["pitch"] * size.height)
        layers = []
        for number, (tones, place) in enumerate(zip(parameters["tones"], parameters["noise_offsets"], strict=True)):
            low, high = tones
            areas = smooth_noise(size, max(4.0, parameters["area"] * size.height), tuple(place)).astype(np.float32)
            tone = np.float32(low) + areas * np.float32((high - low) / 255)
            angle = math.radians(parameters["degrees"] + _ANGLES[number])
            layers.append(_dots(size, pitch, angle, tone))
        paper = np.array(parameters["base"], np.float64)
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
