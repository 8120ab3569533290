"""Settings of scenes in a recipe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from synthtext.core import Range, Size, WeightedComponent, check_range
from synthtext.design import Design
from synthtext.lines.design import LayoutOptions
from synthtext.scenes.clutter import Clutter
from synthtext.scenes.labels import Legibility
from synthtext.scenes.layouts import SceneLayout


@dataclass(frozen=True)
class TypesettingOptions:
    """Typesetting of all texts of a scene.

    Attributes:
        tracking_range: Space added between clusters, in ems; drawn for every block of text.
        length_range: Minimum and maximum number of characters of a text of the corpora; other texts are rejected.
        jitter_range: Maximum vertical offset of letters from the baseline, in ems.
        features: OpenType features and the probability of each, by tag.
        language: BCP 47 tag of the texts, for fonts with language-specific forms.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    tracking_range: Range = (0.0, 0.0)
    length_range: tuple[int, int] = (1, 40)
    jitter_range: Range = (0.0, 0.0)
    features: Mapping[str, float] = field(default_factory=dict)
    language: str = ""

    def __post_init__(self) -> None:
        self.layout()

    def layout(self) -> LayoutOptions:
        """Return the same settings as options of lines.

        Raises:
            InputError: A value is out of range.
        """
        return LayoutOptions(**vars(self))


_MIN_SIDE, _MAX_SIDE = 64, 8192  # pixels


@dataclass(frozen=True)
class SceneOutput:
    """Size and format of the images.

    Attributes:
        width_range: Width in whole pixels, drawn for every image.
        height_range: Height in whole pixels, drawn for every image.
        format: Image format in shards.
        quality_range: JPEG quality, 1 to 100.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    width_range: tuple[int, int] = (1024, 1024)
    height_range: tuple[int, int] = (768, 768)
    format: Literal["jpeg", "png"] = "jpeg"
    quality_range: tuple[int, int] = (80, 95)

    def __post_init__(self) -> None:
        check_range("width_range", self.width_range, _MIN_SIDE, _MAX_SIDE, "pixels")
        check_range("height_range", self.height_range, _MIN_SIDE, _MAX_SIDE, "pixels")
        check_range("quality_range", self.quality_range, 1, 100)

    def draw(self, rng: np.random.Generator) -> Size:
        """Draw a size."""
        width, height = (int(rng.integers(*side, endpoint=True)) for side in (self.width_range, self.height_range))
        return Size(width, height)


@dataclass(frozen=True, kw_only=True)
class SceneDesign(Design):
    """All settings of a generator of scenes."""

    typesetting: TypesettingOptions
    layouts: tuple[WeightedComponent[SceneLayout], ...]
    clutter: Clutter
    legibility: Legibility
    output: SceneOutput
