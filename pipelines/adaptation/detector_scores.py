"""Scores of a detector before and after a round, without labels or with some, and its collapse."""

from dataclasses import dataclass

from pipelines.adaptation.decision import Score
from pipelines.adaptation.stable_boxes import Pictures, agreement_with, remembered
from pipelines.datasets.scene_source import SceneSource
from pipelines.evaluation.detector import evaluate_detector
from pipelines.inference.predictors import TextDetector

_MIN_TEXTS, _MAX_TEXTS = 0.7, 2.0  # of the number of texts before
_MIN_REMEMBERED = 0.75
_CONFIDENCE_RISE, _AGREEMENT_FALL = 0.02, 0.05
_MIN_FOUND = 10  # texts; fewer say nothing


@dataclass(frozen=True)
class ScoredDetector:
    """A detector with what it finds in the held-out pictures."""

    detector: TextDetector
    held_out: Pictures


def score_detector(scored: ScoredDetector, first: Pictures, labelled: SceneSource | None) -> Score:
    """Score a detector.

    The estimate is the agreement of the scales: a detector that is right finds the same texts at each.

    Args:
        scored: The detector.
        first: What the detector before the adaptation finds in the held-out pictures.
        labelled: Labelled scenes that decide, or None.
    """
    held_out = scored.held_out
    statistics = {
        "texts": float(held_out.texts),
        "confidence": held_out.confidence,
        "teacher_agreement": agreement_with(first, held_out),
        "stable_texts_found_again": remembered(first, held_out),
    }
    hmean = None if labelled is None else evaluate_detector(scored.detector, labelled).scores.hmean
    return Score(held_out.agreement, hmean, statistics)


def find_detector_collapse(before: Pictures, after: Pictures) -> str:
    """Return in a sentence how a detector collapsed; empty if it did not.

    Args:
        before: What the detector before the adaptation finds in some pictures.
        after: What the new one finds in them.
    """
    if before.texts >= _MIN_FOUND and after.texts < _MIN_TEXTS * before.texts:
        return f"the number of texts fell from {before.texts:,} to {after.texts:,}"
    if before.texts >= _MIN_FOUND and after.texts > _MAX_TEXTS * before.texts:
        return f"the number of texts rose from {before.texts:,} to {after.texts:,}"
    share = remembered(before, after)
    if share < _MIN_REMEMBERED:
        return f"only {share:.0%} of the texts that were stable before are found"
    if after.confidence > before.confidence + _CONFIDENCE_RISE and after.agreement < before.agreement - _AGREEMENT_FALL:
        return (
            f"the scores rose from {before.confidence:.2f} to {after.confidence:.2f} while the agreement of the scales "
            f"fell from {before.agreement:.2f} to {after.agreement:.2f}"
        )
    return ""
