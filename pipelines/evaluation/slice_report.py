"""Counts of an evaluation by attribute as a JSON object: what `ocrmill evaluate --slices` writes."""

from typing import Any

import numpy as np

from pipelines.evaluation.detector import DetectorAnalysis, detection_flags, text_flags
from pipelines.evaluation.recognizer import RecognizerAnalysis
from pipelines.evaluation.slices import Bin, OutcomeFlags, breakdowns_to_dict
from pipelines.io.paths import absolute_path

_MAX_CONFUSIONS = 1000


def detector_slices(analysis: DetectorAnalysis) -> dict[str, Any]:
    """Return scores, totals and bins of a detector."""
    texts = count_flags(text_flags(analysis.texts), len(analysis.texts))
    detections = count_flags(detection_flags(analysis.detections), len(analysis.detections))
    return {
        "kind": "detector",
        "scores": analysis.evaluation.scores.as_dict(),
        "texts": {**texts.to_dict(), "by": breakdowns_to_dict(analysis.text_slices())},
        "detections": {**detections.to_dict(), "by": breakdowns_to_dict(analysis.detection_slices())},
    }


def recognizer_slices(analysis: RecognizerAnalysis) -> dict[str, Any]:
    """Return scores, totals, bins and character confusions of a recognizer."""
    scores, confusions = analysis.evaluation.scores, analysis.confusions
    whole = count_flags(analysis.flags, scores.samples)
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
        "scores": scores.as_dict(),
        "lines": {**whole.to_dict(), "by": breakdowns_to_dict(analysis.slices)},
        "characters": {
            "lines": confusions.compared_lines,
            "total": confusions.num_characters,
            "errors": confusions.error_total,
            "confusions": frequent,
            "confusables": groups,
            "by": {"character": characters},
        },
    }


def count_flags(flags: OutcomeFlags, total: int) -> Bin:
    """Count the flags of all `total` samples as one bin."""
    return Bin("all", {}, total, {name: int(np.count_nonzero(flag)) for name, flag in flags.items()})
