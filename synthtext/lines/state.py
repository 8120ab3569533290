"""The state of a line while it passes through the stages."""

from dataclasses import dataclass, field
from typing import NamedTuple

from synthtext.background import ParametricBackground
from synthtext.core import AppliedEffect, Image, Parameters, Streams, WeightedComponent
from synthtext.design import BlockResources
from synthtext.ink import ContrastLoss, InkColour, InkMask, InkStyle, LocalBackground
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
    """One attempt at a sample; every stage sets some of the attributes.

    Attributes:
        index: Index of the sample.
        streams: Random streams of the sample.
        block: Fonts and backgrounds.
        required: Character that the text should contain.
        spec: Text and how to set it.
        layout: The shaped line on its baseline.
        style: Ink style and placement.
        raster: Glyphs of the line.
        coverage: (H, W) uint8, all ink of the letters' colour in the image.
        stroke_coverage: (H, W) uint8, strokes of another colour, drawn below the letters.
        ink_mask: Region of the line's own ink.
        background_index: Index of the background in the design.
        background: (H, W, 3) uint8 RGB.
        background_parameters: Parameters drawn by a `ParametricBackground`.
        contrast_reduction: Fraction by which the contrast of the background was reduced.
        local_background: Luminance of the background around the ink.
        ink: Colour of the ink; None if no colour reaches the contrast floor.
        image: (H, W, 3) uint8 RGB.
        pixel_effects: Pixel effects that were applied.
        failure: Why the attempt failed: a `Rejection`, or an error raised by a user-defined component.
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

    @property
    def contrast_loss(self) -> ContrastLoss:
        """Contrast that the ink style loses."""
        return self.style.ink_style.component.contrast_loss(self.style.style_parameters)

    @property
    def retained_contrast(self) -> float:
        """Fraction of the contrast that the background's overlay retains."""
        background = self.block.backgrounds[self.background_index]
        return (
            background.retained_contrast(self.background_parameters)
            if isinstance(background, ParametricBackground)
            else 1.0
        )

    @property
    def remaining_contrast(self) -> float:
        """Contrast of the ink in the image, before pixel effects."""
        assert self.ink is not None
        return self.contrast_loss.remaining_contrast(self.ink.contrast) * self.retained_contrast
