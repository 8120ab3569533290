"""The page of `ocrmill evaluate --report` for detectors."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from models.detection_outcomes import DetectionOutcome
from pipelines.evaluation.detector import DetectorAnalysis
from pipelines.evaluation.outcomes import EvaluatedInstance, OverlayClass, WorstPicture
from pipelines.evaluation.slices import Bin, count_all
from pipelines.reports.formatting import format_percent
from pipelines.reports.page import search_text
from pipelines.reports.picture import svg_path
from pipelines.reports.slice_tables import ShareColumn, SliceChart, render_evaluation
from synthtext.core import Polygon

_TEXTS = SliceChart(
    unit_name="texts",
    segments=(("matched", "matched"), ("covered but not matched", "covered_unmatched")),
    rest_label="false negative",
    columns=(
        ShareColumn("matched", "matched"),
        ShareColumn("only covered", "covered_unmatched"),
        ShareColumn("false negative", "false_negative"),
        ShareColumn("merged", "merged"),
    ),
)
_DETECTIONS = SliceChart(
    unit_name="detections",
    segments=(("matched", "matched"), ("merged", "merged"), ("split, oversized or undersized", "other")),
    rest_label="false positive",
    columns=(
        ShareColumn("matched", "matched"),
        ShareColumn("merged", "merged"),
        ShareColumn("other", "other"),
        ShareColumn("false positive", "false_positive"),
    ),
)

_TEXT_CAUSES = {
    "merged": ("merged", "one detection contains it together with other texts"),
    "split": ("split", "several detections are needed to cover it"),
    "oversized": ("oversized detection", "a detection contains it and extends far beyond it"),
    "undersized": ("undersized detection", "a detection covers only a part of it, or lies beside it"),
    "no_overlap": ("no detection", "no detection overlaps it"),
}
_DETECTION_CAUSES = {
    "merged": ("merged", "contains several texts"),
    "split": ("split", "one of several detections of one text"),
    "oversized": ("oversized", "extends far beyond its text"),
    "undersized": ("undersized", "covers only a part of its text, or lies beside it"),
    "duplicate": ("duplicate", "its text is matched by another detection"),
    "false_positive": ("false positive", "overlaps no text"),
}
_MAIN_CAUSES = {
    "merged": "share one detection with other texts: boxes enclose lines, labels enclose smaller units",
    "split": "are covered by several detections each: boxes enclose smaller units than labels",
    "oversized": "have a detection that is too large to match",
    "undersized": "have a detection that is too small to match, or lies beside",
    "no_overlap": "have no detection",
}
_MIN_CAUSE_SHARE = 0.1  # of a cause that is mentioned in the summary

_OVERLAYS: dict[OverlayClass, tuple[str, str]] = {  # description in the legend, and name in the counts
    "matched": ("text, matched", "matched"),
    "covered": ("text, covered but not matched", "only covered"),
    "false_negative": ("text, false negative (crossed out)", "false negatives"),
    "ignored": ("text, ignored", "ignored"),
    "matched_detection": ("detection, matched", "matched"),
    "merged": ("detection, merged (number of texts)", "merged"),
    "other": ("detection, split, oversized or undersized", "of another size"),
    "false_positive": ("detection, false positive (struck through)", "false positives"),
    "ignored_detection": ("detection, ignored", "ignored"),
}
OVERLAY_LEGEND = {overlay_class: description for overlay_class, (description, _) in _OVERLAYS.items()}
"""Description of each outline: texts are drawn as solid lines, detections as broken lines."""

_LEGEND_BOX = np.array([[2, 2], [34, 2], [34, 12], [2, 12]], np.float32)


def detector_report(title: str, analyses: Sequence[DetectorAnalysis]) -> str:
    """Render the errors by attribute and the worst images of at least one source as a self-contained page."""
    sources = []
    for analysis in analyses:
        texts, detections = count_all(analysis.text_flags), count_all(analysis.detection_flags)
        source: dict[str, object] = {
            "summary": _summarize(texts, detections),
            "causes": (
                ("Unmatched texts", texts, _TEXT_CAUSES),
                ("Unmatched detections", detections, _DETECTION_CAUSES),
            ),
            "charts": (
                ("Texts by attribute", _TEXTS, analysis.text_slices()),
                ("Detections by attribute", _DETECTIONS, analysis.detection_slices()),
            ),
        }
        sources.append(source)
    return render_evaluation(
        "detector.html",
        title,
        analyses,
        sources,
        cards=[_card(picture) for analysis in analyses for picture in analysis.worst_pictures],
        legend=OVERLAY_LEGEND,
        legend_box=_LEGEND_BOX,
        diagonals=_diagonals,
    )


def _card(picture: WorstPicture) -> dict[str, object]:
    """Return the variables of an image on the page."""
    texts = [instance for instance in picture.instances if instance.role == "text"]
    detections = [instance for instance in picture.instances if instance.role == "detection"]
    counts = Counter(instance.overlay_class for instance in picture.instances)
    return {
        "picture": picture,
        "counts": counts,
        "outlines": [*detections, *texts],  # texts lie on top, where the pointer finds them
        "texts": _describe_counts(texts),
        "detections": _describe_counts(detections),
        "merged_texts": sum(text.outcome == DetectionOutcome.MERGED for text in texts),
        "search_text": search_text(*(t.label for t in texts), *sorted(counts), picture.source, picture.key),
    }


def _describe_counts(instances: Sequence[EvaluatedInstance]) -> str:
    counts = Counter(instance.overlay_class for instance in instances)
    return ", ".join(f"{counts[kind]:,} {name}" for kind, (_, name) in _OVERLAYS.items() if counts[kind]) or "none"


def _diagonals(overlay_class: OverlayClass, polygon: Polygon) -> str:
    """Return the SVG path of the lines across an outline: two for a false negative, one for a false positive."""
    half, last = len(polygon) // 2, len(polygon) - 1
    ends = {"false_negative": [(0, half), (half - 1, last)], "false_positive": [(half - 1, last)]}
    return svg_path((polygon[list(pair)] for pair in ends.get(overlay_class, [])), closed=False)


def _summarize(texts: Bin, detections: Bin) -> str:
    """Describe the main causes of errors."""
    counts, unmatched = texts.counts, texts.total - texts.counts["matched"]
    sentences = [f"{_count(texts, 'matched')} of {texts.total:,} texts are matched."]
    if unmatched:
        largest = sorted(_MAIN_CAUSES, key=lambda cause: -counts[cause])[:2]
        causes = ", and ".join(
            f"{counts[cause]:,} ({format_percent(counts[cause] / unmatched)}) {_MAIN_CAUSES[cause]}"
            for cause in largest
            if counts[cause] >= _MIN_CAUSE_SHARE * unmatched
        )
        sentences.append(
            f"Of the {unmatched:,} others, {causes}. {counts['covered_unmatched']:,} of them are covered by detections "
            f"nevertheless, {counts['false_negative']:,} are false negatives."
        )
    if detections.total:
        merged, false_positives = _count(detections, "merged"), _count(detections, "false_positive")
        sentences.append(
            f"Of {detections.total:,} detections, {merged} contain several texts, "
            f"and {false_positives} are false positives."
        )
    return " ".join(sentences)


def _count(total: Bin, flag: str) -> str:
    return f"{total.counts[flag]:,} ({format_percent(total.fraction(flag))})"
