"""From error rates to factors of weights."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.rebalance.evaluation import Slice
from pipelines.slices import wilson

LARGEST = 3.0
"""A weight becomes at most so many times larger or smaller, before totals are restored."""

LEAST = 30.0
"""A slice of so many lines goes at most half of the way from the mean rate to its own."""

HOPELESS = 0.95
"""Whatever is misread more often than this, without doubt, cannot be learnt by seeing more of it."""


class Factor(NamedTuple):
    """What becomes of a weight.

    Attributes:
        cut: whose.
        value: by which the weight is to be multiplied, 1 / `LARGEST` to `LARGEST`; 1 if it is hopeless.
        hopeless: it is misread whatever is done.
    """

    cut: Slice
    value: float
    hopeless: bool


def find_factors(slices: Sequence[Slice], strength: float) -> list[Factor]:
    """Factors of what is cut into slices by one measure.

    The factor of a slice is its error rate over that of all slices together, to the power of `strength`: where twice as
    much is misread, sqrt(2) times as much is drawn by default, for the benefit of more lines of one sort falls with
    their number. The rate is first shrunk towards that of all, as the mean of the posterior under a beta prior whose
    width is estimated from the slices themselves by the method of moments (Kleinman 1973): a slice of ten lines, all of
    them misread by chance, hardly moves, and nothing moves if the slices differ no more than chance makes them differ.

    A slice of which more than `HOPELESS` are misread (by the lower end of its 95 % interval) has the factor 1 and no
    part in the mean: fonts that cannot be read and texts that are not there must not eat up the others' share.

    Args:
        slices: of one measure.
        strength: 0 (all factors are 1) to 1 (as the rates).
    """
    hopeless = [wilson(cut.wrong, cut.total)[0] > HOPELESS for cut in slices]
    hopeful = [cut for cut, lost in zip(slices, hopeless, strict=True) if not lost]
    rates = _shrunk(
        np.array([cut.total for cut in hopeful], np.float64), np.array([cut.wrong for cut in hopeful], np.float64)
    )
    values = iter(np.clip(rates**strength, 1 / LARGEST, LARGEST).tolist())
    return [Factor(cut, 1.0 if lost else next(values), lost) for cut, lost in zip(slices, hopeless, strict=True)]


def _shrunk(totals: NDArray[np.float64], wrong: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shrunk error rates over the mean rate."""
    whole = totals.sum()
    mean = wrong.sum() / whole if whole else 0.0
    if not 0 < mean < 1:
        return np.ones(len(totals))
    parts = 1 - totals / whole
    beyond = (totals * (wrong / totals - mean) ** 2).sum() / (mean * (1 - mean)) - parts.sum()
    room = (parts * (totals - 1)).sum()
    alike = beyond / room if room > 0 else 0.0  # how far lines of one slice are alike, 0 to 1
    if alike <= 0:
        return np.ones(len(totals))
    prior = max(1 / min(alike, 1.0) - 1, LEAST)
    rates: NDArray[np.float64] = (wrong + prior * mean) / (totals + prior) / mean
    return rates


def kept_total(
    factors: Mapping[str, float], masses: Mapping[str, float], limits: Mapping[str, float] | None = None
) -> dict[str, float]:
    """The factors times one number, such that the masses' total stays.

    Args:
        factors: by name, above 0.
        masses: what is multiplied, by the same names, at least 0.
        limits: most that a mass may become, at least what it is; what would go beyond stays there, and the others
            take what is left. If none is left, the total falls.
    """
    found: dict[str, float] = {}
    wanted = sum(masses[name] for name in factors)
    for _ in factors:
        free = {name: factor for name, factor in factors.items() if name not in found}
        before, after = wanted, sum(masses[name] * factor for name, factor in free.items())
        before -= sum(masses[name] * factor for name, factor in found.items())
        scale = before / after if after > 0 and before != after else 1.0
        over = [name for name in free if limits and masses[name] * free[name] * scale > limits[name]]
        if not over or not limits:
            return {name: found.get(name, factor * scale) for name, factor in factors.items()}
        found |= {name: limits[name] / masses[name] for name in over}
    return found
