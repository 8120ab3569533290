"""What was changed in a recipe."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipelines.config import SettingsDict
from pipelines.evaluation.rebalance_evaluation import ErrorSlice, SliceReport
from pipelines.evaluation.slices import wilson_interval
from pipelines.recipes.recipe import LinesRecipe


class WeightChange(NamedTuple):
    """A weight or a probability that was looked at.

    Attributes:
        part: of the recipe: "corpus", "effect", "ink style", "background", "font", "length" or "character".
        name: of what is drawn.
        total: lines, or characters, that were counted for it.
        wrong: of these, misread.
        before: the weight.
        after: the weight.
    """

    part: str
    name: str
    total: int
    wrong: int
    before: float
    after: float

    @property
    def factor(self) -> float:
        """By which the weight has changed; 1 if it was 0."""
        return self.after / self.before if self.before else 1.0


MAX_FACTOR = 3.0
"""A weight becomes at most so many times larger or smaller, before totals are restored."""

MIN_PRIOR_SIZE = 30.0
"""A slice of so many lines goes at most half of the way from the mean rate to its own."""

UNLEARNABLE_ERROR_RATE = 0.95
"""Whatever is misread more often than this, without doubt, cannot be learnt by seeing more of it."""


class WeightFactor(NamedTuple):
    """What becomes of a weight.

    Attributes:
        cut: whose.
        value: by which the weight is to be multiplied, 1 / `LARGEST` to `LARGEST`; 1 if it is hopeless.
        hopeless: it is misread whatever is done.
    """

    slice: ErrorSlice
    value: float
    unlearnable: bool


def compute_factors(slices: Sequence[ErrorSlice], strength: float) -> list[WeightFactor]:
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
    hopeless = [wilson_interval(cut.errors, cut.total)[0] > UNLEARNABLE_ERROR_RATE for cut in slices]
    hopeful = [cut for cut, lost in zip(slices, hopeless, strict=True) if not lost]
    rates = _shrunk(
        np.array([cut.total for cut in hopeful], np.float64), np.array([cut.errors for cut in hopeful], np.float64)
    )
    values = iter(np.clip(rates**strength, 1 / MAX_FACTOR, MAX_FACTOR).tolist())
    return [WeightFactor(cut, 1.0 if lost else next(values), lost) for cut, lost in zip(slices, hopeless, strict=True)]


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
    prior = max(1 / min(alike, 1.0) - 1, MIN_PRIOR_SIZE)
    rates: NDArray[np.float64] = (wrong + prior * mean) / (totals + prior) / mean
    return rates


def preserve_total(
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


class RecipeWeight(NamedTuple):
    """A weight of a recipe.

    Attributes:
        key: tells it from the others of its part.
        name: of the slice whose lines it draws.
        value: at least 0.
        expected_share: the share of the lines that it stands for, in any unit; their total is kept.
        limit: most that mass may become; None for no limit.
    """

    key: str
    name: str
    value: float
    expected_share: float
    limit: float | None = None


@dataclass(frozen=True)
class Reweighting:
    """What became of the weights of one part of a recipe.

    Attributes:
        part: which.
        changes: one for every weight that was looked at, hopeless ones left out.
        after: the new weights by key, only those that changed.
        unlearnable: slices that are misread whatever is done: their weights are as they were.
        unknown: names of slices that nothing in the recipe draws.
    """

    part: str
    changes: tuple[WeightChange, ...] = ()
    after: Mapping[str, float] = field(default_factory=dict)
    hopeless: tuple[ErrorSlice, ...] = ()
    unknown: tuple[str, ...] = ()


def reweight(part: str, slices: Iterable[ErrorSlice], weights: Sequence[RecipeWeight], strength: float) -> Reweighting:
    """Find new weights for one part of a recipe; see `find_factors`.

    Weights of one name share their factor; those of which there is no slice stay as they are.

    Args:
        part: which.
        slices: of one measure.
        weights: as they are.
        strength: 0 to 1.
    """
    cuts = list(slices)
    names = {weight.name for weight in weights}
    found = compute_factors([cut for cut in cuts if cut.name in names], strength)
    factors = {factor.slice.name: factor for factor in found if not factor.unlearnable}
    mine = [weight for weight in weights if weight.name in factors]
    limits = {weight.key: weight.limit for weight in mine if weight.limit is not None}
    values = preserve_total(
        {weight.key: factors[weight.name].value for weight in mine},
        {w.key: w.expected_share for w in mine},
        limits or None,
    )
    repeated = Counter(weight.name for weight in mine)
    changes, after = [], {}
    for weight in mine:
        new = _rounded(weight.value * values[weight.key]) if values[weight.key] != 1 else weight.value
        cut = factors[weight.name].slice
        name = f"{weight.name} ({weight.key})" if repeated[weight.name] > 1 else weight.name
        changes.append(WeightChange(part, name, cut.total, cut.errors, weight.value, new))
        if new != weight.value:
            after[weight.key] = new
    return Reweighting(
        part,
        tuple(changes),
        after,
        tuple(factor.slice for factor in found if factor.unlearnable),
        tuple(cut.name for cut in cuts if cut.name not in names),
    )


def _rounded(weight: float) -> float:
    return float(f"{weight:.4g}")


DEFAULT_COVERAGE_SHARE = 0.1
"""Share of the lines that owe a character, where characters are weighed and the recipe has none that do."""

_Range: TypeAlias = tuple[int, int]  # of lengths, both included


def reweight_lengths(tree: SettingsDict, slices: SliceReport, strength: float) -> Reweighting:
    """Lengths, by the ranges of the slices. Written as `layout.length_weights`.

    Where a range of the recipe ends within one of the slices, its parts keep their proportion.
    """
    shortest, longest = tree["layout"]["length_range"]
    old = _ranges(tree["layout"].get("length_weights") or {})
    cuts: dict[_Range, ErrorSlice] = {}
    for low, high, cut in slices.lengths:
        first, last = max(low, shortest), min(longest if high is None else high, longest)
        if first <= last and cut.total:
            cuts[first, last] = cut._replace(name=_key((first, last)))
    pieces = _pieces([*old, *cuts])
    values = {piece: _at(old, piece) for piece in pieces}
    weights = []
    for whole, cut in cuts.items():
        parts = [(piece, _or_one(values[piece])) for piece in pieces if whole[0] <= piece[0] <= whole[1]]
        drawn = sum(_size(piece) * value for piece, value in parts) or 1.0
        weights += [
            RecipeWeight(_key(piece), cut.name, value, cut.total * _size(piece) * value / drawn)
            for piece, value in parts
        ]
    found = reweight("length", cuts.values(), weights, strength)
    if found.after:
        weighed = {weight.key: found.after.get(weight.key, weight.value) for weight in weights}
        kept = {_key(piece): value for piece, value in values.items() if value is not None}
        new = {**kept, **weighed}
        tree["layout"]["length_weights"] = {_key(p): new[_key(p)] for p in pieces if _key(p) in new}
    return found


def reweight_characters(recipe: LinesRecipe, tree: SettingsDict, slices: SliceReport, strength: float) -> Reweighting:
    """Characters of the charset, without spaces. Written as `balance.weights`.

    A recognizer that reads without regard to case speaks for both cases.
    """
    read = {cut.name: cut for cut in slices.characters}
    both = not any(name.isupper() for name in read)
    balance = tree.get("balance") or {}
    old = balance.get("weights") or {}
    cuts, weights = [], []
    for character in recipe.charset:
        cut = read.get(character) or (read.get(character.lower()) if both else None)
        if cut is not None and not character.isspace():
            cuts.append(cut._replace(name=character))
            weight = float(old.get(character, 1.0))
            weights.append(RecipeWeight(character, character, weight, weight))
    found = reweight("character", cuts, weights, strength)
    if found.after:
        share = balance.get("share") or DEFAULT_COVERAGE_SHARE
        tree["coverage"] = {**balance, "share": share, "weights": {**old, **found.after}}
    return found


def _ranges(weights: Mapping[str, float]) -> dict[_Range, float]:
    found = {}
    for key, value in weights.items():
        low, _, high = key.partition("-")
        found[int(low), int(high)] = float(value)
    return found


def _pieces(ranges: Iterable[_Range]) -> list[_Range]:
    """The lengths between all borders of ranges, in order."""
    borders = sorted({border for low, high in ranges for border in (low, high + 1)})
    return [(low, after - 1) for low, after in pairwise(borders)]


def _at(weights: Mapping[_Range, float], piece: _Range) -> float | None:
    return next((value for (low, high), value in weights.items() if low <= piece[0] <= high), None)


def _or_one(value: float | None) -> float:
    return 1.0 if value is None else value


def _size(piece: _Range) -> int:
    return piece[1] - piece[0] + 1


def _key(piece: _Range) -> str:
    return f"{piece[0]}-{piece[1]}"
