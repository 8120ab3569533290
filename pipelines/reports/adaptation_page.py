"""The page of `ocrmill adapt`: what was read, kept and trained in every round, and what came of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipelines.adaptation.adapt import Adaptation
from pipelines.adaptation.decision import Score
from pipelines.adaptation.round import AdaptResult, Example, RoundResult
from pipelines.reports.charts import BarChart
from pipelines.reports.formatting import format_percent
from pipelines.reports.page import render_page, source_title

_SHARES = {"empty": "lines without a text", "confidence": "confidence", "agreement": "agreement of the views"}
_NUMBERS = {  # by name: title and format
    "distinct": ("different texts", "{:,.0f}"),
    "length": ("mean length of the texts", "{:.1f}"),
    "texts": ("texts", "{:,.0f}"),
}


class _Row(NamedTuple):
    """A row of the table of scores: a name, and its values before and after the round."""

    name: str
    before: str
    after: str
    decides: bool = False


class _Figure(NamedTuple):
    """A line or a picture with what was read in it."""

    image: bytes
    text: str
    reason: str


class _Round(NamedTuple):
    """What the page shows of a round."""

    found: RoundResult
    left_out: BarChart
    mixture: BarChart
    scores: Sequence[_Row]
    kept: Sequence[_Figure]
    rejected: Sequence[_Figure]


def adaptation_page(adaptation: Adaptation, result: AdaptResult, out: Path) -> str:
    """Render an adaptation as a self-contained page.

    Args:
        adaptation: The job, the lines and the rounds.
        result: The result.
        out: Folder of the adaptation.
    """
    job, lines = adaptation.job, adaptation.lines
    facts = {
        "model": job.model,
        "photographs": f"{', '.join(job.photos)}: {lines.pictures:,} with text",
        "lines": f"{lines.lines:,} to adapt to, {lines.held_out:,} held out",
        "recipe": job.settings.base,
        "rounds": f"{len(result.rounds)} of at most {job.settings.rounds}",
        "decided by": job.settings.val or "the held-out photographs, without labels",
    }
    return render_page(
        "adapt.html",
        "ocrmill adapt",
        source_title(job.model),
        facts,
        verdict=_verdict(result),
        reason=result.reason,
        left_out=BarChart.from_counts("Photographs that were left out", lines.left_out, lines.pictures),
        rounds=[_describe(found, out) for found in result.rounds],
        steps=[(f"round {found.number}", found.before.decisive, found.after.decisive) for found in result.rounds],
    )


def _verdict(result: AdaptResult) -> str:
    if not result.best:
        return "No round brought a gain: the model is the one before the adaptation"
    first, last = result.rounds[0].before, result.rounds[result.best - 1].after
    name = "estimated score without labels" if last.labelled is None else "score on the labelled data"
    return f"The model is that of round {result.best}: the {name} rose from {first.decisive:.3f} to {last.decisive:.3f}"


def _describe(found: RoundResult, out: Path) -> _Round:
    shares = {name: round(1000 * share) for name, share in found.mixture.items()}
    return _Round(
        found,
        BarChart.from_counts("Without a pseudo-label", found.left_out, found.candidates),
        BarChart.from_counts("Training data", shares, 1000),
        tuple(_score_rows(found.before, found.after)),
        tuple(_figures([example for example in found.examples if not example.reason], out)),
        tuple(_figures([example for example in found.examples if example.reason], out)),
    )


def _score_rows(before: Score, after: Score) -> Iterator[_Row]:
    if before.labelled is not None and after.labelled is not None:
        yield _Row("score on the labelled data", f"{before.labelled:.3f}", f"{after.labelled:.3f}", decides=True)
    yield _Row(
        "estimated score on the held-out photographs",
        f"{before.estimate:.3f}",
        f"{after.estimate:.3f}",
        decides=before.labelled is None,
    )
    for name, value in before.statistics.items():
        title = _NUMBERS[name][0] if name in _NUMBERS else _SHARES.get(name, name.replace("_", " "))
        form = _NUMBERS[name][1].format if name in _NUMBERS else format_percent
        yield _Row(title, form(value), form(after.statistics[name]))


def _figures(examples: Sequence[Example], out: Path) -> Iterator[_Figure]:
    for example in examples:
        path = out / example.image
        if path.is_file():
            yield _Figure(path.read_bytes(), example.text, example.reason)
