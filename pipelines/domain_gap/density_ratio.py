"""The density ratio of real and drawn lines, estimated by a regularized classifier."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STRENGTHS = (0.003, 0.03, 0.3)  # inverse strengths of the regularization that are tried
_FOLDS = 4
_KNOTS = 4
_MAX_RATIO = 50.0

Floats = NDArray[np.float64]


class DensityRatio:
    """How much more frequent a line is in reality than in a recipe, by its features.

    A logistic regression on splines of the features tells real from drawn lines, with equal weights of both; its odds
    are the ratio of the densities (Sugiyama, Suzuki and Kanamori 2012, chapter 4). Each feature is first replaced by
    its rank among all lines, so that units and outliers do not matter. The strength of the regularization is the one
    with the least cross-validated loss: with few real lines, or without a difference, all ratios are near 1.

    Args:
        real: (N, D) features of real lines; NaN where a feature could not be measured.
        drawn: (M, D) features of drawn lines.
        seed: Of the folds.
    """

    def __init__(self, real: Floats, drawn: Floats, seed: int) -> None:
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import QuantileTransformer, SplineTransformer, StandardScaler

        features = np.concatenate([real, drawn])
        labels = np.repeat([1, 0], [len(real), len(drawn)])
        self._basis = make_pipeline(
            SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
            QuantileTransformer(n_quantiles=min(200, len(features)), subsample=None),
            SplineTransformer(n_knots=_KNOTS, degree=2, include_bias=False),
            StandardScaler(),
        )
        inputs = self._basis.fit_transform(features)
        folds = _split_folds(labels, min(_FOLDS, len(real)), seed)
        losses = [_validated_loss(inputs, labels, folds, strength) for strength in _STRENGTHS]
        self._model = _fitted(inputs, labels, _STRENGTHS[int(np.argmin(losses))])

    def __call__(self, features: Floats) -> Floats:
        """Return the ratios of lines with these features (N, D): (N,), 1/50 to 50."""
        return np.asarray(np.exp(_log_odds(self._model, self._basis.transform(features))), np.float64)


def _validated_loss(
    inputs: Floats, labels: NDArray[np.int64], folds: Sequence[NDArray[np.bool_]], strength: float
) -> float:
    """Return the sum over the folds of the mean logistic losses of real and of drawn lines."""
    loss = 0.0
    for held in folds:
        odds = _log_odds(_fitted(inputs[~held], labels[~held], strength), inputs[held])
        losses = np.log1p(np.exp(np.where(labels[held] == 1, -odds, odds)))
        loss += sum(float(losses[labels[held] == label].mean()) for label in (0, 1))
    return loss


def _split_folds(labels: NDArray[np.int64], count: int, seed: int) -> list[NDArray[np.bool_]]:
    """Split lines into folds with equal shares of real ones: masks of the lines of each fold."""
    rng = np.random.default_rng(seed)
    numbers = np.empty(len(labels), np.int64)
    for label in (0, 1):
        own = np.flatnonzero(labels == label)
        numbers[own] = rng.permutation(len(own)) % count
    return [numbers == fold for fold in range(count)]


def _fitted(inputs: Floats, labels: NDArray[np.int64], strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, class_weight="balanced", max_iter=500).fit(inputs, labels)


def _log_odds(model: Any, inputs: Floats) -> Floats:
    limit = np.log(_MAX_RATIO)
    return np.asarray(np.clip(model.decision_function(inputs), -limit, limit), np.float64)
