"""The page of `ocrmill fit`: how the distance fell, every setting before and after, and samples beside real ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipelines.domain_gap.changes import SettingChange, notable
from pipelines.domain_gap.fit_result import FitResult
from pipelines.reports.charts import LineChart
from pipelines.reports.page import render_page, source_title

_OVERFITTED = 1.03  # ratio of the distances to held-out lines of the last and the best round
_PARTS = (
    *("layouts", "effects", "ink", "background", "baselines", "layout", "typesetting", "fonts", "clutter"),
    *("legibility", "corpus"),
)


@dataclass(frozen=True)
class FitExamples:
    """Encoded images of lines or scenes: real ones, and generated ones before and after the fit."""

    real: Sequence[bytes]
    before: Sequence[bytes]
    after: Sequence[bytes]


class _FeatureRow(NamedTuple):
    """Distances of a feature before and after."""

    name: str
    before: float
    after: float


class _Part(NamedTuple):
    """The changes of a part of the recipe: those worth mentioning, and the others."""

    name: str
    notable: Sequence[SettingChange]
    others: Sequence[SettingChange]


def fit_page(result: FitResult, changes: Sequence[SettingChange], examples: FitExamples) -> str:
    """Render a fit as a self-contained page."""
    first, best, subject = result.rounds[0], result.best, result.subject
    features = [_FeatureRow(n.replace("_", " "), d, best.features.get(n, d)) for n, d in first.features.items()]
    return render_page(
        "fit.html",
        "ocrmill fit",
        f"{Path(result.base.name).stem} fitted to {source_title(result.real)}",
        {
            "real": f"{result.real}: {len(result.fitted):,} {subject} to fit to, {len(result.held_out):,} held out",
            "recipe": result.base.name,
            "rounds": f"{len(result.rounds) - 1:,}",
        },
        verdict=describe_fit(result),
        first=first,
        best=best,
        rounds=result.rounds,
        distance_chart=_distance_chart(result),
        auc_chart=LineChart.from_series(
            f"AUC on held-out {subject}", {"AUC": [r.auc for r in result.rounds]}, floor=0.5
        ),
        features=sorted(features, key=lambda row: (-row.before, row.name)),
        parts=[part for name in _PARTS if (part := _part(name, changes)).notable or part.others],
        patterns=result.patterns,
        examples=examples,
        subject=subject,
    )


def describe_fit(result: FitResult) -> str:
    """Return in one sentence what the fit achieved on held-out lines."""
    first, best, last = result.rounds[0], result.best, result.rounds[-1]
    if best.number == 0:
        return f"No round came closer to the held-out {result.subject} than the recipe itself: it is written unchanged."
    text = (
        f"The mean distance to held-out real {result.subject} fell from {first.held_out:.3f} to {best.held_out:.3f} "
        f"in round {best.number}."
    )
    if last.held_out > _OVERFITTED * best.held_out and last.distance < best.distance:
        text += (
            f" Later rounds came closer only to the {result.subject} of the fit, which is overfitting; they are unused."
        )
    return text


def _distance_chart(result: FitResult) -> LineChart:
    subject, rounds = result.subject, result.rounds
    series = {
        f"{subject} of the fit": [r.distance for r in rounds],
        f"held-out {subject}": [r.held_out for r in rounds],
    }
    return LineChart.from_series("Mean distance of the features", series)


def _part(name: str, changes: Sequence[SettingChange]) -> _Part:
    own = sorted((change for change in changes if change.part == name), key=lambda change: -change.size)
    shown = notable(own)
    return _Part(name, shown, own[len(shown) :])
