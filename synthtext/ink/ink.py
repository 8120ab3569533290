"""The ink of a recipe."""

from collections.abc import Sequence

import numpy as np

from synthtext.core import Weighted
from synthtext.entry import Entry
from synthtext.ink.contrast import check_floor
from synthtext.ink.style import InkStyle


class Ink:
    """Colours that keep a contrast floor, and styles by weight.

    Args:
        contrast_floor: least local difference of luminance, 0 to 120 of 255 steps.
        styles: at least one.
    """

    def __init__(self, contrast_floor: float, styles: Sequence[Entry[InkStyle]]) -> None:
        check_floor(contrast_floor)
        self.contrast_floor = contrast_floor
        self._styles = tuple(styles)
        self._weighted = Weighted([entry.weight for entry in styles])

    def draw_style(self, rng: np.random.Generator) -> Entry[InkStyle]:
        """One of the styles."""
        return self._styles[self._weighted.draw(rng)]
