"""The page of `ocrmill compare`: what differs between real and generated lines, and what to change."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.domain_gap.advice import SIMILAR, describe_difference
from pipelines.domain_gap.comparison import Comparison
from pipelines.domain_gap.distance import FeatureDistance, mean_distance
from pipelines.domain_gap.line_set import LineSet
from pipelines.domain_gap.two_sample import TwoSampleResult
from pipelines.domain_gap.unusual import Reason
from pipelines.reports.charts import HistogramPair
from pipelines.reports.page import render_page, source_title

MAX_CHANGES = 6
"""Changes that are listed below the verdict."""

_VERDICTS = (
    (0.6, "can hardly be told apart"),
    (0.75, "can be told apart sometimes"),
    (0.9, "can mostly be told apart"),
    (1.0, "can be told apart nearly always"),
)
_EXAMPLE_QUANTILES = (("low", 0.05), ("middle", 0.5), ("high", 0.95))
_TESTS = {"images": "images", "texts": "texts", "recognizer": "features of the recognizer"}


def comparison_page(comparison: Comparison) -> str:
    """Render the comparison of real and generated lines as a self-contained page."""
    real, drawn = comparison.real, comparison.drawn
    facts = {"real": _describe(real), "generated": _describe(drawn)}
    facts |= {f"AUC on {_TESTS[name]}": f"{test.auc:.3f}" for name, test in comparison.tests.items()}
    facts["mean distance"] = f"{mean_distance(comparison.distances):.2f}"
    title = f"{source_title(real.name)} and {drawn.name if drawn.is_recipe else source_title(drawn.name)}"
    return render_page(
        "compare.html",
        "ocrmill compare",
        title,
        facts,
        verdict=verdict(comparison.tests["images"]),
        auc=comparison.tests["images"],
        changes=[_Card.of(found, comparison) for found in changed_features(comparison)[:MAX_CHANGES]],
        cards=[_Card.of(found, comparison) for found in comparison.distances],
        texts=comparison.tests.get("texts"),
        characters=comparison.characters,
        patterns=comparison.patterns,
        unusual=[
            (real.images[line.row], real.texts[line.row], real.keys[line.row], line.ratio, map(_explain, line.reasons))
            for line in comparison.unusual
        ],
        similar=SIMILAR,
    )


def verdict(test: TwoSampleResult) -> str:
    """Return in words how well real and generated lines can be told apart."""
    return f"Real and generated lines {next(words for limit, words in _VERDICTS if test.auc <= limit)}"


def changed_features(comparison: Comparison) -> list[FeatureDistance]:
    """Return the features that differ and that settings change, those with the highest priority first."""
    differing = [found for found in comparison.distances if found.distance >= SIMILAR and found.feature.classified]
    return sorted(differing, key=lambda found: -found.priority)


def _describe(lines: LineSet) -> str:
    total = f" of {lines.total:,}" if lines.total > len(lines) else ""
    return f"{lines.name}: {len(lines):,}{total} lines"


class _Example(NamedTuple):
    """An image at a quantile of a feature."""

    place: str
    image: bytes
    value: str


class _Card(NamedTuple):
    """What the page shows of a feature."""

    found: FeatureDistance
    chart: HistogramPair
    difference: str
    change: str
    real: Sequence[_Example]
    drawn: Sequence[_Example]

    @classmethod
    def of(cls, found: FeatureDistance, comparison: Comparison) -> "_Card":
        """Collect what the page shows of a feature; images only if it differs."""
        feature = found.feature
        first, second = (lines.features[feature.name] for lines in (comparison.real, comparison.drawn))
        chart = HistogramPair.from_values(
            feature.name.replace("_", " "), feature.unit, _known(first), _known(second), log=feature.log
        )
        examples = [
            tuple(_examples(lines, found)) if found.distance >= SIMILAR else ()
            for lines in (comparison.real, comparison.drawn)
        ]
        return cls(found, chart, *describe_difference(found), *examples)


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[~np.isnan(values)]


def _examples(lines: LineSet, found: FeatureDistance) -> Iterator[_Example]:
    values = lines.features[found.name]
    order = np.argsort(values, kind="stable")  # NaN comes last
    known = int(np.isfinite(values).sum())
    for place, quantile in _EXAMPLE_QUANTILES:
        row = int(order[round(quantile * (known - 1))])
        yield _Example(place, lines.images[row], format_value(float(values[row])))


def _explain(reason: Reason) -> str:
    """Describe why a line is unusual."""
    feature, name = reason.feature, reason.feature.name.replace("_", " ")
    unit = f" {feature.unit}" if feature.unit else ""
    drawn = f"generated: {format_value(reason.low)} to {format_value(reason.high)}"
    together = "" if reason.is_outside else ", unusual together with others"
    return f"{name} {format_value(reason.value)}{unit} ({drawn}){together}"


def format_value(value: float) -> str:
    """Format a value of a feature with two or three digits."""
    if np.isnan(value):
        return "not measured"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
