"""What an evaluation writes beside its scores: a page to look at, and slices for programs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipelines.evaluation.detector import DetectorAnalysis, detection_flags, text_flags
from pipelines.evaluation.recognizer import RecognizerAnalysis, misread_lines
from pipelines.evaluation.slices import Bin, OutcomeFlags, breakdowns_to_dict
from pipelines.io.paths import absolute_path
from pipelines.reports.detector_report import DetectorResults, detector_page
from pipelines.reports.recognizer_report import RecognizerResults, recognizer_page

_CONFUSIONS = 1000
"""Most that are written for programs."""


def detector_report(title: str, analyses: Sequence[DetectorAnalysis]) -> str:
    """What is missed and what is invented, by what it is like, and the worst pictures, as self-contained HTML."""
    return detector_page(title, [_found_source(analysis) for analysis in analyses])


def detector_slices(analysis: DetectorAnalysis) -> dict[str, Any]:
    """The same for programs: scores, totals and bins, all counts."""
    shown = _found_source(analysis)
    return {
        "kind": "detector",
        "scores": dict(shown.scores),
        "texts": {**shown.texts.to_dict(), "by": breakdowns_to_dict(shown.text_slices)},
        "detections": {**shown.detections.to_dict(), "by": breakdowns_to_dict(shown.detection_slices)},
    }


def recognizer_report(title: str, analyses: Sequence[RecognizerAnalysis]) -> str:
    """Accuracy by what lines are like, confused characters, and the worst lines, as self-contained HTML."""
    return recognizer_page(title, [_read_source(analysis) for analysis in analyses])


def recognizer_slices(analysis: RecognizerAnalysis) -> dict[str, Any]:
    """The same for programs: scores, totals, bins and confusions, all counts."""
    scores, confusions = analysis.evaluation.scores, analysis.confusions
    whole = _all(scores.samples, analysis.flags)
    found = [
        {"truth": c.label, "reading": c.reading, "total": c.error_count, "occurrences": c.support}
        for c in confusions.confusions[:_CONFUSIONS]
    ]
    groups = [
        {"characters": list(g.group), "total": g.occurrences, "confused": g.confused} for g in confusions.confusables
    ]
    spelt = [
        {"is": entry.character, "total": entry.total, "misread": entry.errors} for entry in confusions.per_character
    ]
    return {
        "kind": "recognizer",
        "path": absolute_path(analysis.evaluation.source.name),
        "scores": scores.as_dict(),
        "lines": {**whole.to_dict(), "by": breakdowns_to_dict(analysis.slices)},
        "characters": {
            "lines": confusions.compared_lines,
            "total": confusions.num_characters,
            "mistakes": confusions.error_total,
            "confusions": found,
            "look_alikes": groups,
            "by": {"character": spelt},
        },
    }


def _read_source(analysis: RecognizerAnalysis) -> RecognizerResults:
    evaluation = analysis.evaluation
    return RecognizerResults(
        evaluation.source.name,
        evaluation.scores.as_dict(),
        analysis.slices,
        analysis.confusions,
        misread_lines(evaluation),
    )


def _found_source(analysis: DetectorAnalysis) -> DetectorResults:
    evaluation = analysis.evaluation
    return DetectorResults(
        evaluation.source.name,
        evaluation.scores.as_dict(),
        _all(len(analysis.texts), text_flags(analysis.texts)),
        _all(len(analysis.detections), detection_flags(analysis.detections)),
        analysis.text_slices(),
        analysis.detection_slices(),
        analysis.worst_pictures,
    )


def _all(total: int, marks: OutcomeFlags) -> Bin:
    return Bin("all", {}, total, {name: int(np.count_nonzero(flags)) for name, flags in marks.items()})
