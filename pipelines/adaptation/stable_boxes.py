"""Texts that a detector finds at several scales: stable ones, and uncertain ones that are to be ignored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.db.boxes import Boxes
from models.detection_metric import ImageMatchCounts, count_matches, detection_scores
from models.detection_outcomes import DetectionOutcome, compare_detections
from pipelines.datasets.image import decode_image
from pipelines.datasets.source import LineSource
from pipelines.inference.predictors import TextDetector
from synthtext.core import Image, Polygon

SCALES = (1.0, 0.75, 1.33)
"""Scales of the views of a picture; the first one gives the boxes."""

LOW_SCORE = 0.3
"""Score from which a box that is not stable is ignored; below it, it counts as background."""

_SAME_OVERLAP = 0.5  # of bounding boxes, above which uncertain texts are the same

Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class PictureBoxes:
    """The texts that a detector finds in a picture.

    Attributes:
        stable: Outlines of the texts that all scales have, in pixels of the picture.
        uncertain: Outlines of the others.
        scores: Mean score over the scales of each stable text, 0 to 1.
        found: Outlines at the first scale, with the thresholds of the detector.
        counts: Texts at the first scale, detections at the other scales, and matched ones, over all other scales.
    """

    stable: tuple[Outline, ...]
    uncertain: tuple[Outline, ...]
    scores: tuple[float, ...]
    found: tuple[Outline, ...]
    counts: tuple[int, int, int]


@dataclass(frozen=True)
class Pictures:
    """What a detector finds in all pictures of a source, in its order."""

    items: tuple[PictureBoxes, ...]

    @property
    def agreement(self) -> float:
        """Harmonic mean of precision and recall between the scales, over all pictures, 0 to 1."""
        texts, detections, matched = (sum(values) for values in zip(*(item.counts for item in self.items), strict=True))
        return 2 * matched / (texts + detections) if matched else 0.0

    @property
    def confidence(self) -> float:
        """Mean score of the stable texts, 0 to 1; 0 without any."""
        scores = [score for item in self.items for score in item.scores]
        return float(np.mean(scores)) if scores else 0.0

    @property
    def texts(self) -> int:
        """Number of texts at the first scale."""
        return sum(len(item.found) for item in self.items)


def detect_views(
    detector: TextDetector, source: LineSource, min_score: float, advance: Callable[[int], None] = lambda _: None
) -> Pictures:
    """Find the texts in all pictures of a source at all scales.

    Args:
        detector: The detector.
        source: The pictures, each as a row with an image.
        min_score: Least mean score of a stable text, 0 to 1.
        advance: Called with 1 after every picture.
    """
    items = []
    for row in range(len(source)):
        (line,) = source.read(np.array([row]))
        items.append(find_stable(_views(detector, decode_image(line.image, line.key)), detector, min_score))
        advance(1)
    return Pictures(tuple(items))


def _views(detector: TextDetector, image: Image) -> list[Boxes]:
    """Return the boxes at each scale, in pixels of the picture, those with low scores included."""
    sensitive = detector.with_postprocessing(box_threshold=min(LOW_SCORE, detector.postprocessing.box_threshold))
    found = []
    for scale in SCALES:
        size = max(round(scale * image.shape[1]), 1), max(round(scale * image.shape[0]), 1)
        limit = max(round(scale * sensitive.preprocessing.limit_side_len), 32)
        view = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        scaled = replace(sensitive, preprocessing=replace(sensitive.preprocessing, limit_side_len=limit))
        boxes = scaled.detect(image if scale == 1 else view)
        found.append(Boxes([(polygon / scale).astype(np.float32) for polygon in boxes.polygons], boxes.scores))
    return found


def find_stable(views: Sequence[Boxes], detector: TextDetector, min_score: float) -> PictureBoxes:
    """Divide the boxes of all views into stable and uncertain ones.

    A box of the first view is stable if every other view has one that matches it (intersection over union above 0.5),
    and if its mean score is high enough. All boxes that no stable one covers are uncertain: whether they are text is
    unknown, so nothing is to be learned from them (as for ignored texts of ICDAR 2015).

    Args:
        views: Boxes of each view, in pixels of the picture, with low scores included.
        detector: Whose thresholds decide which boxes count.
        min_score: Least mean score of a stable text, 0 to 1.
    """
    threshold = detector.postprocessing.box_threshold
    counting = [[p for p, score in zip(*view, strict=True) if score >= threshold] for view in views]
    base, others = counting[0], counting[1:]
    base_scores = [float(score) for score in views[0].scores if score >= threshold]
    ignore = [False] * len(base)
    outcomes = [compare_detections(base, ignore, boxes) for boxes in others]
    is_stable = np.ones(len(base), bool)
    for outcome in outcomes:
        is_stable &= outcome.texts == DetectionOutcome.MATCHED
    is_stable &= np.array(base_scores, np.float64) >= min_score
    stable = [polygon for polygon, good in zip(base, is_stable, strict=True) if good]
    matches = [ImageMatchCounts.from_outcomes(outcome) for outcome in outcomes]
    return PictureBoxes(
        tuple(map(_outline, stable)),
        tuple(map(_outline, _uncovered(stable, [polygon for view in views for polygon in view.polygons]))),
        tuple(score for score, good in zip(base_scores, is_stable, strict=True) if good),
        tuple(map(_outline, base)),
        (len(base) * len(others), sum(map(len, others)), sum(match.matched for match in matches)),
    )


def _uncovered(stable: Sequence[Polygon], polygons: Sequence[Polygon]) -> list[Polygon]:
    """Return the polygons that are not on a stable one; of those that are on each other, only the first.

    By their bounding boxes: half of the area of the smaller one is common.
    """
    overlaps = _box_overlaps(polygons, [*stable, *polygons]) > _SAME_OVERLAP
    candidates = np.flatnonzero(~overlaps[:, : len(stable)].any(1)).tolist()
    found: list[int] = []
    for index in candidates:
        if not overlaps[index, [len(stable) + other for other in found]].any():
            found.append(index)
    return [polygons[index] for index in found]


def _box_overlaps(first: Sequence[Polygon], second: Sequence[Polygon]) -> NDArray[np.float64]:
    """Return the common area (N, M) of bounding boxes, relative to the smaller one of each pair."""
    low, high = (_corners(first, pick)[:, None] for pick in (np.min, np.max))
    other_low, other_high = (_corners(second, pick) for pick in (np.min, np.max))
    common = (np.minimum(high, other_high) - np.maximum(low, other_low)).clip(0).prod(2)
    smaller = np.minimum((high - low).prod(2), (other_high - other_low).prod(1))
    return np.asarray(common / np.maximum(smaller, 1e-6), np.float64)


def _corners(polygons: Sequence[Polygon], pick: Callable[..., Any]) -> NDArray[np.float64]:
    return np.array([pick(polygon, axis=0) for polygon in polygons], np.float64).reshape(-1, 2)


def _outline(polygon: Polygon) -> Outline:
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in polygon)


def to_polygons(outlines: Sequence[Outline]) -> list[Polygon]:
    """Return outlines as arrays (P, 2)."""
    return [np.array(outline, np.float32) for outline in outlines]


def agreement_with(before: Pictures, after: Pictures) -> float:
    """Return the harmonic mean of precision and recall of the texts of one detector against those of another."""
    counts = [
        count_matches(to_polygons(old.found), [False] * len(old.found), to_polygons(new.found))
        for old, new in zip(before.items, after.items, strict=True)
    ]
    return detection_scores(counts).hmean


def remembered(before: Pictures, after: Pictures) -> float:
    """Return the share of the stable texts of one detector that another one finds, 0 to 1; 1 without any."""
    counts = [
        count_matches(to_polygons(old.stable), [False] * len(old.stable), to_polygons(new.found))
        for old, new in zip(before.items, after.items, strict=True)
    ]
    scores = detection_scores(counts)
    return max(scores.recall, scores.coverage_recall) if scores.instances else 1.0
