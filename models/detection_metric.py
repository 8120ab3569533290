"""How good detected texts are: the metric of ICDAR 2015, and what it does not see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from synthtext.core import Polygon

IOU = 0.5
"""A detection matches a text if their intersection over union is above this."""

IGNORED = 0.5
"""A detection does not count if more than this share of it is on an ignored text."""

COVERED = 0.7
"""A text is covered if at least this share of it is inside detections."""

ON_TEXT = 0.5
"""A detection is on text if at least this share of it is inside labelled texts."""


class ImageMatch(NamedTuple):
    """Counts of one picture."""

    truths: int  # texts that count
    detections: int  # detections that count
    matched: int
    covered: int  # of the texts that count
    on_text: int  # of the detections that count


@dataclass(frozen=True)
class DetectionScores:
    """Scores of detections, all but the counts from 0 (worst) to 1.

    Attributes:
        images: how many pictures.
        instances: texts that count.
        precision: share of the detections that match a text (ICDAR 2015).
        recall: share of the texts that are matched (ICDAR 2015).
        hmean: harmonic mean of the two.
        coverage_precision: share of the detections that are on text: half of their area is, or they cover a text.
        coverage_recall: share of the texts of which 70 % are inside detections. A detector of lines covers words that
            it cannot match.
    """

    images: int
    instances: int
    precision: float
    recall: float
    hmean: float
    coverage_precision: float
    coverage_recall: float

    def as_dict(self) -> dict[str, float]:
        """What an evaluation's JSON holds."""
        return dict(vars(self))


def match_image(truths: Sequence[Polygon], ignore: Sequence[bool], detections: Sequence[Polygon]) -> ImageMatch:
    """Compare the detections in a picture with its texts (PP-OCRv2, released metric: DetectionIoUEvaluator).

    Pairs are made in the given order, truths first, one to one. Polygons that cross themselves or have no area are left
    out on both sides. A detection that lies on ignored text does not count, even if it fits another text.

    Args:
        truths: each (P, 2), pixels.
        ignore: which of them do not count.
        detections: each (P, 2), pixels.
    """
    texts, kept = _valid(truths)
    cares = ~np.array(ignore, bool)[kept]
    boxes, _ = _valid(detections)
    if not len(boxes):
        return ImageMatch(int(cares.sum()), 0, 0, 0, 0)
    overlap = shapely.area(shapely.intersection(texts[:, None], boxes[None]))
    areas, sizes = shapely.area(texts), shapely.area(boxes)
    counts = ~(overlap[~cares] / sizes > IGNORED).any(0)
    iou = overlap / (areas[:, None] + sizes - overlap)
    matched = _pairs(iou[cares][:, counts] > IOU)
    covered = overlap_of_union(texts[cares], boxes) >= COVERED * areas[cares]
    covers = (overlap[cares] >= COVERED * areas[cares, None]).any(0)
    on_text = (overlap_of_union(boxes, texts) >= ON_TEXT * sizes) | covers
    return ImageMatch(int(cares.sum()), int(counts.sum()), matched, int(covered.sum()), int(on_text[counts].sum()))


def overlap_of_union(polygons: NDArray[np.object_], others: NDArray[np.object_]) -> NDArray[np.float64]:
    """Area of each polygon that lies inside any of the others."""
    return np.asarray(shapely.area(shapely.intersection(polygons, shapely.union_all(others))), np.float64)


def _valid(polygons: Sequence[Polygon]) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    shapes = np.array([shapely.Polygon(polygon) for polygon in polygons], object)
    kept = np.array([shape.is_valid and shape.area > 0 for shape in shapes], bool)
    return shapes[kept], kept


def _pairs(fits: NDArray[np.bool_]) -> int:
    """How many rows find a column of their own, the first that is free."""
    free = np.ones(fits.shape[1], bool)
    for row in fits:
        columns = np.flatnonzero(row & free)
        free[columns[:1]] = False
    return int((~free).sum())


def detection_scores(matches: Iterable[ImageMatch]) -> DetectionScores:
    """Scores over all texts of all pictures together; 0 where there is nothing to divide by."""
    rows = list(matches)
    total = ImageMatch(*(sum(column) for column in zip(*rows, strict=True))) if rows else ImageMatch(0, 0, 0, 0, 0)
    precision, recall = _share(total.matched, total.detections), _share(total.matched, total.truths)
    return DetectionScores(
        images=len(rows),
        instances=total.truths,
        precision=precision,
        recall=recall,
        hmean=2 * precision * recall / (precision + recall) if total.matched else 0.0,
        coverage_precision=_share(total.on_text, total.detections),
        coverage_recall=_share(total.covered, total.truths),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
