"""The page of `ocrmill evaluate --report` for recognizers."""

import unicodedata
from collections.abc import Sequence
from typing import TypeAlias

from rapidfuzz.distance import Levenshtein

from pipelines.evaluation.confusion import ConfusionCounts, ErrorType
from pipelines.evaluation.recognizer import RecognizerAnalysis, misread_lines
from pipelines.reports.slice_tables import ShareColumn, SliceChart, render_evaluation

Segments: TypeAlias = list[tuple[str, bool]]
"""Pieces of a text, each with whether it differs."""

_LINES = SliceChart(
    unit_name="lines",
    segments=(("correct", "correct"),),
    rest_label="misread",
    columns=(
        ShareColumn("correct", "correct"),
        ShareColumn("letters, digits", "alphanumeric_correct", denominator="alphanumeric"),
    ),
)
_MAX_CONFUSIONS = 40  # on a page
_ERROR_TYPES: dict[ErrorType, str] = {
    "substitution": "substitutions",
    "case or width": "of case or width",
    "deletion": "deletions",
    "insertion": "insertions",
}


def recognizer_report(title: str, analyses: Sequence[RecognizerAnalysis]) -> str:
    """Render accuracy by attribute, confused characters and the worst lines of sources as a self-contained page."""
    sources = [
        {
            "slices": analysis.slices,
            "summary": _summarize(analysis.confusions),
            "total": analysis.confusions.error_total,
            "tables": _halves(analysis.confusions),
            "groups": [group for group in analysis.confusions.confusables if group.confused],
        }
        for analysis in analyses
    ]
    lines = [line for analysis in analyses for line in misread_lines(analysis.evaluation)]
    return render_evaluation(
        "recognizer.html", title, analyses, sources, chart=_LINES, lines=lines, diff_texts=diff_texts
    )


def _summarize(confusions: ConfusionCounts) -> str:
    """Describe the number and types of the errors."""
    text = f"{confusions.compared_lines:,} lines were compared character by character"
    if confusions.skipped_lines:
        text += f" ({confusions.skipped_lines:,} differ too much to be compared)"
    if not confusions.error_total:
        return f"{text}: no errors."
    by_type = {
        name: sum(c.error_count for c in confusions.confusions if c.error_type == error_type)
        for error_type, name in _ERROR_TYPES.items()
    }
    types = ", ".join(f"{count:,} {name}" for name, count in by_type.items() if count)
    confusable = sum(c.error_count for c in confusions.confusions if c.confusables and c.error_type == "substitution")
    text += f": {confusions.error_total:,} errors in {confusions.num_characters:,} characters ({types})."
    return f"{text} {confusable:,} of the substitutions are between confusable characters."


def _halves(confusions: ConfusionCounts) -> list[tuple[str, object]]:
    """Split the most frequent confusions into two tables of equal length."""
    shown = confusions.confusions[:_MAX_CONFUSIONS]
    half = -(-len(shown) // 2)
    tables = (("Most frequent errors", shown[:half]), ("Most frequent errors, continued", shown[half:]))
    return [(title, part) for title, part in tables if part]


def diff_texts(label: str, prediction: str) -> tuple[Segments, Segments]:
    """Mark the deleted pieces of a label and the inserted pieces of a prediction.

    A combining character is never separated from its base.
    """
    first, second = _clusters(label), _clusters(prediction)
    deleted, inserted = [], []
    for s in Levenshtein.opcodes(first, second):
        deleted.append(("".join(first[s.src_start : s.src_end]), s.tag != "equal"))
        inserted.append(("".join(second[s.dest_start : s.dest_end]), s.tag != "equal"))
    return [segment for segment in deleted if segment[0]], [segment for segment in inserted if segment[0]]


def _clusters(text: str) -> list[str]:
    clusters: list[str] = []
    for character in text:
        if clusters and (unicodedata.combining(character) or unicodedata.category(character) in ("Mc", "Me")):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters
