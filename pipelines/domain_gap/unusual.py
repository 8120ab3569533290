"""Real lines that no generated line resembles, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.domain_gap.distance import feature_scale
from pipelines.domain_gap.features import FEATURES, Feature, FeatureTable

_NEIGHBOURS = 3
_CHUNK_SIZE = 64  # real lines whose distances to all generated lines are in memory
_LIMIT = 8.0  # scales from the median, beyond which a value is no more unusual
_CANDIDATES, _MAX_REASONS = 5, 2  # features that contribute most, and those that are named
_REFERENCE = 400  # generated lines whose distances to each other are computed


@dataclass(frozen=True)
class Reason:
    """A feature that makes a line unusual: its value, and the 1st and 99th percentile of the generated lines."""

    feature: Feature
    value: float
    low: float
    high: float

    @property
    def is_outside(self) -> bool:
        """Whether the value alone is unusual; otherwise it is in combination with others."""
        return not self.low <= self.value <= self.high


@dataclass(frozen=True)
class UnusualLine:
    """A real line far from all generated lines.

    Attributes:
        row: Its row among the real lines.
        ratio: Mean distance to the three most similar generated lines, over the median of the same distance of
            generated lines.
        reasons: The features that contribute most to the distance, the strongest first; those whose value lies outside
            of the generated lines come before the others.
    """

    row: int
    ratio: float
    reasons: tuple[Reason, ...]


def unusual_lines(
    real: FeatureTable, drawn: FeatureTable, count: int, features: Sequence[Feature] = FEATURES
) -> list[UnusualLine]:
    """Return the real lines that are least similar to any generated line, the most unusual first.

    Lines are compared by the Euclidean distance of the features that a classifier may use, each over its scale. A
    feature that was not measured counts as the median.

    Args:
        real: Features of N real lines.
        drawn: Features of M generated lines, at least four.
        count: Maximum number of lines.
        features: All features of images.
    """
    features = [f for f in features if f.classified and _is_measured(f, real) and _is_measured(f, drawn)]
    scaled = [_scaled(table, real, features) for table in (real, drawn)]
    neighbours = _nearest(scaled[0], scaled[1], _NEIGHBOURS)
    reference = _nearest(scaled[1][:_REFERENCE], scaled[1], _NEIGHBOURS + 1)[:, 1:]  # without the line itself
    typical = float(np.median(_mean_distance(scaled[1][:_REFERENCE], scaled[1], reference)))
    found = _mean_distance(scaled[0], scaled[1], neighbours) / max(typical, 1e-6)
    ranges = [tuple(np.nanpercentile(drawn[feature.name], (1, 99)).tolist()) for feature in features]
    order = np.argsort(-found, kind="stable")[:count]
    lines = []
    for row in order.tolist():
        nearest = scaled[1][neighbours[row]].mean(axis=0)
        share = np.square(scaled[0][row] - nearest)
        strongest = np.argsort(-share, kind="stable")[:_CANDIDATES].tolist()
        reasons = [Reason(features[i], float(real[features[i].name][row]), *ranges[i]) for i in strongest]
        reasons.sort(key=lambda reason: not reason.is_outside)
        lines.append(UnusualLine(row, float(found[row]), tuple(reasons[:_MAX_REASONS])))
    return lines


def _is_measured(feature: Feature, table: FeatureTable) -> bool:
    return bool(np.isfinite(table[feature.name]).any())


def _scaled(table: FeatureTable, real: FeatureTable, features: Sequence[Feature]) -> NDArray[np.float64]:
    """Return features (N, D) in scales from the median of the real lines."""
    columns = []
    for feature in features:
        reference = feature.transform(real[feature.name])
        reference = reference[np.isfinite(reference)]
        values = (feature.transform(table[feature.name]) - np.median(reference)) / feature_scale(feature, reference)
        columns.append(np.nan_to_num(np.clip(values, -_LIMIT, _LIMIT)))
    return np.stack(columns, axis=1)


def _nearest(lines: NDArray[np.float64], others: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the rows (N, count) of the most similar other lines, the nearest first."""
    squares = np.square(others).sum(axis=1)
    found = []
    for start in range(0, len(lines), _CHUNK_SIZE):
        chunk = lines[start : start + _CHUNK_SIZE]
        found.append(np.argsort(squares - 2 * chunk @ others.T, axis=1, kind="stable")[:, :count])
    return np.concatenate(found)


def _mean_distance(
    lines: NDArray[np.float64], others: NDArray[np.float64], neighbours: NDArray[np.int64]
) -> NDArray[np.float64]:
    differences = lines[:, None] - others[neighbours]
    return np.asarray(np.sqrt(np.square(differences).sum(axis=2)).mean(axis=1), np.float64)
