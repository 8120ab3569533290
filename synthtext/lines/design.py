"""How lines are laid out: what a recipe says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from synthtext.core import InputError, Range, check_fraction, check_range
from synthtext.design import Design
from synthtext.lines.coverage import CoverageOptions
from synthtext.lines.lengths import parse_length_weights

_LONGEST = 8192  # pixels: more than any reader of lines takes
# These show letters as others: small letters as capitals, 1/2 as one half, 1st as a raised st.
_MISLEADING = ("smcp", "c2sc", "pcap", "c2pc", "unic", "frac", "afrc", "ordn", "sups", "subs", "sinf", "numr", "dnom")


@dataclass(frozen=True)
class NeighbourOptions:
    """Other text that reaches into the picture and is not in the label, as in crops from a page.

    Attributes:
        probability: of one above, below, before or behind the line; only straight and vertical lines have them.
        depth_range: how much of the margin on its side it fills, as a share from 0 to 1.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # an unknown key in a recipe is an error

    probability: float = 0.0
    depth_range: Range = (0.2, 0.9)

    def __post_init__(self) -> None:
        check_fraction("neighbours: probability", self.probability)
        check_range("neighbours: depth_range", self.depth_range, 0, 1, "shares")


@dataclass(frozen=True)
class LayoutOptions:
    """How lines are laid out.

    Attributes:
        tracking_range: space added between clusters, in ems; letters that hang together (Arabic, Devanagari) stay so.
        margin_range: paper on each side of the ink, as a share of the ink's height; drawn for every side.
        length_range: fewest and most characters of a text; others are rejected.
        length_weights: how much more often texts of a length are drawn than they come, by range: {"1-3": 2, "9-20": 4};
            lengths in no range have the factor 1.
        jitter_range: how far letters stand above or below the baseline, in ems: the farthest is drawn for every line.
        features: OpenType features and how often each is switched on, by tag: {onum: 0.3, ss01: 0.1}. Fonts without a
            feature show no difference. Features that show letters as others are refused.
        language: BCP 47 tag of the texts, for fonts with forms of their own for some languages ("sr", "zh-Hant").
        neighbours: other text that reaches into the picture.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # an unknown key in a recipe is an error

    tracking_range: Range = (0.0, 0.0)
    margin_range: Range = (0.0, 0.15)
    length_range: tuple[int, int] = (1, 80)
    length_weights: Mapping[str, float] = field(default_factory=dict)
    jitter_range: Range = (0.0, 0.0)
    features: Mapping[str, float] = field(default_factory=dict)
    language: str = ""
    neighbours: NeighbourOptions = NeighbourOptions()

    def __post_init__(self) -> None:
        check_range("margin_range", self.margin_range, 0, 5, "two shares")
        check_range("tracking_range", self.tracking_range, -0.2, 3, "ems")
        if not 1 <= self.length_range[0] <= self.length_range[1]:
            raise InputError(f"length_range {list(self.length_range)} must be counts from 1 up, in order")
        parse_length_weights(self.length_weights)
        check_range("jitter_range", self.jitter_range, 0, 0.5, "ems")
        for tag, probability in self.features.items():
            if len(tag) != 4 or not tag.isascii() or not tag.isalnum():
                raise InputError(f"features: {tag!r} is no OpenType feature; they have four letters, such as onum")
            if tag in _MISLEADING:
                raise InputError(
                    f"features: {tag!r} shows letters as others, so that labels would be wrong; leave it out"
                )
            if not 0 <= probability <= 1:
                raise InputError(f"features: {tag} {probability} must be a probability from 0 to 1")


@dataclass(frozen=True)
class Output:
    """What the finished pictures are like.

    Attributes:
        height: in pixels, or "free": as high as the line and its margins. The width of vertical lines.
        width: in pixels, or "free". The height of vertical lines.
        format: how shards hold them.
        quality_range: of JPEG, 1 to 100.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # an unknown key in a recipe is an error

    height: int | Literal["free"] = 48
    width: int | Literal["free"] = "free"
    format: Literal["jpeg", "png"] = "jpeg"
    quality_range: tuple[int, int] = (85, 95)

    def __post_init__(self) -> None:
        for name, value in (("height", self.height), ("width", self.width)):
            if value != "free" and not 8 <= value <= _LONGEST:
                raise InputError(f"{name} {value} must be from 8 to {_LONGEST} pixels, or free")
        check_range("quality_range", self.quality_range, 1, 100)


@dataclass(frozen=True, kw_only=True)
class LineDesign(Design):
    """Everything that decides what lines look like."""

    layout: LayoutOptions
    output: Output
    coverage: CoverageOptions
