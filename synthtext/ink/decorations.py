"""Ink styles with strokes along the text: underlined, struck-through and highlighted letters."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError, Parameters, Points, Range, bounded, lerp
from synthtext.ink.colours import draw_colour, shade_of
from synthtext.ink.style import InkStyle
from synthtext.typesetting.canvas import Strokes
from synthtext.typesetting.shaping import ShapedLine

_CLEARANCE = 0.06  # ems between an underline and letters that it must not touch


def _extents(line: ShapedLine) -> tuple[float, float, float, float]:
    """Start and end of the ink along the line, then across it, in ems."""
    ink = line.ink_box
    return (ink.top, ink.bottom, ink.left, ink.right) if line.vertical else (ink.left, ink.right, ink.top, ink.bottom)


def _path(line: ShapedLine, points: list[list[float]]) -> Points:
    """A polyline (1, P, 2) from points along the line and across it."""
    return np.array(points, np.float32)[None, :, :: -1 if line.vertical else 1]


@dataclass(frozen=True)
class Underline(InkStyle):
    """Letters with an underline: straight, double, dashed, dotted, or wavy; on the right of vertical lines.

    It is decoration: quads do not contain it. It lies below all ink where crossing it could form another character (an
    underscore, comma, cedilla or other mark below); other letters are crossed, or the line has gaps at them.

    Attributes:
        kinds: Kinds to draw from: "straight", "double", "dashed", "dotted", "wave".
        distance_range: Distance from the baseline, 0.06 to 0.5 ems.
        width_range: Width of the underline, 0.01 to 0.15 ems.
        own_colour_probability: Probability of another colour than that of the letters.
    """

    kinds: tuple[Literal["straight", "double", "dashed", "dotted", "wave"], ...] = (
        "straight", "straight", "straight", "double", "dashed", "dotted", "wave",
    )  # fmt: skip
    distance_range: Range = bounded((0.1, 0.18), 0.06, 0.5, "ems")
    width_range: Range = bounded((0.03, 0.07), 0.01, 0.15, "ems")
    own_colour_probability: float = bounded(0.25, 0, 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.kinds:
            raise InputError("kinds is empty; name at least one of straight, double, dashed, dotted, wave")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the underline and its colour (RGB; None for that of the letters)."""
        own = rng.random() < self.own_colour_probability
        return {
            "kind": self.kinds[int(rng.integers(len(self.kinds)))],
            **self.uniform(rng, "distance", "width"),
            "has_gaps": bool(rng.random() < 0.5),
            "colour": draw_colour(rng) if own else None,
        }

    def strokes(self, line: ShapedLine, parameters: Parameters) -> Strokes:
        """Return the underline, as long as the text."""
        width, kind = parameters["width"], parameters["kind"]
        start, end, _, far = _extents(line)
        centre = parameters["distance"] + width / 2
        # A stroke just below the baseline could turn a character into another one.
        if line.vertical or not line.text.isascii() or any(character in "_,;" for character in line.text):
            centre = max(centre, far + _CLEARANCE + (2 * width if kind == "wave" else width / 2))
        paths = _paths(kind, start, end, width) + np.array([0.0, centre])
        turned = paths[..., ::-1] if line.vertical else paths
        clearance = _CLEARANCE if parameters["has_gaps"] else 0.0
        return Strokes(np.asarray(turned, np.float32), width, parameters["colour"], clearance)


def _paths(kind: str, start: float, end: float, width: float) -> NDArray[np.float64]:
    """Polylines (S, P, 2) from `start` to `end` along the first axis, centred at 0 on the second axis."""
    if kind == "wave":
        x = np.linspace(start, end, max(3, math.ceil((end - start) / width)))
        return np.stack([x, 1.2 * width * np.sin((x - start) * (math.pi / 3 / width))], axis=1)[None]
    if kind in ("dashed", "dotted"):
        length = width * (4.0 if kind == "dashed" else 1.0)
        starts = np.arange(start, max(end - length / 2, start + 1e-6), length + 1.5 * width)
        return np.stack([starts, 0 * starts, starts + length, 0 * starts], axis=1).reshape(-1, 2, 2)
    below = np.array([0.0, 2.2 * width] if kind == "double" else [0.0])
    return np.stack([0 * below + start, below, 0 * below + end, below], axis=1).reshape(-1, 2, 2)


_STRIKE_HEIGHT = 0.42  # of the height above the baseline: crosses letters of either case
_OVERHANG = 0.08  # ems at both ends, so that the stroke is not read as part of a letter
_CASED_SCRIPTS = ("Latn", "Cyrl", "Grek", "Zyyy")


@dataclass(frozen=True)
class StrikeThrough(InkStyle):
    """Letters with a thin stroke through them, as of old prices. It is decoration: quads do not contain it.

    The stroke has the colour of the letters, or another colour and lies below them. It always lies below if the text
    has other characters than letters and digits, such as a dash, which it could hide.

    Attributes:
        width_range: Width of the stroke, 0.01 to 0.07 ems.
        rise: Maximum difference in height between the ends of the stroke, as a fraction of the letters' height, 0 to 1.
        own_colour_probability: Probability of another colour below the letters.
    """

    width_range: Range = bounded((0.02, 0.045), 0.01, 0.07, "ems")
    rise: float = bounded(0.5, 0, 1)
    own_colour_probability: float = bounded(0.5, 0, 1)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the stroke; its colour (RGB) is used if it is not that of the letters."""
        return {
            "width": lerp(self.width_range, rng.random()),
            "rise": float(rng.uniform(-self.rise, self.rise)) if rng.random() < 0.5 else 0.0,
            "own": bool(rng.random() < self.own_colour_probability),
            "colour": draw_colour(rng),
        }

    def strokes(self, line: ShapedLine, parameters: Parameters) -> Strokes:
        """Return the stroke, a little longer than the text."""
        start, end, near, far = _extents(line)
        cased = line.script in _CASED_SCRIPTS and not line.vertical and near < 0
        middle = near * _STRIKE_HEIGHT if cased else (near + far) / 2
        half = parameters["rise"] * (far - near) / 2
        path = _path(line, [[start - _OVERHANG, middle + half], [end + _OVERHANG, middle - half]])
        own = parameters["own"] or not all(part.isalnum() or part.isspace() for part in line.text)
        return Strokes(path, parameters["width"], parameters["colour"] if own else None)


@dataclass(frozen=True)
class Highlight(InkStyle):
    """Letters on a bright stripe, as of a marker or a selection. It is decoration: quads do not contain it.

    Attributes:
        lightness_range: Luminance of the stripe, 0 to 255.
        height_range: Height of the stripe, as a fraction of the letters' height, 0.5 to 1.5.
    """

    lightness_range: Range = bounded((150, 235), 0, 255)
    height_range: Range = bounded((0.75, 1.15), 0.5, 1.5, "shares")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the height, colour (RGB) and tilt of the stripe, and how far it extends beyond the text (ems)."""
        colour = shade_of(draw_colour(rng), lerp(self.lightness_range, rng.random()))
        return {
            "height": lerp(self.height_range, rng.random()),
            "colour": colour,
            "tilt": rng.uniform(-0.04, 0.04),
            "beyond": rng.uniform(0, 0.12),
        }

    def strokes(self, line: ShapedLine, parameters: Parameters) -> Strokes:
        """Return the stripe."""
        start, end, near, far = _extents(line)
        middle, tilt, beyond = (near + far) / 2, parameters["tilt"], parameters["beyond"]
        path = _path(line, [[start - beyond, middle - tilt], [end + beyond, middle + tilt]])
        return Strokes(path, parameters["height"] * (far - near), parameters["colour"])
