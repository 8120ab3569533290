"""The ink of a recipe."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthtext.core import Weighted
from synthtext.ink.contrast import check_floor
from synthtext.ink.style import InkStyle


@dataclass(frozen=True)
class StyleEntry:
    """A style, the name it is recorded under, and how often it is used."""

    name: str
    style: InkStyle
    weight: float = 1.0


class Ink:
    """Colours that keep a contrast floor, and styles by weight.

    Args:
        contrast_floor: least local difference of luminance, 0 to 120 of 255 steps.
        styles: at least one.
    """

    def __init__(self, contrast_floor: float, styles: Sequence[StyleEntry]) -> None:
        check_floor(contrast_floor)
        self.contrast_floor = contrast_floor
        self._styles = tuple(styles)
        self._weighted = Weighted([entry.weight for entry in styles])

    def draw_style(self, rng: np.random.Generator) -> StyleEntry:
        """One of the styles."""
        return self._styles[self._weighted.draw(rng)]
