"""Underlined letters."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError, Parameters, Range, check_fraction, check_number, check_range
from synthtext.ink.colours import draw_colour, with_luminance
from synthtext.ink.style import InkStyle
from synthtext.typesetting.canvas import Strokes
from synthtext.typesetting.shaping import ShapedLine

_BESIDE = 0.06  # ems that are free below letters which an underline must not touch


@dataclass(frozen=True)
class Underline(InkStyle):
    """Letters on a line: straight, double, dashed, dotted, or a wave; beside vertical lines, on their right.

    It is decoration: quads do not hold it. It stands clear below all ink where crossing it could make another character
    (an underscore, a comma, a cedilla, other marks below), and ends before letters, or crosses them, elsewhere.

    Attributes:
        kinds: which are drawn: "straight", "double", "dashed", "dotted", "wave".
        distance_range: from the baseline to the line, 0.06 to 0.5 ems.
        width_range: of the line, 0.01 to 0.15 ems.
        own_colour_probability: that it has another colour than the letters.
    """

    kinds: tuple[Literal["straight", "double", "dashed", "dotted", "wave"], ...] = (
        "straight", "straight", "straight", "double", "dashed", "dotted", "wave",
    )  # fmt: skip
    distance_range: Range = (0.1, 0.18)
    width_range: Range = (0.03, 0.07)
    own_colour_probability: float = 0.25

    def __post_init__(self) -> None:
        if not self.kinds:
            raise InputError("kinds is empty; name at least one of straight, double, dashed, dotted, wave")
        check_range("distance_range", self.distance_range, 0.06, 0.5, "ems")
        check_range("width_range", self.width_range, 0.01, 0.15, "ems")
        check_fraction("own_colour_probability", self.own_colour_probability)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the line, and its colour (RGB; none is the letters')."""
        own = rng.random() < self.own_colour_probability
        return {
            "kind": self.kinds[int(rng.integers(len(self.kinds)))],
            "distance": rng.uniform(*self.distance_range),
            "width": rng.uniform(*self.width_range),
            "has_gaps": bool(rng.random() < 0.5),
            "colour": draw_colour(rng) if own else None,
        }

    def strokes(self, line: ShapedLine, parameters: Parameters) -> Strokes:
        """The line, as long as the text."""
        ink, width, kind = line.ink_box, parameters["width"], parameters["kind"]
        low = parameters["distance"] + width / 2
        if line.vertical or not _may_cross(line.text):
            edge = ink.right if line.vertical else ink.bottom
            low = max(low, edge + _BESIDE + (2 * width if kind == "wave" else width / 2))
        begin, end = (ink.top, ink.bottom) if line.vertical else (ink.left, ink.right)
        paths = _paths(kind, begin, end, width) + np.array([0.0, low])
        turned = paths[..., ::-1] if line.vertical else paths
        apart = _BESIDE if parameters["has_gaps"] else 0.0
        return Strokes(np.asarray(turned, np.float32), width, parameters["colour"], apart)


def _may_cross(text: str) -> bool:
    """Whether a line just below the baseline leaves every character what it is."""
    return text.isascii() and not any(character in "_,;" for character in text)


def _paths(kind: str, begin: float, end: float, width: float) -> NDArray[np.float64]:
    """The parts (S, P, 2) of a line from `begin` to `end` along the first axis, with its middle at 0 of the second."""
    if kind == "wave":
        x = np.linspace(begin, end, max(3, math.ceil((end - begin) / width)))
        return np.stack([x, 1.2 * width * np.sin((x - begin) * (math.pi / 3 / width))], axis=1)[None]
    if kind in ("dashed", "dotted"):
        long = width * (4.0 if kind == "dashed" else 1.0)
        starts = np.arange(begin, max(end - long / 2, begin + 1e-6), long + 1.5 * width)
        return np.stack([starts, 0 * starts, starts + long, 0 * starts], axis=1).reshape(-1, 2, 2)
    below = np.array([0.0, 2.2 * width] if kind == "double" else [0.0])
    return np.stack([0 * below + begin, below, 0 * below + end, below], axis=1).reshape(-1, 2, 2)


_MIDDLE = 0.42  # of the height above the baseline: through letters of either case
_BEYOND = 0.08  # ems that the line goes on at both ends: it is no part of a letter
_CASED = ("Latn", "Cyrl", "Grek", "Zyyy")


@dataclass(frozen=True)
class StrikeThrough(InkStyle):
    """Letters with a thin line through them, as of old prices. It is decoration: quads do not hold it.

    It has the letters' colour, or lies below them in its own, as always where it could hide a dash: letters and digits
    alone can be read through a line of their colour.

    Attributes:
        width_range: of the line, 0.01 to 0.07 ems.
        rise: how much higher the line may be at its end than at its begin, or lower, as a share of the letters' height,
            0 to 1.
        own_colour_probability: that it has another colour than the letters, and lies below them.
    """

    width_range: Range = (0.02, 0.045)
    rise: float = 0.5
    own_colour_probability: float = 0.5

    def __post_init__(self) -> None:
        check_range("width_range", self.width_range, 0.01, 0.07, "ems")
        check_number("rise", self.rise, 0, 1)
        check_fraction("own_colour_probability", self.own_colour_probability)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the line; its colour (RGB) is used where it does not have the letters'."""
        return {
            "width": rng.uniform(*self.width_range),
            "rise": float(rng.uniform(-self.rise, self.rise)) if rng.random() < 0.5 else 0.0,
            "own": bool(rng.random() < self.own_colour_probability),
            "colour": draw_colour(rng),
        }

    def strokes(self, line: ShapedLine, parameters: Parameters) -> Strokes:
        """The line, a little longer than the text."""
        ink = line.ink_box
        begin, end = (ink.top, ink.bottom) if line.vertical else (ink.left, ink.right)
        near, far = (ink.left, ink.right) if line.vertical else (ink.top, ink.bottom)
        cased = line.script in _CASED and not line.vertical and near < 0
        middle = near * _MIDDLE if cased else (near + far) / 2
        half = parameters["rise"] * (far - near) / 2
        points = [[begin - _BEYOND, middle + half], [end + _BEYOND, middle - half]]
        path = np.array(points, np.float32)[:, :: -1 if line.vertical else 1]
        own = parameters["own"] or not all(part.isalnum() or part.isspace() for part in line.text)
        return Strokes(path[None], parameters["width"], parameters["colour"] if own else None)


@dataclass(frozen=True)
class Highlight(InkStyle):
    """Letters on a stripe of a bright colour, as of a marker or a selection. It is decoration: quads do not hold it.

    Attributes:
        lightness_range: luminance of the stripe, 0 to 255.
        height_range: of the stripe, as a share of the letters' height, 0.5 to 1.5.
    """

    lightness_range: Range = (150, 235)
    height_range: Range = (0.75, 1.15)

    def __post_init__(self) -> None:
        check_range("lightness_range", self.lightness_range, 0, 255)
        check_range("height_range", self.height_range, 0.5, 1.5, "shares")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the stripe's height, colour (RGB), tilt, and how far it goes beyond the text (ems)."""
        red, green, blue = draw_colour(rng)
        bright = with_luminance((red, green, blue), rng.uniform(*self.lightness_range))
        return {
            "height": rng.uniform(*self.height_range),
            "colour": [round(part) for part in bright],
            "tilt": rng.uniform(-0.04, 0.04),
            "beyond": rng.uniform(0, 0.12),
        }

    def strokes(self, line: ShapedLine, parameters: Parameters) -> Strokes:
        """The stripe."""
        ink = line.ink_box
        begin, end = (ink.top, ink.bottom) if line.vertical else (ink.left, ink.right)
        near, far = (ink.left, ink.right) if line.vertical else (ink.top, ink.bottom)
        middle, tilt, beyond = (near + far) / 2, parameters["tilt"], parameters["beyond"]
        points = [[begin - beyond, middle - tilt], [end + beyond, middle + tilt]]
        path = np.array(points, np.float32)[:, :: -1 if line.vertical else 1]
        return Strokes(path[None], parameters["height"] * (far - near), parameters["colour"])
