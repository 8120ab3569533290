"""Estimates of the accuracy on lines without labels, from the agreement of views and the confidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.adaptation.views import Reading

_PRIOR = 1.0  # precision of the weights
_STEPS = 50
_MIN_CONFIDENCE = 1e-3


@dataclass(frozen=True)
class Calibration:
    """Probability that a reading is right, by logistic regression.

    Attributes:
        weights: Of the constant, the agreement of the views, and the logit of the confidence.
    """

    weights: tuple[float, float, float]

    def probabilities(self, readings: Sequence[Reading]) -> NDArray[np.float64]:
        """Return the probability (N,) that each of N readings is right; 0 for empty ones."""
        is_text = np.array([bool(reading.text.strip()) for reading in readings])
        return np.asarray(_sigmoid(_features(readings) @ np.array(self.weights)) * is_text, np.float64)

    def accuracy(self, readings: Sequence[Reading]) -> float:
        """Return the estimated share of right readings, 0 to 1."""
        return float(self.probabilities(readings).mean())


def fit_calibration(readings: Sequence[Reading], is_right: Sequence[bool]) -> Calibration:
    """Fit a calibration to readings of labelled lines.

    Platt 1999 (Probabilistic Outputs for Support Vector Machines) with the agreement as a second feature; the weights
    have a Gaussian prior, so that they are finite if all readings are right.

    Args:
        readings: At least one.
        is_right: Whether each equals its label.
    """
    features, targets = _features(readings), np.asarray(is_right, np.float64)
    weights, prior = np.zeros(features.shape[1]), _PRIOR * np.eye(features.shape[1])
    prior[0, 0] *= 1e-2
    for _ in range(_STEPS):  # Newton's method
        found = _sigmoid(features @ weights)
        gradient = features.T @ (found - targets) + prior @ weights
        hessian = (features * (found * (1 - found))[:, None]).T @ features + prior
        step = np.linalg.solve(hessian, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    constant, agreement, confidence = weights.tolist()
    return Calibration((constant, agreement, confidence))


def _features(readings: Sequence[Reading]) -> NDArray[np.float64]:
    confidence = np.array([reading.confidence for reading in readings]).clip(_MIN_CONFIDENCE, 1 - _MIN_CONFIDENCE)
    agreement = np.array([reading.agreement for reading in readings])
    return np.stack([np.ones(len(readings)), agreement, np.log(confidence / (1 - confidence))], axis=1)


def _sigmoid(values: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(values, -50, 50)))
