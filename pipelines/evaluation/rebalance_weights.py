"""New weights of a recipe from error rates: shrinkage, normalisation, lengths and characters."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipelines.config import SettingsDict
from pipelines.evaluation.rebalance_evaluation import ErrorSlice, SliceReport
from pipelines.evaluation.slices import wilson_interval
from pipelines.recipes.recipe import LinesRecipe


class WeightChange(NamedTuple):
    """A weight or a probability, before and after rebalancing.

    Attributes:
        part: of the recipe: "corpus", "effect", "ink style", "background", "font", "length" or "character".
        name: of the component that has the weight.
        total, errors: number of lines, or characters, with this component, and of those that were misread.
        before, after: old and new weight.
    """

    part: str
    name: str
    total: int
    errors: int
    before: float
    after: float

    @property
    def factor(self) -> float:
        """Ratio of the new and the old weight; 1 if the old weight is 0."""
        return self.after / self.before if self.before else 1.0


MAX_FACTOR = 3.0
"""Maximum ratio of a new and an old weight, in either direction, before totals are restored."""

MIN_PRIOR_SIZE = 30.0
"""Minimum weight of the mean error rate, in lines: the rate of a slice of 30 lines moves half of the way at most."""

UNLEARNABLE_ERROR_RATE = 0.95
"""Error rate above which more samples do not help, if the lower end of the confidence interval exceeds it."""


class WeightFactor(NamedTuple):
    """A factor for the weight of a slice: 1 / `MAX_FACTOR` to `MAX_FACTOR`; 1 if the slice is unlearnable."""

    slice: ErrorSlice
    value: float
    unlearnable: bool


def compute_factors(slices: Sequence[ErrorSlice], strength: float) -> list[WeightFactor]:
    """Compute a factor for each slice of one attribute.

    The factor is the error rate of the slice over that of all slices, to the power of `strength`. With the default
    strength of 0.5, twice the error rate gives sqrt(2) times the samples, because the benefit of more samples of one
    kind decreases with their number. The rate is first shrunk towards that of all slices: it is the mean of the
    posterior under a beta prior, whose width is estimated from the slices by the method of moments (Kleinman 1973).
    Hence small slices hardly move, and no slice moves if all differ no more than by chance.

    Unlearnable slices, such as fonts that nobody can read, have the factor 1 and do not count for the mean, so that
    they do not take samples from the others.

    Args:
        slices: of one attribute.
        strength: 0 (all factors are 1) to 1 (proportional to the error rates).
    """
    totals, errors = np.array([(part.total, part.errors) for part in slices], np.float64).reshape(-1, 2).T
    lost = np.array([wilson_interval(s.errors, s.total)[0] > UNLEARNABLE_ERROR_RATE for s in slices], bool)
    values = np.ones(len(slices))
    rates = _relative_rates(totals[~lost], errors[~lost])
    values[~lost] = np.clip(rates**strength, 1 / MAX_FACTOR, MAX_FACTOR)
    return list(map(WeightFactor, slices, values.tolist(), lost.tolist()))


def _relative_rates(totals: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shrunk error rates over the mean rate."""
    total = totals.sum()
    mean = errors.sum() / total if total else 0.0
    if not 0 < mean < 1:
        return np.ones(len(totals))
    complements = 1 - totals / total
    excess = (totals * (errors / totals - mean) ** 2).sum() / (mean * (1 - mean)) - complements.sum()
    scale = (complements * (totals - 1)).sum()
    correlation = excess / scale if scale > 0 else 0.0  # of lines within a slice, 0 to 1
    if correlation <= 0:
        return np.ones(len(totals))
    prior = max(1 / min(correlation, 1.0) - 1, MIN_PRIOR_SIZE)
    rates: NDArray[np.float64] = (errors + prior * mean) / (totals + prior) / mean
    return rates


def preserve_total(
    factors: Mapping[str, float], shares: Mapping[str, float], limits: Mapping[str, float]
) -> dict[str, float]:
    """Multiply all factors by one number, so that the total of the shares stays the same.

    Args:
        factors: by name, above 0.
        shares: by the same names, at least 0.
        limits: maximum of new shares, at least the old ones. The excess is distributed over the other shares; if all
            reach their limits, the total falls.
    """
    bounded: dict[str, float] = {}
    total = sum(shares[name] for name in factors)
    while True:
        free = [name for name in factors if name not in bounded]
        before = total - sum(shares[name] * factor for name, factor in bounded.items())
        after = sum(shares[name] * factors[name] for name in free)
        scale = before / after if after > 0 and before != after else 1.0
        over = [name for name in free if shares[name] * factors[name] * scale > limits.get(name, math.inf)]
        if not over:
            return {name: bounded.get(name, factor * scale) for name, factor in factors.items()}
        bounded |= {name: limits[name] / shares[name] for name in over}


class RecipeWeight(NamedTuple):
    """A weight of a recipe.

    Attributes:
        key: identifies the weight within its part of the recipe.
        name: of the slice that contains its lines.
        value: the weight, at least 0.
        expected_share: its share of the lines, in any unit; the total is preserved.
        limit: maximum of the new share.
    """

    key: str
    name: str
    value: float
    expected_share: float
    limit: float = math.inf


class Reweighting(NamedTuple):
    """New weights of one part of a recipe.

    Attributes:
        part: its name.
        changes: one for every weight, except those of unlearnable slices.
        after: the new weights by key, only those that changed.
        unlearnable: slices whose weights are left as they are, see `compute_factors`.
        unknown: names of slices that the recipe does not generate.
    """

    part: str
    changes: tuple[WeightChange, ...]
    after: Mapping[str, float]
    unlearnable: tuple[ErrorSlice, ...]
    unknown: tuple[str, ...]


def reweight(part: str, slices: Sequence[ErrorSlice], weights: Sequence[RecipeWeight], strength: float) -> Reweighting:
    """Compute the new weights of one part of a recipe; see `compute_factors`.

    Weights with the same name have the same factor; weights without a slice are not changed.
    """
    names = {weight.name for weight in weights}
    factors = compute_factors([entry for entry in slices if entry.name in names], strength)
    by_name = {factor.slice.name: factor for factor in factors if not factor.unlearnable}
    affected = {weight.key: weight for weight in weights if weight.name in by_name}
    values = preserve_total(
        {key: by_name[weight.name].value for key, weight in affected.items()},
        {key: weight.expected_share for key, weight in affected.items()},
        {key: weight.limit for key, weight in affected.items()},
    )
    name_counts = Counter(weight.name for weight in affected.values())
    changes = {}
    for key, weight in affected.items():
        entry, factor = by_name[weight.name].slice, values[key]
        new = float(f"{weight.value * factor:.4g}") if factor != 1 else weight.value
        name = f"{weight.name} ({key})" if name_counts[weight.name] > 1 else weight.name
        changes[key] = WeightChange(part, name, entry.total, entry.errors, weight.value, new)
    return Reweighting(
        part,
        tuple(changes.values()),
        {key: change.after for key, change in changes.items() if change.after != change.before},
        tuple(factor.slice for factor in factors if factor.unlearnable),
        tuple(entry.name for entry in slices if entry.name not in names),
    )


DEFAULT_COVERAGE_SHARE = 0.1
"""Share of the lines with a required character, for recipes that have no such lines yet."""

_Range: TypeAlias = tuple[int, int]  # of lengths, both inclusive


def reweight_lengths(settings: SettingsDict, slices: SliceReport, strength: float) -> Reweighting:
    """Change `layout.length_weights` by the ranges of lengths in the slices.

    The parts of a slice that belong to different ranges of the recipe keep their proportion.
    """
    layout = settings["layout"]
    shortest, longest = layout["length_range"]
    old = {_parse_range(key): float(value) for key, value in (layout.get("length_weights") or {}).items()}
    by_range: dict[_Range, ErrorSlice] = {}
    for lower, upper, entry in slices.lengths:
        first, last = max(lower, shortest), min(longest if upper is None else upper, longest)
        if first <= last and entry.total:
            by_range[first, last] = entry._replace(name=_key((first, last)))
    bounds = sorted({bound for lower, upper in (*old, *by_range) for bound in (lower, upper + 1)})
    pieces = [(lower, following - 1) for lower, following in pairwise(bounds)]
    kept = {p: value for p in pieces for (low, high), value in old.items() if low <= p[0] <= high}
    weights = []
    for (first, last), entry in by_range.items():
        inside = {piece: kept.get(piece, 1.0) for piece in pieces if first <= piece[0] <= last}
        lines = {piece: (piece[1] - piece[0] + 1) * value for piece, value in inside.items()}
        scale = entry.total / (sum(lines.values()) or 1.0)
        weights += [RecipeWeight(_key(p), entry.name, value, lines[p] * scale) for p, value in inside.items()]
    result = reweight("length", list(by_range.values()), weights, strength)
    if result.after:
        new = {_key(piece): value for piece, value in kept.items()}
        new |= {weight.key: result.after.get(weight.key, weight.value) for weight in weights}
        layout["length_weights"] = {_key(piece): new[_key(piece)] for piece in pieces if _key(piece) in new}
    return result


def reweight_characters(
    recipe: LinesRecipe, settings: SettingsDict, slices: SliceReport, strength: float
) -> Reweighting:
    """Change `coverage.weights` of the characters in the charset, except spaces.

    The results of a recognizer without upper-case letters count for both cases.
    """
    by_character = {entry.name: entry for entry in slices.characters}
    ignores_case = not any(name.isupper() for name in by_character)
    coverage = settings.get("coverage") or {}
    old = coverage.get("weights") or {}
    entries = {}
    for character in recipe.charset:
        entry = by_character.get(character) or (by_character.get(character.lower()) if ignores_case else None)
        if entry is not None and not character.isspace():
            entries[character] = entry._replace(name=character)
    values = {character: float(old.get(character, 1.0)) for character in entries}
    weights = [RecipeWeight(character, character, value, value) for character, value in values.items()]
    result = reweight("character", list(entries.values()), weights, strength)
    if result.after:
        share = coverage.get("share") or DEFAULT_COVERAGE_SHARE
        settings["coverage"] = {**coverage, "share": share, "weights": {**old, **result.after}}
    return result


def _parse_range(key: str) -> _Range:
    lower, _, upper = key.partition("-")
    return int(lower), int(upper)


def _key(piece: _Range) -> str:
    return f"{piece[0]}-{piece[1]}"
