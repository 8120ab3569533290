"""Legibility of texts in the finished image."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, bounding_boxes, check_number
from synthtext.scenes.text_layer import RenderedLine

_BACKGROUND_RADIUS = 0.1  # ems around the ink that count as its background

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class ClusterStatistics(NamedTuple):
    """Sums over the finished image at each of K clusters; those of a word are the sums over its clusters.

    Attributes:
        ink: (K,) coverage.
        occluded: (K,) occluded coverage.
        solid: (K,) squared coverage, which weights the luminance of ink, so that soft edges count little.
        inked: (K,) luminance with this weight.
        background_pixels: (K,) number of pixels around the ink.
        background_luminance: (K,) sum of their luminance.
        heights: (K,) height of the line at the cluster (width for a vertical line), pixels.
    """

    ink: Floats
    occluded: Floats
    solid: Floats
    inked: Floats
    background_pixels: Floats
    background_luminance: Floats
    heights: Floats

    def measure(self, start: int, stop: int) -> "LegibilityMeasures":
        """Measure clusters `start` to `stop` - 1 together."""
        ink, occluded = self.ink[start:stop], self.occluded[start:stop]
        solid, inked, pixels, luminance = (float(part[start:stop].sum()) for part in self[2:-1])
        contrast = abs(inked / solid - luminance / pixels) if solid and pixels else 0.0
        occlusion = float((occluded / np.maximum(ink, 1)).max())
        return LegibilityMeasures(float(self.heights[start:stop].mean()), occlusion, contrast)


class LegibilityMeasures(NamedTuple):
    """What decides whether a text is legible.

    Attributes:
        height: Height of the line, pixels.
        occlusion: Occluded fraction of the ink of the most occluded cluster.
        contrast: Contrast of the ink with the pixels around it in the finished image, 0 to 255.
    """

    height: float
    occlusion: float
    contrast: float


@dataclass(frozen=True)
class Legibility:
    """Limits of legibility. Illegible lines and words get the flag `ignore`.

    Attributes:
        min_height: Minimum height of a line's ink in the finished image, pixels, 0 to 100.
        max_occlusion: Maximum occluded fraction of a cluster's ink, 0 to 1; a text with a more occluded cluster is
            illegible.
        min_contrast: Minimum contrast between ink and background after all effects, 0 to 120 of 255 steps of luminance.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    min_height: float = 8.0
    max_occlusion: float = 0.4
    min_contrast: float = 15.0

    def __post_init__(self) -> None:
        for name, maximum in (("min_height", 100), ("max_occlusion", 1), ("min_contrast", 120)):
            check_number(f"legibility: {name}", getattr(self, name), 0, maximum)

    def is_legible(self, measures: LegibilityMeasures) -> bool:
        """Whether a text is legible."""
        return (
            measures.height >= self.min_height
            and measures.occlusion <= self.max_occlusion
            and measures.contrast >= self.min_contrast
        )


def measure_clusters(line: RenderedLine, luminance: Image, occlusion: NDArray[np.uint8] | None) -> ClusterStatistics:
    """Measure the clusters of a line in the finished image.

    Args:
        line: The rendered line.
        luminance: (H, W) uint8 of the finished image.
        occlusion: (H, W) uint8, opacity of occluding objects; None if there are none.
    """
    coverage, grey = line.coverage, np.ascontiguousarray(luminance[line.window])
    solid = cv2.multiply(coverage, coverage, scale=1 / 255)
    radius = max(1, round(_BACKGROUND_RADIUS * line.em))
    dilated = cv2.dilate(coverage, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8))
    _, around = cv2.threshold(dilated, 0, 1, cv2.THRESH_BINARY)
    around[coverage > 0] = 0
    behind_objects = coverage if occlusion is None else cv2.multiply(coverage, occlusion[line.window], scale=1 / 255)
    light_of_ink = cv2.multiply(solid, grey, scale=1 / 255)
    first = cv2.integral(cv2.merge((coverage, behind_objects, solid, light_of_ink)))
    second = cv2.integral(cv2.merge((np.asarray(around, np.uint8), cv2.multiply(around, grey))))
    corner = np.array([line.window[1].start, line.window[0].start] * 2)
    boxes = np.round(bounding_boxes(line.quads) - corner).astype(np.int64)
    left, top, right, bottom = np.clip(boxes, 0, np.array(coverage.shape[::-1] * 2)).T
    ink, occluded, solid_sums, inked = _between(first, left, top, right, bottom)
    if occlusion is None:
        occluded = np.zeros_like(ink)
    pixels, pixel_luminance = _between(second, left, top, right, bottom)
    return ClusterStatistics(ink, occluded, solid_sums, 255 * inked, pixels, pixel_luminance, _thickness(line))


def _between(table: object, left: Integers, top: Integers, right: Integers, bottom: Integers) -> list[Floats]:
    integrals = np.asarray(table)
    total = integrals[bottom, right] + integrals[top, left] - integrals[top, right] - integrals[bottom, left]
    return list(np.asarray(total, np.float64).T)


def _thickness(line: RenderedLine) -> Floats:
    quads = line.quads
    if line.positioned.line.curved.line.vertical:
        first, second = quads[:, 1] - quads[:, 0], quads[:, 2] - quads[:, 3]
    else:
        first, second = quads[:, 3] - quads[:, 0], quads[:, 2] - quads[:, 1]
    return np.asarray((np.hypot(*first.T) + np.hypot(*second.T)) / 2, np.float64)
