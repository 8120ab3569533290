"""How the letters of a scene are set: what a recipe says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from synthtext.core import Range, Size, WeightedComponent, check_range
from synthtext.design import Design
from synthtext.lines.design import LayoutOptions
from synthtext.scenes.clutter import Clutter
from synthtext.scenes.layouts import SceneLayout
from synthtext.scenes.legibility import Legibility


@dataclass(frozen=True)
class TypesettingOptions:
    """How texts are set, in every layout.

    Attributes:
        tracking_range: space added between clusters, in ems; drawn for every block of text.
        length_range: fewest and most characters of a text of the corpora; others are rejected.
        jitter_range: how far letters stand above or below the baseline, in ems.
        features: OpenType features and how often each is switched on, by tag.
        language: BCP 47 tag of the texts, for fonts with forms of their own for some languages.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # an unknown key in a recipe is an error

    tracking_range: Range = (0.0, 0.0)
    length_range: tuple[int, int] = (1, 40)
    jitter_range: Range = (0.0, 0.0)
    features: Mapping[str, float] = field(default_factory=dict)
    language: str = ""

    def __post_init__(self) -> None:
        self.layout()

    def layout(self) -> LayoutOptions:
        """The same for lines that fill a picture of their own.

        Raises:
            InputError: a value is out of its range.
        """
        return LayoutOptions(
            tracking_range=self.tracking_range,
            length_range=self.length_range,
            jitter_range=self.jitter_range,
            features=self.features,
            language=self.language,
        )


_SMALLEST, _LARGEST = 64, 8192  # pixels


@dataclass(frozen=True)
class SceneOutput:
    """What the finished pictures are like.

    Attributes:
        width_range: in whole pixels, drawn for every picture.
        height_range: in whole pixels, drawn for every picture.
        format: how shards hold them.
        quality_range: of JPEG, 1 to 100.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # an unknown key in a recipe is an error

    width_range: tuple[int, int] = (1024, 1024)
    height_range: tuple[int, int] = (768, 768)
    format: Literal["jpeg", "png"] = "jpeg"
    quality_range: tuple[int, int] = (80, 95)

    def __post_init__(self) -> None:
        check_range("width_range", self.width_range, _SMALLEST, _LARGEST, "pixels")
        check_range("height_range", self.height_range, _SMALLEST, _LARGEST, "pixels")
        check_range("quality_range", self.quality_range, 1, 100)

    def draw(self, rng: np.random.Generator) -> Size:
        """Draw a size."""
        return Size(
            int(rng.integers(*self.width_range, endpoint=True)), int(rng.integers(*self.height_range, endpoint=True))
        )

    def draw_quality(self, rng: np.random.Generator) -> int:
        """Draw the quality of the JPEG."""
        return int(rng.integers(*self.quality_range, endpoint=True))


@dataclass(frozen=True, kw_only=True)
class SceneDesign(Design):
    """Everything that decides what scenes look like."""

    typesetting: TypesettingOptions
    layouts: tuple[WeightedComponent[SceneLayout], ...]
    clutter: Clutter
    legibility: Legibility
    output: SceneOutput
