"""The finished picture of a scene."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from synthtext.core import Size, check_range

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
