"""What an evaluation writes beside its scores: a page to look at, and slices for programs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipelines.evaluate.detector_analysis import DetectorAnalysis, detection_marks, text_marks
from pipelines.pages.detector_report import FoundSource, detector_page
from pipelines.slices import Bin, Marks, as_tree


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
