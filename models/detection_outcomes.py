"""What becomes of every text and of every detection in a picture."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from synthtext.core import Polygon

IOU_THRESHOLD = 0.5
"""A detection matches a text if their intersection over union is above this."""

IGNORE_OVERLAP = 0.5
"""A detection does not count if more than this share of it is on an ignored text."""

COVERAGE_THRESHOLD = 0.7
"""A text is covered if at least this share of it is inside detections."""

ON_TEXT_THRESHOLD = 0.5
"""A detection is on text if at least this share of it is inside labelled texts."""

CONTAINMENT_THRESHOLD = 0.5
"""A detection holds a text if at least this share of the text is inside it, and is part of a text if at least this
share of itself is inside that one."""

PolygonArray: TypeAlias = NDArray[np.object_]
BoolArray: TypeAlias = NDArray[np.bool_]


class DetectionOutcome(IntEnum):
    """What became of a text or a detection; of several that apply, the first in this order.

    Of a detection `ALONE` comes before all that are not matched.
    """

    IGNORED = 0
    """It does not count: a text to be ignored, a detection on one, an outline that crosses itself or has no area."""
    MATCHED = 1
    """Text and detection match one to one."""
    REPEATED = 2
    """A detection fits a text that another one matches already."""
    MERGED = 3
    """A detection holds several texts; a text is held by such a one, or fits a detection that matches another text."""
    SPLIT = 4
    """Several detections are part of one text; a text is covered by several only."""
    LOOSE = 5
    """A detection on text, too large to match; a text that is held by such a one."""
    TIGHT = 6
    """A detection on text, too small to match, or beside it; a text of which such a one is part."""
    ALONE = 7
    """A text without a detection; a detection that is on no text."""


class ImageOutcomes(NamedTuple):
    """Outcomes of N texts and M detections of one picture, in their order."""

    texts: NDArray[np.int8]  # (N,) `Outcome`
    covered: BoolArray  # (N,) of the texts that count: `COVERED` of it is inside detections
    detections: NDArray[np.int8]  # (M,) `Outcome`
    on_text: BoolArray  # (M,) of the detections that count: `ON_TEXT` of it is on texts, or it covers one
    contained_texts: NDArray[np.int64]  # (M,) texts that a detection holds, those to be ignored too


def compare_detections(
    truths: Sequence[Polygon], ignore: Sequence[bool], detections: Sequence[Polygon]
) -> ImageOutcomes:
    """Compare the detections in a picture with its texts (PP-OCRv2, released metric: DetectionIoUEvaluator).

    Pairs are made in the given order, truths first, one to one. Polygons that cross themselves or have no area are left
    out on both sides. A detection that lies on ignored text does not count, even if it fits another text.

    Args:
        truths: each (P, 2), pixels.
        ignore: which of them do not count.
        detections: each (P, 2), pixels.
    """
    texts, text_places = _valid(truths)
    boxes, box_places = _valid(detections)
    cares = ~np.array(ignore, bool)[text_places]
    found = ImageOutcomes(
        np.zeros(len(truths), np.int8),
        np.zeros(len(truths), bool),
        np.zeros(len(detections), np.int8),
        np.zeros(len(detections), bool),
        np.zeros(len(detections), np.int64),
    )
    if not len(boxes):
        found.texts[text_places[cares]] = DetectionOutcome.ALONE
        return found
    overlap = shapely.area(shapely.intersection(texts[:, None], boxes[None]))
    areas, sizes = shapely.area(texts), shapely.area(boxes)
    counts = ~(overlap[~cares] / sizes > IGNORE_OVERLAP).any(0)
    iou = overlap / (areas[:, None] + sizes - overlap)
    fits = (iou > IOU_THRESHOLD) & cares[:, None] & counts
    covered = np.zeros(len(texts), bool)
    covered[cares] = intersection_with_union(texts[cares], boxes) >= COVERAGE_THRESHOLD * areas[cares]
    covers = (overlap[cares] >= COVERAGE_THRESHOLD * areas[cares, None]).any(0)
    on_text = counts & ((intersection_with_union(boxes, texts) >= ON_TEXT_THRESHOLD * sizes) | covers)
    found.covered[text_places], found.on_text[box_places] = covered, on_text
    pairs = _Pairs(overlap, areas, sizes, fits)
    found.texts[text_places] = pairs.texts(cares, covered)
    found.detections[box_places], found.contained_texts[box_places] = pairs.detections(counts, on_text), pairs.held
    return found


class _Pairs:
    """How N texts and M detections, at least one of these, lie to each other: why what does not match does not."""

    def __init__(
        self, overlap: NDArray[np.float64], areas: NDArray[np.float64], sizes: NDArray[np.float64], fits: BoolArray
    ) -> None:
        self.overlap, self.areas, self.sizes, self.fits = overlap, areas, sizes, fits
        self.matched_texts, self.matched = _match(fits)
        self.holds, self.within = (
            overlap >= CONTAINMENT_THRESHOLD * areas[:, None],
            overlap >= CONTAINMENT_THRESHOLD * sizes,
        )
        self.held = self.holds.sum(0)
        self.parts = self.within.sum(1)

    def texts(self, cares: BoolArray, covered: BoolArray) -> NDArray[np.int8]:
        """(N,) outcomes of the texts."""
        held = np.any(self.holds, axis=1)
        return _first(
            (DetectionOutcome.IGNORED, ~cares),
            (DetectionOutcome.MATCHED, self.matched_texts),
            (DetectionOutcome.MERGED, np.any(self.fits | (self.holds & (self.held > 1)), axis=1)),
            (DetectionOutcome.SPLIT, (self.parts > 1) | (covered & ~held)),
            (DetectionOutcome.LOOSE, held),
            (DetectionOutcome.TIGHT, self.parts > 0),
        )

    def detections(self, counts: BoolArray, on_text: BoolArray) -> NDArray[np.int8]:
        """(M,) outcomes of the detections."""
        split = np.any(self.within & (self.parts > 1)[:, None], axis=0)
        larger = self.sizes > self.areas[self.overlap.argmax(0)] if len(self.areas) else on_text
        return _first(
            (DetectionOutcome.IGNORED, ~counts),
            (DetectionOutcome.MATCHED, self.matched),
            (DetectionOutcome.ALONE, ~on_text),
            (DetectionOutcome.REPEATED, np.any(self.fits, axis=0)),
            (DetectionOutcome.MERGED, self.held > 1),
            (DetectionOutcome.SPLIT, split),
            (DetectionOutcome.LOOSE, larger),
            (DetectionOutcome.TIGHT, on_text),
        )


def _first(*cases: tuple[DetectionOutcome, BoolArray]) -> NDArray[np.int8]:
    """For each thing the first outcome that applies; none is `ALONE`."""
    outcomes = np.full(len(cases[0][1]), DetectionOutcome.ALONE, np.int8)
    for outcome, applies in reversed(cases):
        outcomes[applies] = outcome
    return outcomes


def _match(fits: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Which rows find a column of their own, the first that is free, and which columns are found."""
    rows, free = np.zeros(len(fits), bool), np.ones(fits.shape[1], bool)
    for place, row in enumerate(fits):
        columns = np.flatnonzero(row & free)
        free[columns[:1]] = False
        rows[place] = len(columns) > 0
    return rows, ~free


def intersection_with_union(polygons: PolygonArray, others: PolygonArray) -> NDArray[np.float64]:
    """Area of each polygon that lies inside any of the others."""
    return np.asarray(shapely.area(shapely.intersection(polygons, shapely.union_all(others))), np.float64)


def _valid(polygons: Sequence[Polygon]) -> tuple[PolygonArray, NDArray[np.int64]]:
    """The polygons that do not cross themselves and have an area, and which ones these are."""
    shapes = np.array([shapely.Polygon(polygon) for polygon in polygons], object)
    kept = np.array([shape.is_valid and shape.area > 0 for shape in shapes], bool)
    return shapes[kept], np.flatnonzero(kept)
