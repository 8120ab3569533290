"""Distances between the distributions of features of real and of generated lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.domain_gap.features import FEATURES, Feature, FeatureTable

MIN_LINES = 10
"""Least number of measured lines on either side of a distance."""

_QUANTILES = (np.arange(512) + 0.5) / 512
_OUTSIDE = (0.01, 0.99)  # quantiles of generated lines beyond which a real one is outside
_EXPECTED_OUTSIDE = 0.02  # share of the real lines outside if the distributions are equal
_OUTSIDE_WEIGHT = 9.0
_MAX_DISTANCE = 10.0


@dataclass(frozen=True)
class Spread:
    """Percentiles of a feature in its unit, and how many lines it was measured on."""

    low: float  # 5th percentile
    median: float
    high: float  # 95th percentile
    count: int

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> "Spread":
        """Describe values without NaN."""
        low, median, high = np.percentile(values, (5, 50, 95)).tolist()
        return cls(low, median, high, len(values))


@dataclass(frozen=True)
class FeatureDistance:
    """How much a feature differs between real and generated lines.

    Attributes:
        feature: The feature.
        distance: 1-Wasserstein distance over the scale of the feature, see `feature_scale`; at most 10.
        share_outside: Share of the real lines that lie outside of the 1st to 99th percentile of the generated ones.
        shift: Mean of the real lines minus that of the generated ones, over the scale; at most the distance.
        widening: Range from the 5th to the 95th percentile of the real lines minus that of the generated ones, over the
            scale.
        real: Percentiles of the real lines.
        drawn: Percentiles of the generated lines.
    """

    feature: Feature
    distance: float
    share_outside: float
    shift: float
    widening: float
    real: Spread
    drawn: Spread

    @property
    def name(self) -> str:
        """The name of the feature."""
        return self.feature.name

    @property
    def priority(self) -> float:
        """How much a change is worth: the distance, and ten times as much if all real lines are outside.

        What a recognizer never sees in training matters more than what it sees too often.
        """
        return self.distance * (1 + _OUTSIDE_WEIGHT * max(self.share_outside - _EXPECTED_OUTSIDE, 0.0))


def feature_scale(feature: Feature, real: NDArray[np.float64]) -> float:
    """Return the scale of a feature: the interquartile range of the real lines, at least the feature's tolerance.

    Args:
        feature: The feature.
        real: (N,) transformed values of real lines without NaN.
    """
    low, high = np.percentile(real, (25, 75))
    return max(float(high - low), feature.tolerance)


def distances(real: FeatureTable, drawn: FeatureTable, features: Sequence[Feature] = FEATURES) -> list[FeatureDistance]:
    """Compare two sets of lines, feature by feature.

    Args:
        real: Values of N real lines.
        drawn: Values of M generated lines.
        features: Those to compare. A feature that is missing in a table, or was measured on fewer than `MIN_LINES`
            lines of it, is left out.

    Returns:
        The distances, the largest first.
    """
    compared = []
    for feature in features:
        if feature.name in real and feature.name in drawn:
            first, second = (table[feature.name][~np.isnan(table[feature.name])] for table in (real, drawn))
            if min(len(first), len(second)) >= MIN_LINES:
                compared.append(_compare(feature, first, second))
    return sorted(compared, key=lambda found: -found.distance)


def _compare(feature: Feature, real: NDArray[np.float64], drawn: NDArray[np.float64]) -> FeatureDistance:
    first, second = feature.transform(real), feature.transform(drawn)
    scale = feature_scale(feature, first)
    quantiles = [np.quantile(values, _QUANTILES) for values in (first, second)]
    difference = np.clip((quantiles[0] - quantiles[1]) / scale, -_MAX_DISTANCE, _MAX_DISTANCE)
    ranges = [float(np.subtract(*np.percentile(values, (95, 5)))) for values in (first, second)]
    low, high = np.quantile(second, _OUTSIDE)
    return FeatureDistance(
        feature=feature,
        distance=float(np.abs(difference).mean()),
        share_outside=float(((first < low) | (first > high)).mean()),
        shift=float(difference.mean()),
        widening=(ranges[0] - ranges[1]) / scale,
        real=Spread.of(real),
        drawn=Spread.of(drawn),
    )


def mean_distance(found: Sequence[FeatureDistance]) -> float:
    """Return the mean distance of the features that a classifier may use; NaN if there are none."""
    values = [one.distance for one in found if one.feature.classified]
    return float(np.mean(values)) if values else float("nan")


def feature_matrix(table: FeatureTable, features: Sequence[Feature] = FEATURES) -> NDArray[np.float64]:
    """Return the transformed values (N, D) of the features that a classifier may use; NaN where not measured."""
    columns = [feature.transform(table[feature.name]) for feature in features if feature.classified]
    return np.stack(columns, axis=1)
