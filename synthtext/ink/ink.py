"""The ink of a recipe."""

from collections.abc import Sequence

import numpy as np

from synthtext.core import Image, Weighted
from synthtext.entry import Entry
from synthtext.ink.any_colour import AnyColour
from synthtext.ink.contrast import Colour, check_floor
from synthtext.ink.source import ColourSource
from synthtext.ink.style import InkStyle

_ANY: tuple[Entry[ColourSource], ...] = (Entry("any_colour", AnyColour()),)


class Ink:
    """Styles, and colours that keep a contrast floor.

    Args:
        contrast_floor: least local difference of luminance, 0 to 120 of 255 steps.
        styles: at least one, by weight.
        colours: where colours come from, at least one, by weight.
    """

    def __init__(
        self,
        contrast_floor: float,
        styles: Sequence[Entry[InkStyle]],
        colours: Sequence[Entry[ColourSource]] = _ANY,
    ) -> None:
        check_floor(contrast_floor)
        self.contrast_floor = contrast_floor
        self._styles, self._colours = tuple(styles), tuple(colours)
        self._weighted = Weighted([entry.weight for entry in styles])
        self._sources = Weighted([entry.weight for entry in colours])

    def draw_style(self, rng: np.random.Generator) -> Entry[InkStyle]:
        """One of the styles."""
        return self._styles[self._weighted.draw(rng)]

    def candidates(self, rng: np.random.Generator, paper: Image) -> Sequence[Colour]:
        """Colours for a paper (H, W, 3), from one of the sources, in the order in which they should be tried."""
        if len(self._colours) == 1:
            return self._colours[0].part.candidates(rng, paper)
        return self._colours[self._sources.draw(rng)].part.candidates(rng, paper)
