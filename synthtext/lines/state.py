"""The state of a line while it passes through the stages."""

from dataclasses import dataclass, field
from typing import NamedTuple

from synthtext.core import AppliedEffect, Image, Parameters, StageStreams, WeightedComponent
from synthtext.design import BlockResources
from synthtext.ink import InkColour, InkMask, InkStyle, LocalBackground
from synthtext.lines.coverage import RequiredCharacter
from synthtext.lines.placement import LinePlacement
from synthtext.lines.sampler import LineLayout, LineSpec
from synthtext.typesetting.canvas import LineRaster, Strokes


class LineStyle(NamedTuple):
    """The ink style and the placement of a line."""

    ink_style: WeightedComponent[InkStyle]
    style_parameters: Parameters
    strokes: Strokes | None
    geometric_effects: tuple[AppliedEffect, ...]
    placement: LinePlacement


@dataclass(slots=True)
class LineState:
    """One attempt at a sample; every stage sets some of the attributes."""

    index: int  # index of the sample
    streams: StageStreams  # random streams of the attempt
    block: BlockResources  # fonts and backgrounds
    required: RequiredCharacter | None = None  # character that the text should contain
    spec: LineSpec = field(init=False)  # text and how to set it
    layout: LineLayout = field(init=False)  # the shaped line on its baseline
    style: LineStyle = field(init=False)  # ink style and placement
    raster: LineRaster = field(init=False)  # glyphs of the line
    coverage: Image = field(init=False)  # (H, W) uint8, all ink of the letters' colour in the image
    stroke_coverage: Image | None = None  # (H, W) uint8, strokes of another colour, drawn below the letters
    ink_mask: InkMask = field(init=False)  # region of the line's own ink
    background_index: int = field(init=False)  # index of the background in the design
    background: Image = field(init=False)  # (H, W, 3) uint8 RGB
    background_parameters: Parameters = field(init=False, default_factory=dict)  # of a `ParametricBackground`
    contrast_reduction: float = field(init=False)  # fraction by which the contrast of the background was reduced
    local_background: LocalBackground = field(init=False)  # luminance of the background around the ink
    ink: InkColour | None = None  # colour of the ink; None if no colour reaches the contrast floor
    image: Image = field(init=False)  # (H, W, 3) uint8 RGB
    pixel_effects: tuple[AppliedEffect, ...] = ()  # pixel effects that were applied
    failure: Exception | None = None  # a `Rejection`, or an error raised by a user-defined component
