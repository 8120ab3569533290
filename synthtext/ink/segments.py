"""The ink style of seven-segment displays."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Clusters, Image, InputError, Parameters, Points, Range, bounded
from synthtext.core.compositing import composite, translate, with_opacity
from synthtext.fonts import Face, FaceCache
from synthtext.ink.colours import with_luminance
from synthtext.ink.contrast import Colour
from synthtext.ink.style import InkStyle
from synthtext.typesetting.canvas import LineRaster, Strokes, rasterize_strokes
from synthtext.typesetting.shaping import ShapedLine

# Segments of every character: a is the top one, b to f follow clockwise, g is the middle one.
SEGMENTS = {
    **{"0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc", "7": "abc"},
    **{"8": "abcdefg", "9": "abcdfg", "A": "abcefg", "C": "adef", "E": "adefg", "F": "aefg", "H": "bcefg"},
    **{"J": "bcde", "L": "def", "P": "abefg", "U": "bcdef", "b": "cdefg", "c": "deg", "d": "bcdeg", "h": "cefg"},
    **{"n": "ceg", "o": "cdeg", "r": "eg", "t": "defg", "u": "cde", "y": "bcdfg", "-": "g", "_": "d", "=": "dg"},
    **{"°": "abfg", " ": ""},
}
"""Characters that a seven-segment display shows without ambiguity, besides the point and the colon."""

_POINTS = {".": (1.0,), ":": (0.3, 0.7)}  # heights of dots in narrow cells: 0 is at the top, 1 at the bottom
_NARROW = 0.4  # width of a narrow cell, in cells
_MIN_ASPECT, _MAX_ASPECT = 0.3, 0.8  # width of a digit over its height
_RIGHT, _MIDDLE = 1.0, 0.5
_ENDS = {  # of the segments, in fractions of the width and height of a digit
    "a": ((0, 0), (_RIGHT, 0)),
    "b": ((_RIGHT, 0), (_RIGHT, _MIDDLE)),
    "c": ((_RIGHT, _MIDDLE), (_RIGHT, 1)),
    "d": ((0, 1), (_RIGHT, 1)),
    "e": ((0, _MIDDLE), (0, 1)),
    "f": ((0, 0), (0, _MIDDLE)),
    "g": ((0, _MIDDLE), (_RIGHT, _MIDDLE)),
}
_COLOURS: dict[str, tuple[tuple[Colour, ...], tuple[Colour, ...]]] = {  # of the lit segments, and of the panel
    "led": (
        (
            (255, 48, 32),
            (255, 120, 24),
            (255, 190, 40),
            (90, 255, 70),
            (70, 220, 255),
            (110, 160, 255),
            (240, 246, 255),
        ),
        ((10, 8, 8), (26, 12, 12), (18, 20, 24), (34, 32, 30)),
    ),
    "lcd": (((22, 26, 24), (40, 44, 40), (52, 50, 62)), ((186, 198, 170), (168, 184, 140), (200, 204, 202))),
    "backlit": (((236, 244, 255), (255, 250, 226)), ((28, 62, 190), (24, 110, 92), (66, 30, 120), (20, 22, 26))),
}


class _Cells(NamedTuple):
    """Cells of a text, in ems.

    Attributes:
        starts: (K + 1,) x of the cells at the bottom of the line.
        top: Upper edge.
        bottom: Lower edge.
        shift: x of the top minus x of the bottom.
    """

    starts: NDArray[np.float64]
    top: float
    bottom: float
    shift: float

    def place(self, points: Sequence[tuple[float, float]]) -> Points:
        """Slant points (x at the bottom, y)."""
        placed = np.array(points, np.float64)
        placed[:, 0] += (self.bottom - placed[:, 1]) / (self.bottom - self.top) * self.shift
        return np.asarray(placed, np.float32)


@dataclass(frozen=True)
class SevenSegment(InkStyle):
    """Digits and letters of a seven-segment display, drawn as segments on its panel.

    It draws texts of digits, the letters A, C, E, F, H, J, L, P, U, b, c, d, h, n, o, r, t, u and y, `-`, `_`, `=`,
    `°`, the point, the colon and the space, with at least one digit or letter; other texts get other styles. The text
    keeps the box that the font gives it. The quads of clusters are the slanted cells of the display.

    Attributes:
        displays: Kinds to draw from: "led" (luminous on black), "lcd" (dark on grey), "backlit" (light on a colour).
        slant_range: Slant to the right, -5 to 20 degrees.
        thickness_range: Width of the segments, as a fraction of the height of digits, 0.06 to 0.2.
        gap_range: Gaps between segments, as a fraction of their width, 0 to 0.6.
        unlit_range: Opacity of segments that are not lit, 0 to 0.3.
    """

    displays: tuple[Literal["led", "lcd", "backlit"], ...] = ("led", "led", "lcd", "lcd", "backlit")
    slant_range: Range = bounded((0, 12), -5, 20, "degrees")
    thickness_range: Range = bounded((0.09, 0.15), 0.06, 0.2)
    gap_range: Range = bounded((0.1, 0.35), 0, 0.6)
    unlit_range: Range = bounded((0, 0.14), 0, 0.3)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.displays:
            raise InputError("displays is empty; name at least one of led, lcd, backlit")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the display: its kind, the colours (RGB) of lit segments and of the panel, and its geometry."""
        display = self.displays[int(rng.integers(len(self.displays)))]
        lit, panels = _COLOURS[display]
        chosen = lit[int(rng.integers(len(lit)))], panels[int(rng.integers(len(panels)))]
        colours = [
            np.clip(np.array(one) + rng.uniform(-10, 10, 3), 0, 255).round().astype(int).tolist() for one in chosen
        ]
        return {
            "display": display,
            "colour": colours[0],
            "panel": colours[1],
            **self.uniform(rng, "slant", "thickness", "gap", "unlit"),
            "spread": rng.random(),
        }

    def supports(self, line: ShapedLine) -> bool:
        """Return whether the display shows every character of a horizontal line."""
        text = line.text
        return (
            not line.vertical
            and line.transforms is None
            and len(line.clusters) == len(text)
            and all(character in SEGMENTS or character in _POINTS for character in text)
            and any(map(str.isalnum, text))
        )

    def relayout(self, line: ShapedLine, parameters: Parameters) -> ShapedLine:
        """Divide the box of the ink into cells."""
        cells = _cells(line, parameters)
        ends = list(zip(cells.starts[:-1].tolist(), cells.starts[1:].tolist(), strict=True))
        corners = [((x, cells.top), (end, cells.top), (end, cells.bottom), (x, cells.bottom)) for x, end in ends]
        quads = np.stack([cells.place(one) for one in corners])
        return line._replace(clusters=Clusters(line.clusters.offsets, quads))

    def rasterize(
        self, line: ShapedLine, face: Face, cache: FaceCache, em: float, parameters: Parameters
    ) -> LineRaster:
        """Rasterize the lit segments."""
        return rasterize_strokes(Strokes(_segments(line, parameters, lit=True), 0.0, filled=True), em)

    def strokes(self, line: ShapedLine, parameters: Parameters) -> Strokes | None:
        """Return the segments that are not lit."""
        unlit = _segments(line, parameters, lit=False)
        if not len(unlit) or not parameters["unlit"]:
            return None
        red, green, blue = parameters["colour"]
        return Strokes(unlit, 0.0, (red, green, blue), filled=True, opacity=parameters["unlit"])

    def surface(self, background: Image, parameters: Parameters) -> Image:
        """Cover the background by the panel, in which it is reflected faintly."""
        panel = np.full_like(background, np.array(parameters["panel"], np.uint8))
        return np.asarray(cv2.addWeighted(panel, 0.88, background, 0.12, 0), np.uint8)

    def underlay(self, background: Image, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Draw the light around luminous segments, or the shadow behind those of an LCD."""
        spread = parameters["spread"]
        if parameters["display"] == "lcd":
            step = round((0.02 + 0.04 * spread) * em)
            return composite(background, with_opacity(translate(coverage, step, step), 0.25), parameters["colour"])
        soft = np.asarray(cv2.GaussianBlur(coverage, (0, 0), max(1.0, 0.08 * em)), np.uint8)
        return composite(background, with_opacity(soft, 0.25 * spread), parameters["colour"])

    def colours(self, parameters: Parameters) -> list[Colour]:
        """Return the colour of lit segments, then darker or lighter ones."""
        red, green, blue = parameters["colour"]
        levels = (20, 0) if parameters["display"] == "lcd" else (170, 215, 240)
        return [(red, green, blue), *(with_luminance((red, green, blue), level) for level in levels)]


def _cells(line: ShapedLine, parameters: Parameters) -> _Cells:
    ink = line.ink_box
    shift = math.tan(math.radians(parameters["slant"])) * ink.height
    widths = np.array([_NARROW if character in _POINTS else 1.0 for character in line.text])
    starts = np.concatenate([[0.0], np.cumsum(widths)]) * (ink.width - abs(shift)) / widths.sum()
    return _Cells(starts + ink.left + max(0.0, -shift), ink.top, ink.bottom, shift)


def _segments(line: ShapedLine, parameters: Parameters, *, lit: bool) -> Points:
    """Outlines (S, 6, 2) of the segments that are lit, or of those that are not, in ems."""
    cells, found = _cells(line, parameters), []
    height = cells.bottom - cells.top
    thickness = parameters["thickness"] * height
    gap = parameters["gap"] * thickness / 2
    for character, start, end in zip(line.text, cells.starts[:-1].tolist(), cells.starts[1:].tolist(), strict=True):
        if character in _POINTS:
            middle, radius = (start + end) / 2, min(0.6 * thickness, 0.45 * (end - start))
            spots = [cells.top + radius + (height - 2 * radius) * y for y in _POINTS[character]]
            found += [cells.place(_hexagon(middle, y, radius)) for y in spots if lit]
            continue
        width = min(max(0.74 * (end - start), _MIN_ASPECT * height), _MAX_ASPECT * height, 0.94 * (end - start))
        left, half = (start + end - width) / 2, min(thickness, 0.26 * width) / 2
        for name, ends in _ENDS.items():
            if (name in SEGMENTS[character]) is lit:
                first, last = (
                    (left + half + x * (width - 2 * half), cells.top + half + y * (height - 2 * half)) for x, y in ends
                )
                found.append(cells.place(_bar(first, last, half, gap)))
    return np.stack(found) if found else np.zeros((0, 6, 2), np.float32)


def _bar(first: tuple[float, float], last: tuple[float, float], half: float, gap: float) -> list[tuple[float, float]]:
    """A bar with pointed ends along an axis."""
    (x, y), (right, bottom) = first, last
    if y == bottom:
        x, right = x + gap, right - gap
        return [
            (x, y),
            (x + half, y - half),
            (right - half, y - half),
            (right, y),
            (right - half, y + half),
            (x + half, y + half),
        ]
    y, bottom = y + gap, bottom - gap
    return [
        (x, y),
        (x + half, y + half),
        (x + half, bottom - half),
        (x, bottom),
        (x - half, bottom - half),
        (x - half, y + half),
    ]


def _hexagon(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    turns = [math.pi / 3 * i for i in range(6)]
    return [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns]
