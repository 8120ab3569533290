"""Comparison of real lines with generated ones: distances, classifiers, unusual lines, characters and patterns."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.domain_gap.advice import describe_difference
from pipelines.domain_gap.distance import FeatureDistance, distances, feature_matrix, mean_distance
from pipelines.domain_gap.features import FEATURES
from pipelines.domain_gap.line_set import LineSet
from pipelines.domain_gap.text_features import TEXT_FEATURES, character_counts, text_pattern
from pipelines.domain_gap.two_sample import TwoSampleResult, two_sample_auc
from pipelines.domain_gap.unusual import UnusualLine, unusual_lines

MAX_UNUSUAL = 20
"""Real lines that no generated line resembles, of a comparison."""

_MAX_NAMES = 16  # characters, and patterns


class ShareDifference(NamedTuple):
    """Shares of a character or a pattern in the real and in the generated labels, 0 to 1."""

    name: str
    real: float
    drawn: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """What differs between real and generated lines.

    Attributes:
        real: The real lines.
        drawn: The generated lines.
        distances: Of all features, the largest first.
        tests: Results of classifiers by what they are given: "images" (the features of images), "texts" (those of
            labels, if both are labelled), "recognizer" (the features of a recognizer, if there is one).
        unusual: The real lines that no generated line resembles.
        characters: The characters whose shares differ most.
        patterns: The patterns of labels whose shares differ most, see `text_pattern`.
    """

    real: LineSet
    drawn: LineSet
    distances: Sequence[FeatureDistance]
    tests: Mapping[str, TwoSampleResult]
    unusual: Sequence[UnusualLine]
    characters: Sequence[ShareDifference]
    patterns: Sequence[ShareDifference]

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers for a JSON file."""
        return {
            "real": {"name": self.real.name, "lines": len(self.real)},
            "drawn": {"name": self.drawn.name, "lines": len(self.drawn)},
            "auc": {name: test.auc for name, test in self.tests.items()},
            "auc_interval": {name: list(test.interval) for name, test in self.tests.items()},
            "mean_distance": mean_distance(self.distances),
            "features": [_to_dict(found) for found in self.distances],
            "unusual": [
                {
                    "key": self.real.keys[line.row],
                    "ratio": line.ratio,
                    "reasons": [
                        {"feature": r.feature.name, "value": r.value, "drawn": [r.low, r.high]} for r in line.reasons
                    ],
                }
                for line in self.unusual
            ],
            "characters": [found._asdict() for found in self.characters],
            "patterns": [found._asdict() for found in self.patterns],
        }


def _to_dict(found: FeatureDistance) -> dict[str, Any]:
    difference, change = describe_difference(found)
    numbers = {name: getattr(found, name) for name in ("distance", "share_outside", "shift", "widening")}
    spreads = {"real": asdict(found.real), "drawn": asdict(found.drawn)}
    return {
        "name": found.name,
        "unit": found.feature.unit,
        **numbers,
        **spreads,
        "difference": difference,
        "change": change,
    }


def compare_lines(
    real: LineSet,
    drawn: LineSet,
    seed: int = 0,
    recognizer: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> Comparison:
    """Compare two sets of lines.

    Args:
        real: N real lines.
        drawn: M generated lines.
        seed: Of the folds of the classifiers.
        recognizer: Features (N, D) and (M, D) of a recognizer, or None.

    Raises:
        InputError: There are too few lines on either side.
    """
    is_labelled = real.is_labelled and drawn.is_labelled
    features = (*FEATURES, *TEXT_FEATURES) if is_labelled else FEATURES
    tests = {"images": two_sample_auc(feature_matrix(real.features), feature_matrix(drawn.features), seed)}
    if is_labelled:
        labels = [feature_matrix(lines.features, TEXT_FEATURES) for lines in (real, drawn)]
        tests["texts"] = two_sample_auc(labels[0], labels[1], seed)
    if recognizer is not None:
        tests["recognizer"] = two_sample_auc(recognizer[0], recognizer[1], seed)
    return Comparison(
        real,
        drawn,
        distances(real.features, drawn.features, features),
        tests,
        unusual_lines(real.features, drawn.features, MAX_UNUSUAL),
        _share_differences(*(character_counts(lines.texts) for lines in (real, drawn))) if is_labelled else (),
        _share_differences(*(_pattern_counts(lines.texts) for lines in (real, drawn))) if is_labelled else (),
    )


def _pattern_counts(texts: Iterable[str]) -> Counter[str]:
    return Counter(text_pattern(text) for text in texts if text)


def _share_differences(real: Counter[str], drawn: Counter[str]) -> tuple[ShareDifference, ...]:
    totals = max(real.total(), 1), max(drawn.total(), 1)
    found = [ShareDifference(name, real[name] / totals[0], drawn[name] / totals[1]) for name in {*real, *drawn}]
    return tuple(sorted(found, key=lambda one: (-abs(one.real - one.drawn), one.name))[:_MAX_NAMES])
