"""What an evaluation writes beside its scores: a page to look at, and slices for programs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipelines.evaluation.detector import DetectorAnalysis, detection_marks, text_marks
from pipelines.evaluation.recognizer import RecognizerAnalysis, worst_rows
from pipelines.evaluation.slices import Bin, Marks, as_tree
from pipelines.io.paths import absolute
from pipelines.reports.detector_report import FoundSource, detector_page
from pipelines.reports.recognizer_report import ReadSource, recognizer_page

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
        "texts": {**shown.texts.as_tree(), "by": as_tree(shown.text_slices)},
        "detections": {**shown.detections.as_tree(), "by": as_tree(shown.detection_slices)},
    }


def recognizer_report(title: str, analyses: Sequence[RecognizerAnalysis]) -> str:
    """Accuracy by what lines are like, confused characters, and the worst lines, as self-contained HTML."""
    return recognizer_page(title, [_read_source(analysis) for analysis in analyses])


def recognizer_slices(analysis: RecognizerAnalysis) -> dict[str, Any]:
    """The same for programs: scores, totals, bins and confusions, all counts."""
    scores, confusions = analysis.evaluation.scores, analysis.confusions
    whole = _all(scores.samples, analysis.marks)
    found = [
        {"truth": c.truth, "reading": c.reading, "total": c.times, "occurrences": c.occurrences}
        for c in confusions.found[:_CONFUSIONS]
    ]
    groups = [
        {"characters": list(g.group), "total": g.occurrences, "confused": g.confused} for g in confusions.look_alikes
    ]
    spelt = [{"is": entry.character, "total": entry.total, "misread": entry.misread} for entry in confusions.spelt]
    return {
        "kind": "recognizer",
        "path": absolute(analysis.evaluation.source.name),
        "scores": scores.as_dict(),
        "lines": {**whole.as_tree(), "by": as_tree(analysis.slices)},
        "characters": {
            "lines": confusions.lines,
            "total": confusions.characters,
            "mistakes": confusions.total,
            "confusions": found,
            "look_alikes": groups,
            "by": {"character": spelt},
        },
    }


def _read_source(analysis: RecognizerAnalysis) -> ReadSource:
    evaluation = analysis.evaluation
    return ReadSource(
        evaluation.source.name,
        evaluation.scores.as_dict(),
        analysis.slices,
        analysis.confusions,
        worst_rows(evaluation),
    )


def _found_source(analysis: DetectorAnalysis) -> FoundSource:
    evaluation = analysis.evaluation
    return FoundSource(
        evaluation.source.name,
        evaluation.scores.as_dict(),
        _all(len(analysis.texts), text_marks(analysis.texts)),
        _all(len(analysis.detections), detection_marks(analysis.detections)),
        analysis.text_slices(),
        analysis.detection_slices(),
        analysis.pictures,
    )


def _all(total: int, marks: Marks) -> Bin:
    return Bin("all", {}, total, {name: int(np.count_nonzero(flags)) for name, flags in marks.items()})
