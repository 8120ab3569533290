"""Whether a text in the finished picture can be read."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, bounding_boxes, check_number
from synthtext.scenes.text_layer import RenderedLine

_NEAR = 0.1  # ems around the ink that count as its ground

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


class ClusterStatistics(NamedTuple):
    """What the finished picture has at each of K clusters; a part of a line is judged by the sums over its clusters.

    Attributes:
        ink: (K,) coverage.
        hidden: (K,) coverage of what is behind something.
        solid: (K,) squared coverage: what ink's luminance is weighted with, so that soft edges count little.
        inked: (K,) luminance, weighted so.
        background_pixels: (K,) pixels around the ink.
        background_luminance: (K,) their luminance.
        heights: (K,) how thick the line is at the cluster, pixels.
    """

    ink: Floats
    hidden: Floats
    solid: Floats
    inked: Floats
    background_pixels: Floats
    background_luminance: Floats
    heights: Floats

    def of(self, start: int, stop: int) -> "LegibilityMeasures":
        """What is known of clusters `start` to `stop` - 1 together."""
        ink, hidden = self.ink[start:stop], self.hidden[start:stop]
        solid, inked, ground, grounds = (float(part[start:stop].sum()) for part in self[2:-1])
        contrast = abs(inked / solid - grounds / ground) if solid and ground else 0.0
        worst = float((hidden / np.maximum(ink, 1)).max())
        return LegibilityMeasures(float(self.heights[start:stop].mean()), worst, contrast)


class LegibilityMeasures(NamedTuple):
    """What decides whether a text can be read.

    Attributes:
        height: of its line, pixels.
        hidden: share of its ink behind something, at the cluster where it is largest: a letter that cannot be seen
            cannot be read.
        contrast: of its ink with what is around it, in the finished picture, 0 to 255.
    """

    height: float
    hidden: float
    contrast: float


@dataclass(frozen=True)
class Legibility:
    """Which texts cannot be read and are marked to be ignored, whole lines and single words.

    Attributes:
        min_height: of a line's ink, pixels of the finished picture, 0 to 100.
        max_occlusion: share of a letter's ink that may be behind something, 0 to 1; a text with a letter that is hidden
            further is ignored.
        min_contrast: between ink and ground after all effects, 0 to 120 of 255 steps of luminance.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # an unknown key in a recipe is an error

    min_height: float = 8.0
    max_occlusion: float = 0.4
    min_contrast: float = 15.0

    def __post_init__(self) -> None:
        for name, most in (("min_height", 100), ("max_occlusion", 1), ("min_contrast", 120)):
            check_number(f"legibility: {name}", getattr(self, name), 0, most)

    def is_legible(self, judged: LegibilityMeasures) -> bool:
        """Whether a text can be read."""
        return (
            judged.height >= self.min_height
            and judged.hidden <= self.max_occlusion
            and judged.contrast >= self.min_contrast
        )


def measure_clusters(line: RenderedLine, luminance: Image, hidden: NDArray[np.uint8] | None) -> ClusterStatistics:
    """Measure a line in the finished picture.

    Args:
        line: as it was drawn.
        luminance: (H, W) uint8 of the finished picture.
        hidden: (H, W) uint8, how far each pixel is hidden; None if nothing is.
    """
    coverage, grey = line.coverage, np.ascontiguousarray(luminance[line.window])
    solid = cv2.multiply(coverage, coverage, scale=1 / 255)
    reach = max(1, round(_NEAR * line.em))
    near = cv2.dilate(coverage, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    _, ground = cv2.threshold(near, 0, 1, cv2.THRESH_BINARY)
    ground[coverage > 0] = 0
    covered = coverage if hidden is None else cv2.multiply(coverage, hidden[line.window], scale=1 / 255)
    inked = cv2.multiply(solid, grey, scale=1 / 255)
    first = cv2.integral(cv2.merge((coverage, covered, solid, inked)))
    second = cv2.integral(cv2.merge((np.asarray(ground, np.uint8), cv2.multiply(ground, grey))))
    corner = np.array([line.window[1].start, line.window[0].start] * 2)
    boxes = np.round(bounding_boxes(line.quads) - corner).astype(np.int64)
    left, top, right, bottom = np.clip(boxes, 0, np.array(coverage.shape[::-1] * 2)).T
    ink, behind, thick, light = _between(first, left, top, right, bottom)
    if hidden is None:
        behind = np.zeros_like(ink)
    around, lit = _between(second, left, top, right, bottom)
    return ClusterStatistics(ink, behind, thick, 255 * light, around, lit, _thickness(line))


def _between(table: object, left: Whole, top: Whole, right: Whole, bottom: Whole) -> list[Floats]:
    integrals = np.asarray(table)
    total = integrals[bottom, right] + integrals[top, left] - integrals[top, right] - integrals[bottom, left]
    return list(np.asarray(total, np.float64).T)


def _thickness(line: RenderedLine) -> Floats:
    quads = line.quads
    if line.laid.line.bent.line.vertical:
        first, second = quads[:, 1] - quads[:, 0], quads[:, 2] - quads[:, 3]
    else:
        first, second = quads[:, 3] - quads[:, 0], quads[:, 2] - quads[:, 1]
    return np.asarray((np.hypot(*first.T) + np.hypot(*second.T)) / 2, np.float64)
