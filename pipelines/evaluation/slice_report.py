"""Counts of an evaluation by attribute as a JSON object: what `ocrmill evaluate --slices` writes."""

from collections.abc import Sequence
from typing import Any

from pipelines.evaluation.detector import DetectorAnalysis
from pipelines.evaluation.recognizer import RecognizerAnalysis
from pipelines.evaluation.slices import Breakdown, OutcomeFlags, breakdowns_to_dict, count_all
from pipelines.io.paths import absolute_path

_MAX_CONFUSIONS = 1000


def detector_slices(analysis: DetectorAnalysis) -> dict[str, Any]:
    """Return scores, totals and bins of a detector."""
    return {
        "kind": "detector",
        "scores": analysis.evaluation.scores.as_dict(),
        "texts": _totals_and_bins(analysis.text_flags, analysis.text_slices()),
        "detections": _totals_and_bins(analysis.detection_flags, analysis.detection_slices()),
    }


def _totals_and_bins(flags: OutcomeFlags, breakdowns: Sequence[Breakdown]) -> dict[str, Any]:
    return {**count_all(flags).to_dict(), "by": breakdowns_to_dict(breakdowns)}


def recognizer_slices(analysis: RecognizerAnalysis) -> dict[str, Any]:
    """Return scores, totals, bins and character confusions of a recognizer."""
    confusions = analysis.confusions
    frequent = [
        {"label": c.label, "prediction": c.prediction, "errors": c.error_count, "support": c.support}
        for c in confusions.confusions[:_MAX_CONFUSIONS]
    ]
    groups = [
        {"characters": list(g.group), "total": g.occurrences, "confused": g.confused} for g in confusions.confusables
    ]
    characters = [
        {"value": entry.character, "total": entry.total, "errors": entry.errors} for entry in confusions.per_character
    ]
    return {
        "kind": "recognizer",
        "path": absolute_path(analysis.evaluation.source.name),
        "scores": analysis.evaluation.scores.as_dict(),
        "lines": _totals_and_bins(analysis.flags, analysis.slices),
        "characters": {
            "lines": confusions.compared_lines,
            "total": confusions.num_characters,
            "errors": confusions.error_total,
            "confusions": frequent,
            "confusables": groups,
            "by": {"character": characters},
        },
    }
