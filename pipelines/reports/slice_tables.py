"""Scores and slices of an evaluation as tables of a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipelines.evaluation.detector import DetectorAnalysis
from pipelines.evaluation.recognizer import RecognizerAnalysis
from pipelines.evaluation.slices import Bin, Breakdown, wilson_interval
from pipelines.reports.formatting import format_ratio
from pipelines.reports.page import render_page

_MAX_NAMES = 12  # bins of names that are shown at once; the others can be unfolded


def render_evaluation(
    template: str,
    title: str,
    analyses: Sequence[RecognizerAnalysis] | Sequence[DetectorAnalysis],
    sources: Sequence[Mapping[str, object]],
    **context: object,
) -> str:
    """Render the page of an evaluation: the scores, and a part for each source, under its name if there are several.

    Args:
        template: File name of the template.
        title: Name of the model and its data.
        analyses: Analysis of each source.
        sources: Variables of the part of each source.
        **context: Further variables of the template.
    """
    names = [analysis.evaluation.source.name for analysis in analyses]
    counts, scores = merge_scores([(a.evaluation.source.name, a.evaluation.scores.as_dict()) for a in analyses])
    parts = [{**part, "heading": f"{name}: " * (len(names) > 1)} for name, part in zip(names, sources, strict=True)]
    return render_page(template, "ocrmill evaluate", title, counts, scores=scores, sources=parts, **context)


def merge_scores(sources: Sequence[tuple[str, Mapping[str, float]]]) -> tuple[dict[str, str], dict[str, float]]:
    """Merge the scores of sources; if there are several, prefix each score with the name of its source.

    Args:
        sources: Name and scores of each source; ints are numbers of samples.

    Returns:
        Numbers of samples as text, and scores from 0 to 1, by name.
    """
    counts, merged = {}, {}
    for source, scores in sources:
        for key, value in scores.items():
            name = f"{source}: " * (len(sources) > 1) + key.replace("_", " ")
            if isinstance(value, int):
                counts[name] = f"{value:,}"
            else:
                merged[name] = value
    return counts, merged


class ShareColumn(NamedTuple):
    """A column of shares: things with `flag` among all things, or among those with the flag `denominator`."""

    label: str
    flag: str
    denominator: str = ""

    def ratio(self, part: Bin) -> tuple[int, int]:
        """Return numerator and denominator in a bin."""
        return part.counts[self.flag], part.counts[self.denominator] if self.denominator else part.total


@dataclass(frozen=True)
class SliceChart:
    """Layout of the tables of slices.

    Attributes:
        unit_name: What is counted, such as "texts".
        segments: Label and flag of each segment of a bar, from the left. The rest of the bar is empty.
        rest_label: Label of the empty part.
        columns: Columns of shares. The first one has a confidence interval, and names are ordered by it, worst first.
    """

    unit_name: str
    segments: tuple[tuple[str, str], ...]
    rest_label: str
    columns: tuple[ShareColumn, ...]

    def interval(self, part: Bin) -> tuple[float, float]:
        """Return the 95 % confidence interval of the first share."""
        return wilson_interval(*self.columns[0].ratio(part))

    def shares(self, part: Bin) -> list[str]:
        """Format the shares of all columns."""
        return [format_ratio(*column.ratio(part)) for column in self.columns]

    def split(self, breakdown: Breakdown) -> tuple[Sequence[Bin], Sequence[Bin]]:
        """Return the bins to show and those to fold; names come in order of the upper end of the interval."""
        bins = breakdown.bins
        if breakdown.order == "rising" or len(bins) <= 2:
            return bins, ()
        ordered = sorted(bins, key=lambda part: (self.interval(part)[1], -part.total))
        return ordered[:_MAX_NAMES], ordered[_MAX_NAMES:]
