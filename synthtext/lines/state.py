"""A line on its way from a text to a picture."""

from dataclasses import dataclass, field
from typing import NamedTuple

from synthtext.core import AppliedEffect, Image, Parameters, Streams
from synthtext.core.randomness import WeightedComponent
from synthtext.design import BlockResources
from synthtext.ink import InkColour, InkMask, InkStyle, LocalBackground
from synthtext.lines.coverage import RequiredCharacter
from synthtext.lines.placement import LineFrame
from synthtext.lines.sampler import LineLayout, LineSpec
from synthtext.typesetting.canvas import LineRaster, Strokes


class LineStyle(NamedTuple):
    """How the ink is laid and where the line comes to lie."""

    ink_style: WeightedComponent[InkStyle]
    style_parameters: Parameters
    strokes: Strokes | None
    geometric_effects: tuple[AppliedEffect, ...]
    placement: LineFrame


@dataclass(slots=True)
class LineState:
    """One attempt at a sample: what is known so far. Every stage adds to it.

    Attributes:
        index: of the sample.
        streams: of its random numbers.
        block: its fonts and papers.
        debt: a character that it owes.
        copy: what it says.
        content: how it is set.
        look: its ink, and its place in the picture.
        raster: the line's glyphs.
        coverage: (H, W) of all ink in the picture.
        stroke_coverage: (H, W) of marks along the line that lie below its letters.
        ink_mask: where the line's own ink is.
        number: of its paper.
        background: (H, W, 3) RGB.
        paper_drawn: what it drew, of a paper that tells it.
        calm: how far the paper was calmed.
        ground: what lies around the ink.
        ink: its colour; None where none can be read.
        image: (H, W, 3) RGB.
        coloured: effects on its pixels.
        failure: why nothing comes of it: a `Rejection`, or an error in a part of the user's.
    """

    index: int
    streams: Streams
    block: BlockResources
    required: RequiredCharacter | None = None
    spec: LineSpec = field(init=False)
    layout: LineLayout = field(init=False)
    style: LineStyle = field(init=False)
    raster: LineRaster = field(init=False)
    coverage: Image = field(init=False)
    stroke_coverage: Image | None = None
    ink_mask: InkMask = field(init=False)
    background_index: int = field(init=False)
    background: Image = field(init=False)
    background_parameters: Parameters = field(init=False, default_factory=dict)
    contrast_reduction: float = field(init=False)
    local_background: LocalBackground = field(init=False)
    ink: InkColour | None = None
    image: Image = field(init=False)
    pixel_effects: tuple[AppliedEffect, ...] = ()
    failure: Exception | None = None
