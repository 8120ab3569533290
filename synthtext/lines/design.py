"""Settings of lines in a recipe."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Literal

from synthtext.core import (
    BoundedSettings,
    InputError,
    Range,
    WeightedComponent,
    bounded,
    check_fraction,
    check_number,
    check_range,
)
from synthtext.design import Design
from synthtext.glyph_layouts import GlyphLayout, Uniform
from synthtext.lines.coverage import CoverageOptions
from synthtext.lines.legibility import LineLegibility
from synthtext.occluders.occluder import Nothing, Occluder

_MAX_SIDE = 8192  # pixels
# These features display other characters: small letters as capitals, 1/2 as one half, 1st as a raised st.
_MISLEADING = ("smcp", "c2sc", "pcap", "c2pc", "unic", "frac", "afrc", "ordn", "sups", "subs", "sinf", "numr", "dnom")

_KEY = re.compile(r"(\d{1,6})-(\d{1,6})")
_MAX_FACTOR = 1000


def parse_length_weights(weights: Mapping[str, float]) -> list[tuple[int, int, float]]:
    """Parse factors by range of lengths, such as {"4-8": 2}, to sorted tuples (minimum, maximum, factor).

    Raises:
        InputError: A key is not a range, ranges overlap, or a factor is out of bounds.
    """
    ranges: list[tuple[int, int, float]] = []
    for key, factor in weights.items():
        match = _KEY.fullmatch(key)
        low, high = map(int, match.groups()) if match else (0, 0)
        if not 1 <= low <= high:
            raise InputError(
                f"length_weights: {key!r} is not a range of lengths; write it like '4-8', the smaller number first"
            )
        check_number(f"length_weights: the factor of {key!r},", factor, 0, _MAX_FACTOR)
        ranges.append((low, high, float(factor)))
    ranges.sort()
    for (low, high, _), (start, stop, _) in pairwise(ranges):
        if start <= high:
            raise InputError(f"length_weights: '{low}-{high}' and '{start}-{stop}' overlap; a length has one factor")
    return ranges


@dataclass(frozen=True)
class NeighbourOptions:
    """Other text that reaches into the image and is not part of the label, as in crops of pages.

    Attributes:
        probability: Probability of a text above, below, before or after the line; only straight and vertical lines have
            neighbours.
        depth_range: Fraction of the margin that the neighbour fills, 0 to 1.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    probability: float = 0.0
    depth_range: Range = (0.2, 0.9)

    def __post_init__(self) -> None:
        check_fraction("neighbours: probability", self.probability)
        check_range("neighbours: depth_range", self.depth_range, 0, 1, "shares")


@dataclass(frozen=True)
class OverlapOptions:
    """Other text above or below that overlaps the line, as where lines are set tight; it is not part of the label.

    Attributes:
        probability: Probability of overlapping text; only straight and vertical lines have it. It takes the place of
            other neighbouring text.
        depth_range: How far it reaches into the ink of the line, as a fraction of the ink's height, 0 to 0.4.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    probability: float = 0.0
    depth_range: Range = (0.02, 0.15)

    def __post_init__(self) -> None:
        check_fraction("overlap: probability", self.probability)
        check_range("overlap: depth_range", self.depth_range, 0, 0.4, "shares")


@dataclass(frozen=True)
class StretchOptions:
    """Letters and distances that are condensed or stretched horizontally.

    Attributes:
        probability: Probability of a condensed or stretched line.
        factor_range: Horizontal factor, 0.25 to 4; log-uniform. At 0.5, a usual font takes 0.25 heights a character.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    probability: float = 0.0
    factor_range: Range = (0.45, 1.8)

    def __post_init__(self) -> None:
        check_fraction("stretch: probability", self.probability)
        check_range("stretch: factor_range", self.factor_range, 0.25, 4, "factors")


@dataclass(frozen=True)
class LayoutOptions(BoundedSettings):
    """Layout of lines.

    Attributes:
        tracking_range: Space added between clusters, in ems; letters of connected scripts (Arabic, Devanagari) are not
            separated.
        margin_range: Margin on each side of the ink, as a fraction of the ink's height; drawn for every side.
        length_range: Minimum and maximum number of characters; other texts are rejected.
        length_weights: Factors by which texts of some lengths are sampled more often, by range: {"1-3": 2, "9-20": 4};
            lengths in no range have the factor 1.
        jitter_range: Maximum vertical offset of letters from the baseline, in ems; drawn for every line.
        features: OpenType features and the probability of each, by tag: {onum: 0.3, ss01: 0.1}. A font without a
            feature ignores it. Features that display other characters are refused.
        language: BCP 47 tag of the texts ("sr", "zh-Hant"), for fonts with language-specific forms.
        neighbours: Other text that reaches into the image.
        overlap: Other text that overlaps the line.
        stretch: Condensed and stretched lines.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    tracking_range: Range = bounded((0.0, 0.0), -0.2, 3, "ems")
    margin_range: Range = bounded((0.0, 0.15), 0, 5, "two shares")
    length_range: tuple[int, int] = (1, 80)
    length_weights: Mapping[str, float] = field(default_factory=dict)
    jitter_range: Range = bounded((0.0, 0.0), 0, 0.5, "ems")
    features: Mapping[str, float] = field(default_factory=dict)
    language: str = ""
    neighbours: NeighbourOptions = NeighbourOptions()
    overlap: OverlapOptions = OverlapOptions()
    stretch: StretchOptions = StretchOptions()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.length_range[0] <= self.length_range[1]:
            raise InputError(f"length_range {list(self.length_range)} must be counts from 1 up, in order")
        parse_length_weights(self.length_weights)
        for tag, probability in self.features.items():
            if len(tag) != 4 or not tag.isascii() or not tag.isalnum():
                raise InputError(
                    f"features: {tag!r} is not an OpenType feature; tags have four letters or digits, such as onum"
                )
            if tag in _MISLEADING:
                raise InputError(f"features: {tag!r} displays other characters, so labels would be wrong; remove it")
            if not 0 <= probability <= 1:
                raise InputError(f"features: {tag} {probability} must be a probability from 0 to 1")


@dataclass(frozen=True)
class LineOutput(BoundedSettings):
    """Size and format of the images.

    Attributes:
        height: In pixels, or "free": the height of the line and its margins. For vertical lines, this is the width.
        width: In pixels, or "free". For vertical lines, this is the height.
        format: Image format in shards.
        quality_range: JPEG quality, 1 to 100.
        turn_tall: Whether the image of a line that runs down or up is turned counterclockwise by a quarter if it is at
            least 1.5 times as high as wide, as readers do before recognition (PaddleOCR's code). Text that runs down
            then runs from left to right.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    height: int | Literal["free"] = 48
    width: int | Literal["free"] = "free"
    format: Literal["jpeg", "png"] = "jpeg"
    quality_range: tuple[int, int] = bounded((85, 95), 1, 100)
    turn_tall: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in (("height", self.height), ("width", self.width)):
            if value != "free" and not 8 <= value <= _MAX_SIDE:
                raise InputError(f"{name} {value} must be from 8 to {_MAX_SIDE} pixels, or free")


@dataclass(frozen=True, kw_only=True)
class LineDesign(Design):
    """All settings of a generator of lines."""

    layout: LayoutOptions
    glyph_layouts: tuple[WeightedComponent[GlyphLayout], ...] = (WeightedComponent("uniform", Uniform()),)
    occluders: tuple[WeightedComponent[Occluder], ...] = (WeightedComponent("nothing", Nothing()),)
    output: LineOutput
    coverage: CoverageOptions
    legibility: LineLegibility
