"""Letters that were gone over with a marker."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import Parameters, Range, check_range
from synthtext.ink.shades import draw_colour, of_luminance
from synthtext.ink.style import InkStyle
from synthtext.marks import Marks
from synthtext.setting import SetLine


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
        bright = of_luminance((red, green, blue), rng.uniform(*self.lightness_range))
        return {
            "height": rng.uniform(*self.height_range),
            "colour": [round(part) for part in bright],
            "tilt": rng.uniform(-0.04, 0.04),
            "beyond": rng.uniform(0, 0.12),
        }

    def marks(self, line: SetLine, parameters: Parameters) -> Marks:
        """The stripe."""
        ink = line.ink
        begin, end = (ink.top, ink.bottom) if line.vertical else (ink.left, ink.right)
        near, far = (ink.left, ink.right) if line.vertical else (ink.top, ink.bottom)
        middle, tilt, beyond = (near + far) / 2, parameters["tilt"], parameters["beyond"]
        points = [[begin - beyond, middle - tilt], [end + beyond, middle + tilt]]
        path = np.array(points, np.float32)[:, :: -1 if line.vertical else 1]
        return Marks(path[None], parameters["height"] * (far - near), parameters["colour"])
