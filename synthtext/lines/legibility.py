"""Legibility of lines: how much detail pixel effects may remove, in proportion to the widths of strokes and gaps."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from synthtext.core import BoundedSettings, DetailBudget, Image, Points, bounded, bounding_boxes, check_number

_QUANTILE = 0.2  # of the clusters: the finest ones decide, but not a single comma
_MIN_WIDTH = 0.5  # pixels


@dataclass(frozen=True)
class LineLegibility(BoundedSettings):
    """Limits of pixel effects, for scripts with dots or many strokes. By default, effects are not limited.

    The width of the details of a line is that of its strokes or of the gaps between them, whichever is smaller.

    Attributes:
        max_blur: Maximum standard deviation of all blur together, as a multiple of the width of the details, 0 to 10;
            also limits JPEG compression, black and white, and single pixels of noise. None: no limit.
        max_noise: Maximum standard deviation of all noise together, as a fraction of the contrast of the ink for each
            pixel of the width of the details, 0 to 10.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    max_blur: float | None = None
    max_noise: float = bounded(0.1, 0, 10)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_blur is not None:
            check_number("max_blur", self.max_blur, 0, 10)

    @property
    def is_limited(self) -> bool:
        """Whether effects are limited."""
        return self.max_blur is not None

    def budget(self, coverage: Image, quads: Points, contrast: float) -> DetailBudget:
        """Return what effects may take away from a line, if they are limited.

        Args:
            coverage: (H, W) uint8 of the ink.
            quads: (K, 4, 2) of the clusters with ink, pixels.
            contrast: Contrast of the ink, 0 to 255.
        """
        assert self.max_blur is not None
        width = measure_detail(coverage, quads)
        return DetailBudget(width, (self.max_blur * width) ** 2, (self.max_noise * contrast * width) ** 2)


def measure_detail(coverage: Image, quads: Points) -> float:
    """Measure the width of the strokes or of the gaps of a line, whichever is smaller, in pixels.

    The mean width of strokes is twice their area over the length of their edges, and that of gaps likewise.

    Args:
        coverage: (H, W) uint8 of the ink.
        quads: (K, 4, 2) of the clusters with ink, pixels.
    """
    ink = coverage.astype(np.float32) / 255
    down, across = np.diff(ink, axis=0, append=ink[-1:]), np.diff(ink, axis=1, append=ink[:, -1:])
    table = np.asarray(cv2.integral(cv2.merge((ink, np.hypot(down, across)))))
    sizes = np.array(coverage.shape[1::-1] * 2)
    left, top, right, bottom = np.clip(np.round(bounding_boxes(quads)), 0, sizes).astype(np.int64).T
    area, edges = (table[bottom, right] + table[top, left] - table[top, right] - table[bottom, left]).T
    empty = (right - left) * (bottom - top) - area
    widths = 2 * np.minimum(area, empty) / np.maximum(edges, 1)
    return max(_MIN_WIDTH, float(np.quantile(widths, _QUANTILE)))
