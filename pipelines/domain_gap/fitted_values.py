"""New values of settings from lines whose settings are known and that resemble real lines more or less.

Each update is a step of expectation maximization (Dempster, Laird and Rubin 1977): the new share of a value is its
present share times the mean density ratio of the lines that have it, which is the mean probability of the value given
a real line. Two corrections make it safe for few real lines. A change that is not larger than its standard error is
left out, and a larger one is reduced (James and Stein 1961). And the result is shrunk towards the recipe as it was,
which counts as `PRIOR_LINES` real lines.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.domain_gap.fitted_settings import EXPLORED_SHARE, Choice, Number, Probability, Setting, ValueRange

PRIOR_LINES = 20.0
"""Number of real lines that the recipe counts for, as it was before the fit."""

MIN_SHARE_OF_LINES = 0.1
"""Density ratios are flattened until their effective number of lines is at least this fraction of all."""

_MIN_LINES = 8  # of a value: fewer tell nothing about it
_MAX_LOG_RATIO = math.log(4.0)  # of a round
_OUTSIDE = 0.05  # prior probability that a value of real lines is beyond the present range
_EDGE = math.sqrt(3.0)  # half the width of a uniform distribution, in standard deviations

Floats = NDArray[np.float64]


def flatten_ratios(ratios: Floats) -> Floats:
    """Raise density ratios (N,) to the largest power up to 1 that leaves enough effective lines; their mean is 1.

    The effective number is that of Kish (1965), the squared sum over the sum of squares. Without this, the first round
    of a distant recipe would follow the few lines that happen to look real.
    """
    logarithms = np.log(np.maximum(ratios, 1e-12))
    logarithms -= logarithms.max()
    power = 1.0
    while True:
        flat = np.exp(power * logarithms)
        if flat.sum() ** 2 / (flat**2).sum() >= MIN_SHARE_OF_LINES * len(flat) or power < 0.01:
            return np.asarray(flat / flat.mean(), np.float64)
        power *= 0.9


def shrink_change(change: float, error: float) -> float:
    """Return a change reduced by its standard error: 0 if it is smaller, almost the same if it is much larger."""
    return change * max(0.0, 1.0 - (error / change) ** 2) if change else 0.0


def value_ratio(weights: Floats, selected: NDArray[np.bool_]) -> float:
    """Return how much more frequent a value is in real lines than in drawn ones, 1/4 to 4.

    Args:
        weights: (N,) density ratios of lines.
        selected: (N,) lines that have the value.
    """
    count = int(selected.sum())
    if count < _MIN_LINES or count == len(weights):
        return 1.0
    own = weights[selected]
    ratio = max(float(own.mean() / weights.mean()), 1e-6)
    error = float(own.std()) / math.sqrt(count) / max(float(own.mean()), 1e-6)
    change = shrink_change(math.log(ratio), error)
    return math.exp(min(max(change, -_MAX_LOG_RATIO), _MAX_LOG_RATIO))


def with_prior(value: float, base: float, lines: float) -> float:
    """Shrink a value of `lines` real lines towards the one before the fit, which counts as `PRIOR_LINES`."""
    return (lines * value + PRIOR_LINES * base) / (lines + PRIOR_LINES)


def update_choice(now: Choice, base: Choice, drawn: Sequence[str], weights: Floats, lines: float) -> Choice:
    """Return new weights of components.

    Args:
        now: The present weights.
        base: The weights before the fit.
        drawn: (N,) names of the components of the lines.
        weights: (N,) density ratios of the lines.
        lines: Number of real lines.
    """
    names = np.array(drawn)
    shares = {name: weight * value_ratio(weights, names == name) for name, weight in now.weights.items()}
    total = sum(shares.values())
    new = {name: with_prior(share / total, base.weights[name], lines) for name, share in shares.items()}
    return replace(now, weights=new)


def update_probability(
    now: Probability, base: Probability, drawn: NDArray[np.bool_], weights: Floats, lines: float
) -> Probability:
    """Return a new probability; the arguments are those of `update_choice`, `drawn` (N,) whether it was applied."""
    yes, no = now.value * value_ratio(weights, drawn), (1 - now.value) * value_ratio(weights, ~drawn)
    return replace(now, value=with_prior(yes / (yes + no), base.value, lines) if yes + no else now.value)


def update_range(now: ValueRange, base: ValueRange, drawn: Floats, weights: Floats, lines: float) -> ValueRange:
    """Return a new range; the arguments are those of `update_choice`, `drawn` (N,) the values.

    The mean and the standard deviation of the range change as those of the values do when the lines are weighted.
    Values beyond the present range count for a twentieth of all before they are weighted, whatever share was explored.
    """
    if len(drawn) < _MIN_LINES or not drawn.std():
        return now
    mean_change, log_factor = moment_changes(drawn, weights, _prior_of_values(now, drawn))
    middle, deviation = (now.low + now.high) / 2, (now.high - now.low) / (2 * _EDGE)
    middle, deviation = middle + mean_change, deviation * math.exp(log_factor)
    middle = with_prior(middle, (base.low + base.high) / 2, lines)
    deviation = with_prior(deviation, (base.high - base.low) / (2 * _EDGE), lines)
    return now.clipped(middle - _EDGE * deviation, middle + _EDGE * deviation)


def _prior_of_values(now: ValueRange, drawn: Floats) -> Floats:
    """Return the prior density of explored values over the density with which they were drawn, (N,)."""
    half = 0.5 if now.whole else 0.0
    width, wide = (high - low + 2 * half for low, high in ((now.low, now.high), now.limits))
    inside = ((drawn >= now.low) & (drawn <= now.high)) / width
    explored = (1 - EXPLORED_SHARE) * inside + EXPLORED_SHARE / wide
    return np.asarray(((1 - _OUTSIDE) * inside + _OUTSIDE / wide) / explored, np.float64)


def moment_changes(values: Floats, weights: Floats, prior: Floats) -> tuple[float, float]:
    """Return the change of the mean, and of the logarithm of the standard deviation, that weights (N,) cause.

    The values count by `prior` (N,) before, and by the product of both after.
    """
    before, after = prior / prior.sum(), prior * weights / (prior @ weights)
    mean, weighted_mean = float(before @ values), float(after @ values)
    deviation, weighted_deviation = (
        math.sqrt(max(float(shares @ (values - middle) ** 2), 1e-12))
        for shares, middle in ((before, mean), (after, weighted_mean))
    )
    excess = max(float(after @ after - before @ before), 1e-9)  # the values are the same: only the weights differ
    mean_change = shrink_change(weighted_mean - mean, deviation * math.sqrt(excess))
    log_factor = shrink_change(math.log(weighted_deviation / deviation), math.sqrt(excess / 2))
    return mean_change, min(max(log_factor, -_MAX_LOG_RATIO / 2), _MAX_LOG_RATIO / 2)


def update_number(now: Number, base: Number, drawn: Floats, weights: Floats, lines: float) -> Number:
    """Return a new number; the arguments are those of `update_choice`, `drawn` (N,) the values, around the present one.

    The geometric mean of the values becomes that of the weighted lines.
    """
    if len(drawn) < _MIN_LINES or not drawn.std():
        return now
    change, _ = moment_changes(np.log(drawn), weights, np.ones(len(drawn)))
    value = math.exp(with_prior(math.log(now.value) + change, math.log(base.value), lines))
    return replace(now, value=min(max(value, now.limits[0]), now.limits[1]))


def update_setting(setting: Setting, base: Setting, drawn: Sequence[Any], weights: Floats, lines: float) -> Setting:
    """Return a setting after a step of a fit.

    Args:
        setting: The present one.
        base: The same before the fit; if it is of another class, the present one stays.
        drawn: (N,) values of the lines or scenes; or (N, K), several values of each line.
        weights: (N,) density ratios of the lines.
        lines: Number of real lines.
    """
    if isinstance(setting, Choice) and isinstance(base, Choice):
        return update_choice(setting, base, drawn, weights, lines)
    if isinstance(setting, Probability) and isinstance(base, Probability):
        return update_probability(setting, base, np.array(drawn, bool), weights, lines)
    numbers = np.array(drawn, np.float64)
    if isinstance(setting, Number) and isinstance(base, Number):
        return update_number(setting, base, numbers, weights, lines)
    if isinstance(setting, ValueRange) and isinstance(base, ValueRange):
        if numbers.ndim == 2:
            weights, numbers = np.repeat(weights, numbers.shape[1]), numbers.ravel()
        return update_range(setting, base, numbers, weights, lines)
    return setting


def active_lines(total: int, weights: Floats, active: NDArray[np.bool_]) -> float:
    """Return about how many of `total` real lines have a component, from density ratios (N,) of drawn lines."""
    return float(total * weights[active].sum() / max(weights.sum(), 1e-12))
