"""The outcome of every text and of every detection in an image."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from synthtext.core import Polygon

IOU_THRESHOLD = 0.5
"""A detection matches a text if their intersection over union is above this."""

IGNORE_OVERLAP = 0.5
"""A detection does not count if more than this fraction of it is on an ignored text."""

COVERAGE_THRESHOLD = 0.7
"""A text is covered if at least this fraction of it is inside detections."""

ON_TEXT_THRESHOLD = 0.5
"""A detection is on text if at least this fraction of it is inside labelled texts."""

CONTAINMENT_THRESHOLD = 0.5
"""A detection contains a text if at least this fraction of the text is inside it, and is part of a text if at least
this fraction of the detection is inside the text."""

MAX_TEXT_HEIGHTS = 4.0
"""A detection that is more than this many times as thick as the texts that it contains (their median) spans them: it
covers none of them and is not on text, unless it matches or is part of one. A detection of a line covers all words."""

PolygonArray: TypeAlias = NDArray[np.object_]
BoolArray: TypeAlias = NDArray[np.bool_]
_Pairs: TypeAlias = tuple[BoolArray, BoolArray, BoolArray]  # (N, M) each: a detection contains, is in, matches a text


class DetectionOutcome(IntEnum):
    """The outcome of a text or a detection; the first in this order that applies.

    For a detection, `NO_OVERLAP` precedes all outcomes after `MATCHED`.
    """

    IGNORED = 0
    """It does not count: an ignored text, a detection on one, or a self-intersecting or empty polygon."""
    MATCHED = 1
    """Text and detection match (one-to-one)."""
    DUPLICATE = 2
    """A duplicate detection: its text is matched by another one."""
    MERGED = 3
    """A detection contains several texts (many-to-one); a text in such a detection, or whose detection is matched."""
    SPLIT = 4
    """Several detections are parts of one text (one-to-many); a text that only several detections together cover."""
    OVERSIZED = 5
    """An oversized detection on text; a text that such a detection contains."""
    UNDERSIZED = 6
    """An undersized or shifted detection on text; a text of which such a detection is part."""
    NO_OVERLAP = 7
    """A false negative: a text without a detection; or a false positive: a detection on no text."""


class ImageOutcomes(NamedTuple):
    """Outcomes of the N texts and M detections of an image, in their order."""

    texts: NDArray[np.int8]  # (N,) `DetectionOutcome`
    covered: BoolArray  # (N,) texts that count and are covered, see `COVERAGE_THRESHOLD` and `MAX_TEXT_HEIGHTS`
    detections: NDArray[np.int8]  # (M,) `DetectionOutcome`
    on_text: BoolArray  # (M,) detections that count, are on text (`ON_TEXT_THRESHOLD`) or cover one, and span none
    contained_texts: NDArray[np.int64]  # (M,) number of texts that a detection contains, with ignored ones


def compare_detections(
    truths: Sequence[Polygon], ignore: Sequence[bool], detections: Sequence[Polygon]
) -> ImageOutcomes:
    """Compare the detections in an image with its texts (PP-OCRv2, released metric: DetectionIoUEvaluator).

    Matches are one-to-one, in the given order of the texts and then of the detections. Self-intersecting and empty
    polygons are dropped on both sides. A detection on an ignored text does not count, even if it matches another text.

    Args:
        truths: each (P, 2), pixels.
        ignore: which of them do not count.
        detections: each (P, 2), pixels.
    """
    texts, text_indices = _valid(truths)
    boxes, box_indices = _valid(detections)
    counts_text = ~np.array(ignore, bool)[text_indices]
    overlap = shapely.area(shapely.intersection(texts[:, None], boxes[None]))
    areas, sizes = shapely.area(texts), shapely.area(boxes)
    counts = ~(overlap[~counts_text] / sizes > IGNORE_OVERLAP).any(0)
    iou = overlap / (areas[:, None] + sizes - overlap)
    fits = (iou > IOU_THRESHOLD) & counts_text[:, None] & counts
    contains = overlap >= CONTAINMENT_THRESHOLD * areas[:, None]
    within = overlap >= CONTAINMENT_THRESHOLD * sizes
    spans = _spans(texts, boxes, contains & ~((iou > IOU_THRESHOLD) | within).any(0))
    covered = np.zeros(len(texts), bool)
    covered[counts_text] = _area_inside(texts[counts_text], boxes[~spans]) >= COVERAGE_THRESHOLD * areas[counts_text]
    covers = (overlap[counts_text] >= COVERAGE_THRESHOLD * areas[counts_text, None]).any(0)
    on_text = counts & ((_area_inside(boxes, texts) >= ON_TEXT_THRESHOLD * sizes) | covers)
    pairs = contains, within, fits
    matched_texts, matched = _match(fits)
    larger = sizes > areas[overlap.argmax(0)] if len(areas) else on_text
    text_outcomes = _outcomes_of_texts(pairs, matched_texts, counts_text, covered)
    return ImageOutcomes(
        _scatter(text_outcomes, text_indices, len(truths)),
        _scatter(covered, text_indices, len(truths)),
        _scatter(_outcomes_of_detections(pairs, matched, counts, on_text, larger), box_indices, len(detections)),
        _scatter(on_text & ~spans, box_indices, len(detections)),
        _scatter(contains.sum(0), box_indices, len(detections)),
    )


def _scatter(values: NDArray[Any], indices: NDArray[np.int64], size: int) -> NDArray[Any]:
    """Return `size` values: the given ones at their indices, and 0 at all others."""
    scattered = np.zeros(size, values.dtype)
    scattered[indices] = values
    return scattered


def _outcomes_of_texts(pairs: _Pairs, matched: BoolArray, counts: BoolArray, covered: BoolArray) -> NDArray[np.int8]:
    contains, within, fits = pairs
    contained, parts = np.any(contains, axis=1), within.sum(1)
    return _first(
        (DetectionOutcome.IGNORED, ~counts),
        (DetectionOutcome.MATCHED, matched),
        (DetectionOutcome.MERGED, np.any(fits | (contains & (contains.sum(0) > 1)), axis=1)),
        (DetectionOutcome.SPLIT, (parts > 1) | (covered & ~contained)),
        (DetectionOutcome.OVERSIZED, contained),
        (DetectionOutcome.UNDERSIZED, parts > 0),
    )


def _outcomes_of_detections(
    pairs: _Pairs, matched: BoolArray, counts: BoolArray, on_text: BoolArray, larger: BoolArray
) -> NDArray[np.int8]:
    contains, within, fits = pairs
    return _first(
        (DetectionOutcome.IGNORED, ~counts),
        (DetectionOutcome.MATCHED, matched),
        (DetectionOutcome.NO_OVERLAP, ~on_text),
        (DetectionOutcome.DUPLICATE, np.any(fits, axis=0)),
        (DetectionOutcome.MERGED, contains.sum(0) > 1),
        (DetectionOutcome.SPLIT, np.any(within & (within.sum(1) > 1)[:, None], axis=0)),
        (DetectionOutcome.OVERSIZED, larger),
        (DetectionOutcome.UNDERSIZED, on_text),
    )


def _first(*cases: tuple[DetectionOutcome, BoolArray]) -> NDArray[np.int8]:
    """Return the first outcome that applies to each entry, or `NO_OVERLAP`."""
    outcomes = np.full(len(cases[0][1]), DetectionOutcome.NO_OVERLAP, np.int8)
    for outcome, applies in reversed(cases):
        outcomes[applies] = outcome
    return outcomes


def _match(fits: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Match each row to its first free column; return which rows and which columns are matched."""
    rows, free = np.zeros(len(fits), bool), np.ones(fits.shape[1], bool)
    for index, row in enumerate(fits):
        columns = np.flatnonzero(row & free)
        free[columns[:1]] = False
        rows[index] = len(columns) > 0
    return rows, ~free


def _area_inside(polygons: PolygonArray, others: PolygonArray) -> NDArray[np.float64]:
    """Return the area of each polygon that is inside any of the others."""
    return np.asarray(shapely.area(shapely.intersection(polygons, shapely.union_all(others))), np.float64)


def _spans(texts: PolygonArray, boxes: PolygonArray, contains: BoolArray) -> BoolArray:
    """Return which detections (M,) are too thick for the texts that they contain (N, M), see `MAX_TEXT_HEIGHTS`."""
    spans, heights = np.zeros(len(boxes), bool), np.array([_thickness(text) for text in texts[contains.any(1)]])
    rows = contains[contains.any(1)]
    for index in np.flatnonzero(contains.any(0)):
        spans[index] = _thickness(boxes[index]) > MAX_TEXT_HEIGHTS * np.median(heights[rows[:, index]])
    return spans


def _thickness(polygon: shapely.Polygon) -> float:
    """Return the area of a polygon over the longer side of its rotated bounding rectangle, pixels."""
    points = np.asarray(polygon.exterior.coords, np.float32)
    return float(polygon.area / max(cv2.minAreaRect(points)[1]))


def _valid(polygons: Sequence[Polygon]) -> tuple[PolygonArray, NDArray[np.int64]]:
    """Return the polygons that do not intersect themselves and have an area, and their indices."""
    shapes = np.array([shapely.Polygon(polygon) for polygon in polygons], object)
    kept = np.array([shape.is_valid and shape.area > 0 for shape in shapes], bool)
    return shapes[kept], np.flatnonzero(kept)
