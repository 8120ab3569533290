"""Scores on a page: numbers of things among its facts, shares as a table of bars."""

from collections.abc import Mapping, Sequence

from pipelines.pages.charts import level
from pipelines.pages.frame import Section
from pipelines.pages.markup import Html, element


def summary_of(sources: Sequence[tuple[str, Mapping[str, float]]]) -> dict[str, float]:
    """The scores of sources, name and scores each, as one summary; of several each score is named after its source."""
    several = len(sources) > 1
    return {f"{name}: {key}" if several else key: value for name, scores in sources for key, value in scores.items()}


def counts_of(summary: Mapping[str, float]) -> dict[str, str]:
    """The numbers of things in a summary, which are ints, as facts of a page."""
    return {_words(name): f"{value:,}" for name, value in summary.items() if isinstance(value, int)}


def scores_section(summary: Mapping[str, float]) -> Section:
    """The scores in a summary, which are floats from 0 to 1."""
    scores = {_words(name): value for name, value in summary.items() if not isinstance(value, int)}
    return Section("Scores", _table(scores), "percent; more is better")


def _words(name: str) -> str:
    source, colon, score = name.rpartition(": ")
    return source + colon + score.replace("_", " ")


def _table(scores: Mapping[str, float]) -> Html:
    rows = (
        element(
            "tr",
            element("th", name, scope="row"),
            element("td", f"{100 * value:.2f}", class_="number"),
            element("td", level(value)),
        )
        for name, value in scores.items()
    )
    return element("table", element("tbody", *rows), class_="scores")
