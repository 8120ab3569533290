"""A classifier two-sample test: how well real and generated lines can be told apart (Lopez-Paz and Oquab 2017)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError

MIN_SAMPLES = 10
"""Least number of samples on either side, or of groups."""

_FOLDS = 5
_STRENGTH = 0.05  # inverse of the L2 penalty
_MAX_QUANTILES = 200


@dataclass(frozen=True, eq=False)
class TwoSampleResult:
    """Result of the test.

    Attributes:
        auc: Area under the ROC curve on lines that the classifier was not trained with, mean of the folds: 0.5 if
            real and generated lines cannot be told apart, 1 if always.
        interval: 95 % confidence interval of it (Hanley and McNeil 1982).
        real: (N,) probability of each real line to be real, for equal shares of both, from a classifier that was not
            trained with it.
        drawn: (M,) the same for each generated line.
    """

    auc: float
    interval: tuple[float, float]
    real: NDArray[np.float64]
    drawn: NDArray[np.float64]


def two_sample_auc(
    real: NDArray[np.float64],
    drawn: NDArray[np.float64],
    seed: int,
    groups: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> TwoSampleResult:
    """Train a classifier that tells real from generated lines, with five-fold cross-validation.

    The classifier is a logistic regression with a quadratic penalty. Its inputs are the features after a quantile
    transformation to a normal distribution, their squares, and whether they were measured. So it sees differences of
    position and of spread, and stays stable with few real lines.

    Args:
        real: (N, D) features of real lines; NaN where they were not measured.
        drawn: (M, D) features of generated lines.
        seed: Of the folds.
        groups: (N,) and (M,) number of the scene of each text, or None. Texts of one scene resemble each other: no
            classifier is tested on a scene that it was trained with, and the interval counts scenes, not texts.

    Raises:
        InputError: Either side has fewer than `MIN_SAMPLES` lines, or groups.
    """
    counts = [len(np.unique(group)) for group in groups] if groups is not None else [len(real), len(drawn)]
    if min(counts) < MIN_SAMPLES:
        what = "samples" if groups is None else "scenes with legible texts"
        raise InputError(
            f"there are {counts[0]:,} real and {counts[1]:,} generated {what}: a comparison needs at least "
            f"{MIN_SAMPLES} of each; add more"
        )
    values = np.concatenate([real, drawn])
    labels = np.repeat([1, 0], [len(real), len(drawn)])
    known = np.isfinite(values)
    values = values[:, known.any(axis=0)]
    probabilities, scores = np.zeros(len(values)), []
    for train, test in _folds(labels, groups, seed):
        model = _classifier(len(train)).fit(values[train], labels[train])
        probabilities[test] = model.predict_proba(values[test])[:, 1]
        scores.append(roc_auc(probabilities[test][labels[test] == 1], probabilities[test][labels[test] == 0]))
    auc = float(np.mean(scores))
    return TwoSampleResult(
        auc, _auc_interval(auc, counts[0], counts[1]), probabilities[: len(real)], probabilities[len(real) :]
    )


def _folds(
    labels: NDArray[np.int64], groups: tuple[NDArray[np.int64], NDArray[np.int64]] | None, seed: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Split rows for cross-validation; yield those to train with and those to test with."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if groups is None:
        yield from StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(labels, labels)
        return
    both = np.concatenate([groups[0], groups[1] + groups[0].max() + 1])
    yield from StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed).split(labels, labels, both)


def _classifier(count: int) -> Any:
    """Return an untrained classifier for `count` lines."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, QuantileTransformer, StandardScaler

    return make_pipeline(
        QuantileTransformer(n_quantiles=min(_MAX_QUANTILES, count), output_distribution="normal", subsample=None),
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        FunctionTransformer(_with_squares),
        StandardScaler(),
        LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=1000),
    )


def _with_squares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(values, -3, 3)
    return np.concatenate([clipped, clipped**2], axis=1)


def roc_auc(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> float:
    """Return the probability that a positive score is above a negative one; ties count half (Mann and Whitney 1947)."""
    ordered = np.sort(negative)
    below, upto = (np.searchsorted(ordered, positive, side) for side in ("left", "right"))
    return float((below + upto).mean() / 2 / len(negative))


def _auc_interval(auc: float, positives: int, negatives: int) -> tuple[float, float]:
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (positives - 1) * (first - auc**2) + (negatives - 1) * (second - auc**2)
    margin = 1.96 * math.sqrt(max(variance, 0.0) / (positives * negatives))
    return max(auc - margin, 0.0), min(auc + margin, 1.0)
