"""Weights of lines or scenes that bring the moments of their features near to those of real ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pipelines.domain_gap.fitted_scene_settings import Mixture, Span
from pipelines.domain_gap.fitted_settings import Choice, Number, Setting, ValueRange
from pipelines.domain_gap.fitted_values import Floats

_STRENGTHS = np.logspace(0, 4, 9)  # of the regularization that are tried
_MAX_STEP = 1.0  # of the mean of a setting in a round, standard deviations
_MAX_DEVIATION = 3.0  # of a feature from the median of real samples, interquartile ranges; larger ones count as this


def moment_log_weights(
    settings: Mapping[str, Setting], values: Sequence[Mapping[str, Any]], explored: Floats, real: Floats
) -> Floats:
    """Return logarithms of weights of samples that bring the moments of their features near to those of real ones.

    The method of simulated moments (McFadden 1989), one step of it. A ridge regression estimates how the mean and the
    mean square of each feature change with each setting, and least squares find the changes of the settings that
    explain the differences to the real samples. The logarithms are linear in the settings, so that the weighted means
    of the settings change by about as much (exponential tilting). Unlike density ratios, moments tell the direction
    even if no sample resembles a real one.

    Args:
        settings: By path.
        values: Of N lines or scenes, those that had an effect.
        explored: (N, D) features of these samples; NaN if unknown.
        real: (M, D) features of real samples.

    Returns:
        (N,) logarithms.
    """
    from scipy.optimize import lsq_linear
    from sklearn.linear_model import RidgeCV

    columns = [_standardized(column) for path, s in settings.items() for column in _columns(path, s, values)]
    inputs = np.stack([column for column in columns if column.any()], axis=1)
    known = np.isfinite(explored).any(axis=0) & np.isfinite(real).any(axis=0)
    drawn, wanted = (_moments(vectors[:, known], real[:, known]) for vectors in (explored, real))
    center = np.nanmean(drawn, axis=0)
    effects = RidgeCV(alphas=_STRENGTHS, alpha_per_target=True).fit(inputs, np.nan_to_num(drawn - center)).coef_
    difference = np.nanmean(wanted, axis=0) - center
    system = np.concatenate([effects, np.eye(inputs.shape[1])])
    target = np.concatenate([difference, np.zeros(inputs.shape[1])])
    steps = lsq_linear(system, target, bounds=(-_MAX_STEP, _MAX_STEP)).x
    return np.asarray(inputs @ steps, np.float64)


def _moments(vectors: Floats, real: Floats) -> Floats:
    """Return (N, 2 D) values and squares, relative to the median and the interquartile range of real samples."""
    low, median, high = np.nanpercentile(real, (25, 50, 75), axis=0)
    spread = np.maximum(high - low, 1e-6)
    relative = np.clip((vectors - median) / spread, -_MAX_DEVIATION, _MAX_DEVIATION)
    return np.concatenate([relative, relative**2 / _MAX_DEVIATION], axis=1)


def _columns(path: str, setting: Setting, values: Sequence[Mapping[str, Any]]) -> Iterator[Floats]:
    """Yield what a setting contributes to the inputs, each (N,); NaN where it had no effect."""
    own = [found.get(path) for found in values]
    if isinstance(setting, Span | Mixture):
        width = 2 if isinstance(setting, Span) else len(setting.weights)
        yield from np.array([value if isinstance(value, tuple) else (np.nan,) * width for value in own], np.float64).T
    elif isinstance(setting, Choice):
        yield from (np.array([float(value == name) for value in own]) for name in setting.weights)
    else:
        numbers = np.array([np.nan if value is None else _number(value) for value in own], np.float64)
        yield np.log(numbers) if isinstance(setting, Number) else numbers
        if isinstance(setting, ValueRange):
            yield _standardized(numbers) ** 2


def _number(value: Any) -> float:
    """Return a value as a number; the mean of several, which a line has of a setting of its parts."""
    return float(np.mean(value))


def _standardized(column: Floats) -> Floats:
    """Return values with mean 0 and deviation 1; 0 where they are unknown."""
    known = column[np.isfinite(column)]
    if len(known) < 2 or not known.std():
        return np.zeros(len(column))
    return np.asarray(np.nan_to_num((column - known.mean()) / known.std()), np.float64)
