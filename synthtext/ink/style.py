"""The interface of ink styles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from synthtext.core import BoundedSettings, Image, Parameters, WeightedComponent, WeightedSampler, check_number
from synthtext.core.compositing import composite
from synthtext.core.errors import Rejection
from synthtext.fonts import Face, FaceCache
from synthtext.ink.colours import AnyColour, ColourSource
from synthtext.ink.contrast import Colour, InkColour
from synthtext.typesetting.canvas import LineRaster, Strokes, rasterize_line
from synthtext.typesetting.shaping import ShapedLine


class DecorationMargins(NamedTuple):
    """How far decoration (a shadow, an underline) extends beyond the letters on every side, in ems."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0


class ContrastLoss(NamedTuple):
    """Contrast that an ink style loses."""

    factor: float = 1.0  # fraction of the contrast that remains
    offset: float = 0.0  # steps of luminance subtracted after that

    def required_contrast(self, floor: float) -> float:
        """Contrast that the colour must have, so that the drawn ink reaches a floor."""
        return (floor + self.offset) / self.factor

    def remaining_contrast(self, contrast: float) -> float:
        """Minimum contrast of the drawn ink."""
        return contrast * self.factor - self.offset


class InkStyle(BoundedSettings):
    """A style of ink. A custom style is a frozen dataclass that extends this class and overrides what it changes.

    `draw` draws all parameters (JSON scalars, and lists of them); everything else is deterministic. Arguments of the
    methods are the parameters as drawn, the font size `em` in pixels, the background (H, W, 3) RGB, and the coverage
    (H, W) of the letters, 0 to 255. The coverage is not modified.
    """

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw parameters."""
        return {}

    def supports(self, line: ShapedLine) -> bool:
        """Return whether the style can draw a text; other texts get another style."""
        return True

    def relayout(self, line: ShapedLine, parameters: Parameters) -> ShapedLine:
        """Return a text with other clusters in the same box; `rasterize` must draw it."""
        return line

    def rasterize(
        self, line: ShapedLine, face: Face, cache: FaceCache, em: float, parameters: Parameters
    ) -> LineRaster:
        """Rasterize a text, as `relayout` returned it."""
        return rasterize_line(line, face, cache, em)

    def outset(self, parameters: Parameters) -> float:
        """How far the ink extends beyond the glyph outlines, in ems; the quads of clusters contain it."""
        return 0.0

    def padding(self, parameters: Parameters) -> DecorationMargins:
        """How far decoration extends beyond the letters; the image is padded for it, but quads do not contain it."""
        return DecorationMargins()

    def style_coverage(self, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Return the coverage (H, W) of the letters in this style, from that of the glyphs."""
        return coverage

    def strokes(self, line: ShapedLine, parameters: Parameters) -> Strokes | None:
        """Return strokes along the text."""
        return None

    def surface(self, background: Image, parameters: Parameters) -> Image:
        """Return what the text is drawn on instead of the background, such as the panel of a display."""
        return background

    def underlay(self, background: Image, coverage: Image, em: float, parameters: Parameters) -> Image:
        """Draw what lies below the letters; their contrast is measured against the result.

        The background may be modified in place.
        """
        return background

    def colours(self, parameters: Parameters) -> Sequence[Colour]:
        """Return colours to try instead of those of the recipe, in order; none for those of the recipe."""
        return ()

    def contrast_loss(self, parameters: Parameters) -> ContrastLoss:
        """How much contrast `fill` loses."""
        return ContrastLoss()

    def fill(self, background: Image, coverage: Image, ink: InkColour, em: float, parameters: Parameters) -> Image:
        """Draw the letters.

        Their mean contrast must not be less than according to `contrast_loss`. The background, with what lies below the
        letters, is not modified; the result is (H, W, 3) uint8 RGB.
        """
        return composite(background, coverage, ink.colour)


@dataclass(frozen=True)
class Plain(InkStyle):
    """Letters of one opaque colour."""


class Ink:
    """Ink styles and colours with a contrast floor.

    Args:
        contrast_floor: Minimum local difference of luminance, 0 to 120 of 255 steps; most photographs cannot reach
            more.
        styles: At least one ink style.
        colours: At least one source of colours.
    """

    def __init__(
        self,
        contrast_floor: float,
        styles: Sequence[WeightedComponent[InkStyle]],
        colours: Sequence[WeightedComponent[ColourSource]] = (WeightedComponent("any_colour", AnyColour()),),
    ) -> None:
        check_number("contrast_floor", contrast_floor, 0, 120, "(of 255 steps of luminance)")
        self.contrast_floor = contrast_floor
        self._styles, self._colours = tuple(styles), tuple(colours)
        self._style_sampler = WeightedSampler([entry.weight for entry in styles])
        self._colour_sampler = WeightedSampler([entry.weight for entry in colours])

    def draw_style(self, rng: np.random.Generator, line: ShapedLine | None = None) -> WeightedComponent[InkStyle]:
        """Draw one of the styles that can draw a line.

        Raises:
            Rejection: None of them can.
        """
        entry = self._styles[self._style_sampler.draw(rng)]
        if line is None or entry.component.supports(line):
            return entry
        others = [one for one in self._styles if one.weight > 0 and one.component.supports(line)]
        if not others:
            raise Rejection("no ink style can draw the text")
        return others[WeightedSampler([one.weight for one in others]).draw(rng)]

    def candidates(self, rng: np.random.Generator, background: Image) -> Iterable[Colour]:
        """Draw colours for a background (H, W, 3), in the order in which to try them."""
        index = self._colour_sampler.draw(rng) if len(self._colours) > 1 else 0
        return self._colours[index].component.candidates(rng, background)
