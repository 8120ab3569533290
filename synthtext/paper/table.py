"""Cells of tables and fields of forms."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import Image, Parameters, Range, Size, check_range, check_share
from synthtext.paper.made import MadePaper

_EDGES = (0.03, 0.09) * 2  # of the height, in which lines left, above, right, below lie: they must not pass for letters
_APART = 45  # steps of luminance between a cell and its neighbours, at most


@dataclass(frozen=True)
class Table(MadePaper):
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
        check_share("side_probability", self.side_probability)

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

    def show(self, size: Size, parameters: Parameters) -> Image:
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
