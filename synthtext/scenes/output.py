"""The finished picture of a scene."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from synthtext.core import InputError, Size

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
        for name, (low, high) in (("width_range", self.width_range), ("height_range", self.height_range)):
            if not _SMALLEST <= low <= high <= _LARGEST:
                raise InputError(f"{name} {[low, high]} must be pixels from {_SMALLEST} to {_LARGEST}, in order")
        if not 1 <= self.quality_range[0] <= self.quality_range[1] <= 100:
            raise InputError(f"quality_range {list(self.quality_range)} must be from 1 to 100, in order")

    def draw(self, rng: np.random.Generator) -> Size:
        """Draw a size."""
        return Size(
            int(rng.integers(*self.width_range, endpoint=True)), int(rng.integers(*self.height_range, endpoint=True))
        )

    def draw_quality(self, rng: np.random.Generator) -> int:
        """Draw the quality of the JPEG."""
        return int(rng.integers(*self.quality_range, endpoint=True))
