"""Letters that are struck through."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import Parameters, Range, check_number, check_range, check_share
from synthtext.ink.shades import draw_colour
from synthtext.ink.style import InkStyle
from synthtext.marks import Marks
from synthtext.setting import SetLine

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
        check_share("own_colour_probability", self.own_colour_probability)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the line; its colour (RGB) is used where it does not have the letters'."""
        return {
            "width": rng.uniform(*self.width_range),
            "rise": float(rng.uniform(-self.rise, self.rise)) if rng.random() < 0.5 else 0.0,
            "own": bool(rng.random() < self.own_colour_probability),
            "colour": draw_colour(rng),
        }

    def marks(self, line: SetLine, parameters: Parameters) -> Marks:
        """The line, a little longer than the text."""
        ink = line.ink
        begin, end = (ink.top, ink.bottom) if line.vertical else (ink.left, ink.right)
        near, far = (ink.left, ink.right) if line.vertical else (ink.top, ink.bottom)
        cased = line.script in _CASED and not line.vertical and near < 0
        middle = near * _MIDDLE if cased else (near + far) / 2
        half = parameters["rise"] * (far - near) / 2
        points = [[begin - _BEYOND, middle + half], [end + _BEYOND, middle - half]]
        path = np.array(points, np.float32)[:, :: -1 if line.vertical else 1]
        own = parameters["own"] or not all(part.isalnum() or part.isspace() for part in line.text)
        return Marks(path[None], parameters["width"], parameters["colour"] if own else None)
