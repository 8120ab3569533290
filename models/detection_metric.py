"""Metrics of text detection: that of ICDAR 2015, and coverage, which is independent of how text is split."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from models.detection_outcomes import DetectionOutcome, ImageOutcomes, compare_detections
from synthtext.core import Polygon


class ImageMatchCounts(NamedTuple):
    """Counts of one image."""

    ground_truths: int  # texts that count
    detections: int  # detections that count
    matched: int
    covered: int  # texts that count and are covered
    on_text: int  # detections that count and are on text

    @classmethod
    def from_outcomes(cls, outcomes: ImageOutcomes) -> "ImageMatchCounts":
        """Count the outcomes in an image."""
        texts, detections = outcomes.texts, outcomes.detections
        valid_texts, valid_detections = texts != DetectionOutcome.IGNORED, detections != DetectionOutcome.IGNORED
        matched = texts == DetectionOutcome.MATCHED
        counted = valid_texts, valid_detections, matched, outcomes.covered, outcomes.on_text
        return cls(*(int(entries.sum()) for entries in counted))


@dataclass(frozen=True)
class DetectionScores:
    """Scores of detections, from 0 (worst) to 1.

    Attributes:
        images: number of images.
        instances: texts that count.
        precision: fraction of the detections that match a text (ICDAR 2015).
        recall: fraction of the texts that are matched (ICDAR 2015).
        hmean: harmonic mean of the two.
        coverage_precision: fraction of the detections that are on text: half of their area is, or they cover a text.
        coverage_recall: fraction of the texts of which 70 % are inside detections. A line detector covers words that
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
        """Return the scores as in the JSON of an evaluation."""
        return dict(vars(self))


def count_matches(truths: Sequence[Polygon], ignore: Sequence[bool], detections: Sequence[Polygon]) -> ImageMatchCounts:
    """Count the outcomes of `compare_detections` in an image."""
    return ImageMatchCounts.from_outcomes(compare_detections(truths, ignore, detections))


def detection_scores(matches: Iterable[ImageMatchCounts]) -> DetectionScores:
    """Compute the scores over all texts of all images; 0 where the denominator is 0."""
    rows = list(matches)
    total = ImageMatchCounts(*map(sum, zip((0,) * 5, *rows, strict=True)))
    precision, recall = _ratio(total.matched, total.detections), _ratio(total.matched, total.ground_truths)
    return DetectionScores(
        images=len(rows),
        instances=total.ground_truths,
        precision=precision,
        recall=recall,
        hmean=2 * precision * recall / (precision + recall) if total.matched else 0.0,
        coverage_precision=_ratio(total.on_text, total.detections),
        coverage_recall=_ratio(total.covered, total.ground_truths),
    )


def _ratio(numerator: int, denominator: int) -> float:
    return numerator / denominator if denominator else 0.0
