"""Selection of the lines to label: uncertain ones, of frequent kinds, and different from each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError

_MAX_REFERENCES = 2048  # lines from which the density is estimated
_CHUNK_SIZE = 4096  # lines whose distances are in memory
_MIN_UNCERTAINTY = 0.01  # so that lines of which a recognizer is sure are chosen last, not never
_BANDWIDTH = 0.5  # of the density, relative to the median distance of two lines


@dataclass(frozen=True)
class SelectionSettings:
    """Settings of `select_to_label`.

    Attributes:
        density_power: Exponent of the density: 0 ignores how frequent a kind of line is (beta in Settles & Craven).
        min_distance: Distance of two feature vectors, relative to the median distance of two lines, up to which one
            line is a near duplicate of the other.

    Raises:
        InputError: A value is negative.
    """

    density_power: float = 1.0
    min_distance: float = 0.05

    def __post_init__(self) -> None:
        for name in ("density_power", "min_distance"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} must be at least 0, not {getattr(self, name)}")


def select_to_label(
    features: NDArray[np.float32],
    confidence: NDArray[np.float64],
    agreement: NDArray[np.float64],
    count: int,
    settings: SelectionSettings | None = None,
) -> NDArray[np.int64]:
    """Choose the lines whose labels teach a recognizer most.

    Lines are chosen one after the other. Each is the one with the largest product of its uncertainty, the density
    around it, and its squared distance to the nearest line that is chosen already. A distance alone would choose
    outliers (greedy k-center: Sener & Savarese 2018, Active Learning for Convolutional Neural Networks: A Core-Set
    Approach). The squared distance weighted by uncertainty is that of k-means++ on gradient embeddings (Ash et al.
    2020, Deep Batch Active Learning by Diverse, Uncertain Gradient Lower Bounds), here without sampling. The density is
    that of Settles & Craven 2008, An Analysis of Active Learning Strategies for Sequence Labeling Tasks. The result is
    a function of the arguments alone.

    Args:
        features: (N, D) embedding of each line, such as the mean of its backbone features; lines of one kind are close.
        confidence: (N,) of the reading of each line, 0 to 1.
        agreement: (N,) similarity of the readings of several views of the line, 0 to 1. Views of a line that is easy
            to read give the same text (Gao et al. 2020, Consistency-based Semi-supervised Active Learning).
        count: Maximum number of lines to choose.
        settings: None: `SelectionSettings()`.

    Returns:
        (K,) rows, the most useful first; K is below `count` if the other lines are near duplicates of these.

    Raises:
        InputError: The arrays have different lengths or values out of range, or `count` is below 1.

    Example:
        >>> features = np.array([[0, 0], [0, 0.001], [5, 0], [0, 5]], np.float32)
        >>> select_to_label(features, np.array([0.2, 0.3, 0.5, 0.9]), np.ones(4), 4).tolist()
        [0, 2, 3]
    """
    settings = settings or SelectionSettings()
    _check(features, confidence, agreement, count)
    if not len(features):
        return np.zeros(0, np.int64)
    scaled = _standardized(features)
    weight = np.maximum(1 - confidence * agreement, _MIN_UNCERTAINTY) * _density(scaled) ** settings.density_power
    return np.array(_choose(scaled, weight, count, settings.min_distance), np.int64)


def _choose(features: NDArray[np.float32], weight: NDArray[np.float64], count: int, min_distance: float) -> list[int]:
    """Return the rows with the largest products of weight and squared distance to the rows that are chosen already."""
    chosen = [int(weight.argmax())]
    nearest = _squared_distances(features, features[chosen])[:, 0]
    while len(chosen) < min(count, len(features)):
        gain = np.where(nearest > min_distance**2, weight * nearest, 0.0)
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        chosen.append(best)
        nearest = np.minimum(nearest, _squared_distances(features, features[best : best + 1])[:, 0])
    return chosen


def _check(
    features: NDArray[np.float32], confidence: NDArray[np.float64], agreement: NDArray[np.float64], count: int
) -> None:
    if count < 1:
        raise InputError(f"the number of lines to choose must be at least 1, not {count}")
    if features.ndim != 2 or not len(features) == len(confidence) == len(agreement):
        raise InputError("features, confidence and agreement must have one row for each line")
    if not np.isfinite(features).all():
        raise InputError("features must be finite: the network of the run may have diverged")
    for name, values in (("confidence", confidence), ("agreement", agreement)):
        if not ((values >= 0) & (values <= 1)).all():
            raise InputError(f"{name} must be from 0 to 1")


def _references(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return at most `_MAX_REFERENCES` lines, evenly spread over all."""
    count = min(len(features), _MAX_REFERENCES)
    return features[np.arange(count) * len(features) // count]


def _standardized(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return centred features in which the median distance of two different lines is 1."""
    centred = (features - features.mean(axis=0)).astype(np.float32)
    distances = _squared_distances(references := _references(centred), references)
    different = distances[distances > 1e-8 * max(float(distances.max()), 1e-30)]
    return centred / np.float32(np.sqrt(np.median(different))) if len(different) else np.zeros_like(centred)


def _density(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean of a Gaussian kernel over all lines, (N,), 0 to 1, for standardized features."""
    references = _references(features)
    kernels = [
        np.exp(_squared_distances(features[start : start + _CHUNK_SIZE], references) / (-2 * _BANDWIDTH**2)).mean(1)
        for start in range(0, len(features), _CHUNK_SIZE)
    ]
    return np.concatenate(kernels).astype(np.float64)


def _squared_distances(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the squared distances (N, M) of vectors (N, D) and (M, D)."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * (a @ b.T)
    return np.asarray(np.maximum(squared, 0.0), np.float64)
