"""The page of `ocrmill compare`: what differs between real and generated lines or scenes, and what to change."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.domain_gap.comparison import Comparison, SceneComparison
from pipelines.domain_gap.difference import SIMILAR, describe_difference
from pipelines.domain_gap.distance import FeatureDistance, mean_distance
from pipelines.domain_gap.measured_set import MeasuredSet
from pipelines.domain_gap.two_sample import TwoSampleResult
from pipelines.domain_gap.unusual import Reason, UnusualLine
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


def comparison_page(comparison: Comparison | SceneComparison) -> str:
    """Render the comparison of real and generated lines or scenes as a self-contained page."""
    parts = comparison_parts(comparison)
    real, drawn = parts[-1].real, parts[-1].drawn
    lines = comparison if isinstance(comparison, Comparison) else None
    facts = {"real": _describe([part.real for part in parts]), "generated": _describe([part.drawn for part in parts])}
    named = _TESTS if lines is not None else {}
    facts |= {f"AUC on {named.get(name, name)}": f"{test.auc:.3f}" for name, test in comparison.tests.items()}
    distances = [found for part in parts for found in part.distances]
    facts["mean distance"] = f"{mean_distance(distances):.2f}"
    return render_page(
        "compare.html",
        "ocrmill compare",
        f"{source_title(real.name)} and {drawn.name if drawn.is_recipe else source_title(drawn.name)}",
        facts,
        parts=[_Part.of(part) for part in parts],
        changes=[_Card.of(found, part) for found, part in changed_features(comparison)[:MAX_CHANGES]],
        texts=lines and lines.tests.get("texts"),
        characters=lines and lines.characters,
        patterns=lines and lines.patterns,
        similar=SIMILAR,
    )


def comparison_parts(comparison: Comparison | SceneComparison) -> tuple[Comparison, ...]:
    """Return the comparison of lines, or those of the texts of scenes and of the scenes."""
    return (comparison,) if isinstance(comparison, Comparison) else (comparison.texts, comparison.scenes)


def verdict(part: Comparison) -> str:
    """Return in words how well real and generated samples can be told apart."""
    auc = part.tests["images"].auc
    return f"Real and generated {part.real.subject} {next(words for limit, words in _VERDICTS if auc <= limit)}"


def changed_features(comparison: Comparison | SceneComparison) -> list[tuple[FeatureDistance, Comparison]]:
    """Return the features that differ and that settings change, those with the highest priority first."""
    differing = [
        (found, part)
        for part in comparison_parts(comparison)
        for found in part.distances
        if found.distance >= SIMILAR and found.feature.classified
    ]
    return sorted(differing, key=lambda pair: -pair[0].priority)


def _describe(parts: Sequence[MeasuredSet]) -> str:
    """Return the name of lines or scenes, and how many were measured."""
    whole = parts[-1]
    total = f" of {whole.total:,}" if whole.total > len(whole) else ""
    texts = "".join(f", {len(part):,} {part.subject}" for part in parts[:-1])
    return f"{whole.name}: {len(whole):,}{total} {whole.subject}{texts}"


class _Unusual(NamedTuple):
    """A real sample that no generated one resembles."""

    image: bytes
    text: str
    key: str
    ratio: float
    reasons: Sequence[str]

    @classmethod
    def of(cls, found: UnusualLine, real: MeasuredSet) -> "_Unusual":
        row = found.row
        reasons = tuple(map(_explain, found.reasons))
        return cls(real.images[row], real.texts[row], real.keys[row], found.ratio, reasons)


class _Part(NamedTuple):
    """What the page shows of lines, of texts or of scenes."""

    subject: str
    test: TwoSampleResult
    verdict: str
    cards: "Sequence[_Card]"
    unusual: Sequence[_Unusual]

    @classmethod
    def of(cls, part: Comparison) -> "_Part":
        cards = [_Card.of(found, part) for found in part.distances]
        unusual = [_Unusual.of(found, part.real) for found in part.unusual]
        return cls(part.real.subject, part.tests["images"], verdict(part), cards, unusual)


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


def _examples(samples: MeasuredSet, found: FeatureDistance) -> Iterator[_Example]:
    values = samples.features[found.name]
    order = np.argsort(values, kind="stable")  # NaN comes last
    known = int(np.isfinite(values).sum())
    for place, quantile in _EXAMPLE_QUANTILES:
        row = int(order[round(quantile * (known - 1))])
        yield _Example(place, samples.images[row], format_value(float(values[row])))


def _explain(reason: Reason) -> str:
    """Describe why a sample is unusual."""
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
