"""How letters are inked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, WeightedComponent, WeightedSampler
from synthtext.core.compositing import composite
from synthtext.ink.colours import AnyColour, ColourSource
from synthtext.ink.contrast import Colour, InkColour, check_contrast_floor
from synthtext.typesetting.canvas import Strokes
from synthtext.typesetting.shaping import ShapedLine


class DecorationMargins(NamedTuple):
    """How far decoration (a shadow, an underline) goes beyond the letters to every side, in ems."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0


class ContrastLoss(NamedTuple):
    """What a style takes off the contrast of its colour.

    Attributes:
        share: of the contrast that is left.
        loss: steps of luminance that are taken off it then.
    """

    factor: float = 1.0
    offset: float = 0.0

    def required_contrast(self, floor: float) -> float:
        """The contrast that the bare colour must have, so that the ink as it is laid keeps a floor."""
        return (floor + self.offset) / self.factor

    def remaining_contrast(self, contrast: float) -> float:
        """The contrast of the ink as it is laid, at least."""
        return contrast * self.factor - self.offset


class InkStyle:
    """A way to ink letters. A new one is a frozen dataclass that extends this class and overrides what it changes.

    What is drawn (JSON scalars, and lists of them) comes first; everything else follows from it without chance.
    """

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw parameters."""
        return {}

    def outset(self, parameters: Parameters) -> float:
        """How far the letters' own ink goes beyond their outlines, in ems: quads of clusters hold it."""
        return 0.0

    def padding(self, parameters: Parameters) -> DecorationMargins:
        """How far decoration goes beyond the letters: it gets room in the picture, but quads do not hold it."""
        return DecorationMargins()

    def style_coverage(self, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> NDArray[np.uint8]:
        """The letters as they come out of the press, the pen, the printer.

        Args:
            coverage: (H, W) of their outlines in the picture, 0 to 255; stays as it is.
            em: in pixels.
            parameters: as drawn.
        """
        return coverage

    def strokes(self, line: ShapedLine, parameters: Parameters) -> Strokes | None:
        """Lines along the text."""
        return None

    def underlay(self, background: Image, coverage: NDArray[np.uint8], em: float, parameters: Parameters) -> Image:
        """The paper with whatever lies below the letters; it is the ground that their contrast is measured with.

        Args:
            background: (H, W, 3) RGB; may be changed in place.
            coverage: (H, W) of the letters.
            em: in pixels.
            parameters: as drawn.
        """
        return background

    def contrast_loss(self, parameters: Parameters) -> ContrastLoss:
        """What `fill` takes off the contrast of the colour that it is given."""
        return ContrastLoss()

    def fill(
        self, background: Image, coverage: NDArray[np.uint8], ink: InkColour, em: float, parameters: Parameters
    ) -> Image:
        """The picture with the letters on it, (H, W, 3): on average over each of them not nearer to the ground than
        `faded` says.

        Args:
            background: (H, W, 3) RGB with what lies below the letters; stays as it is.
            coverage: (H, W) of the letters.
            ink: the colour, and on which side of the ground it is.
            em: in pixels.
            parameters: as drawn.
        """
        return composite(background, coverage, ink.colour)


@dataclass(frozen=True)
class Plain(InkStyle):
    """Letters of one colour, nothing below them."""


_ANY: tuple[WeightedComponent[ColourSource], ...] = (WeightedComponent("any_colour", AnyColour()),)


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
        styles: Sequence[WeightedComponent[InkStyle]],
        colours: Sequence[WeightedComponent[ColourSource]] = _ANY,
    ) -> None:
        check_contrast_floor(contrast_floor)
        self.contrast_floor = contrast_floor
        self._styles, self._colours = tuple(styles), tuple(colours)
        self._weighted = WeightedSampler([entry.weight for entry in styles])
        self._sources = WeightedSampler([entry.weight for entry in colours])

    def draw_style(self, rng: np.random.Generator) -> WeightedComponent[InkStyle]:
        """One of the styles."""
        return self._styles[self._weighted.draw(rng)]

    def candidates(self, rng: np.random.Generator, background: Image) -> Sequence[Colour]:
        """Colours for a paper (H, W, 3), from one of the sources, in the order in which they should be tried."""
        if len(self._colours) == 1:
            return self._colours[0].component.candidates(rng, background)
        return self._colours[self._sources.draw(rng)].component.candidates(rng, background)
