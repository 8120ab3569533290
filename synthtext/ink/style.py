"""How letters are inked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Weighted
from synthtext.core.compositing import composite
from synthtext.core.randomness import Entry
from synthtext.ink.colours import AnyColour, ColourSource
from synthtext.ink.contrast import Colour, InkColour, check_floor
from synthtext.typesetting.canvas import Marks
from synthtext.typesetting.shaping import SetLine


class Room(NamedTuple):
    """How far decoration (a shadow, an underline) goes beyond the letters to every side, in ems."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0


class Fading(NamedTuple):
    """What a style takes off the contrast of its colour.

    Attributes:
        share: of the contrast that is left.
        loss: steps of luminance that are taken off it then.
    """

    share: float = 1.0
    loss: float = 0.0

    def needed(self, floor: float) -> float:
        """The contrast that the bare colour must have, so that the ink as it is laid keeps a floor."""
        return (floor + self.loss) / self.share

    def left(self, contrast: float) -> float:
        """The contrast of the ink as it is laid, at least."""
        return contrast * self.share - self.loss


class InkStyle:
    """A way to ink letters. A new one is a frozen dataclass that extends this class and overrides what it changes.

    What is drawn (JSON scalars, and lists of them) comes first; everything else follows from it without chance.
    """

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw parameters."""
        return {}

    def reach(self, parameters: Parameters) -> float:
        """How far the letters' own ink goes beyond their outlines, in ems: quads of clusters hold it."""
        return 0.0

    def room(self, parameters: Parameters) -> Room:
        """How far decoration goes beyond the letters: it gets room in the picture, but quads do not hold it."""
        return Room()

    def letters(self, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> NDArray[np.uint8]:
        """The letters as they come out of the press, the pen, the printer.

        Args:
            coverage: (H, W) of their outlines in the picture, 0 to 255; stays as it is.
            em: in pixels.
            parameters: as drawn.
        """
        return coverage

    def marks(self, line: SetLine, parameters: Parameters) -> Marks | None:
        """Lines along the text."""
        return None

    def underlay(self, paper: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper with whatever lies below the letters; it is the ground that their contrast is measured with.

        Args:
            paper: (H, W, 3) RGB; may be changed in place.
            coverage: (H, W) of the letters.
            em: in pixels.
            parameters: as drawn.
        """
        return paper

    def faded(self, parameters: Parameters) -> Fading:
        """What `fill` takes off the contrast of the colour that it is given."""
        return Fading()

    def fill(
        self, paper: Image, coverage: NDArray[np.uint8], ink: InkColour, em: float, parameters: Parameters
    ) -> Image:
        """The picture with the letters on it, (H, W, 3): on average over each of them not nearer to the ground than
        `faded` says.

        Args:
            paper: (H, W, 3) RGB with what lies below the letters; stays as it is.
            coverage: (H, W) of the letters.
            ink: the colour, and on which side of the ground it is.
            em: in pixels.
            parameters: as drawn.
        """
        return composite(paper, coverage, ink.colour)


@dataclass(frozen=True)
class Plain(InkStyle):
    """Letters of one colour, nothing below them."""


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
