"""How good detected texts are: the metric of ICDAR 2015, and what it does not see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from models.detection_outcomes import DetectionOutcome, ImageOutcomes, compare_detections
from synthtext.core import Polygon


class ImageMatchCounts(NamedTuple):
    """Counts of one picture."""

    ground_truths: int  # texts that count
    detections: int  # detections that count
    matched: int
    covered: int  # of the texts that count
    on_text: int  # of the detections that count

    @classmethod
    def from_outcomes(cls, outcomes: ImageOutcomes) -> "ImageMatchCounts":
        """Count the outcomes in a picture."""
        texts, detections = outcomes.texts, outcomes.detections
        return cls(
            int((texts != DetectionOutcome.IGNORED).sum()),
            int((detections != DetectionOutcome.IGNORED).sum()),
            int((texts == DetectionOutcome.MATCHED).sum()),
            int(outcomes.covered.sum()),
            int(outcomes.on_text.sum()),
        )


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


def count_matches(truths: Sequence[Polygon], ignore: Sequence[bool], detections: Sequence[Polygon]) -> ImageMatchCounts:
    """Count what `compare_image` finds in a picture: the released metric, and coverage."""
    return ImageMatchCounts.from_outcomes(compare_detections(truths, ignore, detections))


def detection_scores(matches: Iterable[ImageMatchCounts]) -> DetectionScores:
    """Scores over all texts of all pictures together; 0 where there is nothing to divide by."""
    rows = list(matches)
    total = (
        ImageMatchCounts(*(sum(column) for column in zip(*rows, strict=True)))
        if rows
        else ImageMatchCounts(0, 0, 0, 0, 0)
    )
    precision, recall = _share(total.matched, total.detections), _share(total.matched, total.ground_truths)
    return DetectionScores(
        images=len(rows),
        instances=total.ground_truths,
        precision=precision,
        recall=recall,
        hmean=2 * precision * recall / (precision + recall) if total.matched else 0.0,
        coverage_precision=_share(total.on_text, total.detections),
        coverage_recall=_share(total.covered, total.ground_truths),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
