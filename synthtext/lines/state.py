"""The state of a line while it passes through the stages."""

from dataclasses import dataclass, field
from typing import NamedTuple

from synthtext.background import ParametricBackground
from synthtext.core import AppliedEffect, Image, Parameters, StageStreams, Warp, WeightedComponent
from synthtext.design import BlockResources
from synthtext.ink import ContrastLoss, InkColour, InkMask, InkStyle, LocalBackground
from synthtext.lines.coverage import RequiredCharacter
from synthtext.lines.placement import LinePlacement
from synthtext.lines.sampler import LineLayout, LineSpec
from synthtext.typesetting.canvas import LineRaster, Strokes


class LineStyle(NamedTuple):
    """The ink style of a line."""

    ink_style: WeightedComponent[InkStyle]
    parameters: Parameters
    strokes: Strokes | None


@dataclass(slots=True)
class LineState:
    """One attempt at a sample; every stage sets some of the attributes."""

    index: int  # index of the sample
    streams: StageStreams  # random streams of the attempt
    block: BlockResources  # fonts and backgrounds
    required: RequiredCharacter | None = None  # character that the text should contain
    spec: LineSpec = field(init=False)  # text and how to set it
    layout: LineLayout = field(init=False)  # the shaped line on its baseline
    style: LineStyle = field(init=False)  # ink style
    view: Warp = field(init=False)  # geometric effects, for an image that the line fills
    geometric_effects: tuple[AppliedEffect, ...] = ()  # geometric effects of the warp
    placement: LinePlacement = field(init=False)  # position in the image
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
    occlusion: Parameters = field(default_factory=dict)  # the object in front of the line; empty if there is none
    pixel_effects: tuple[AppliedEffect, ...] = ()  # pixel effects that were applied
    failure: Exception | None = None  # a `Rejection`, or an error raised by a user-defined component

    @property
    def contrast_loss(self) -> ContrastLoss:
        """Contrast that the ink style loses."""
        return self.style.ink_style.component.contrast_loss(self.style.parameters)

    @property
    def retained_contrast(self) -> float:
        """Fraction of the contrast that the background's overlay retains."""
        background = self.block.backgrounds[self.background_index]
        if isinstance(background, ParametricBackground):
            return background.retained_contrast(self.background_parameters)
        return 1.0

    @property
    def remaining_contrast(self) -> float:
        """Contrast of the ink in the image, before pixel effects."""
        assert self.ink is not None
        return self.contrast_loss.remaining_contrast(self.ink.contrast) * self.retained_contrast
