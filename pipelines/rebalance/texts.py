"""New weights for lengths and characters of texts."""

from collections.abc import Mapping

from pipelines.config import Tree
from pipelines.rebalance.evaluation import LineSlices, Slice
from pipelines.rebalance.weighing import Weighing, Weight, weigh
from pipelines.recipe.lines import LinesRecipe, LinesSettings
from synthtext import Layout

OWED = 0.1
"""Share of the lines that owe a character, where characters are weighed and the recipe has none that do."""

LENGTHS, CHARACTERS = "layout.length_weights", "balance.weights"


def has_lengths() -> bool:
    """Whether recipes can weigh lengths."""
    return "length_weights" in Layout.__dataclass_fields__


def has_characters() -> bool:
    """Whether recipes can weigh characters."""
    return "balance" in LinesSettings.model_fields


def weigh_lengths(tree: Tree, slices: LineSlices, strength: float) -> Weighing:
    """Lengths, by the ranges of the slices. Written as `layout.length_weights`."""
    shortest, longest = tree["layout"]["length_range"]
    old = _ranges(tree["layout"].get("length_weights") or {})
    cuts, weights = [], []
    for low, high, cut in slices.lengths:
        first, last = max(low, shortest), min(longest if high is None else high, longest)
        if first <= last and cut.total:
            key = f"{first}-{last}"
            cuts.append(Slice(key, cut.total, cut.wrong))
            weights.append(Weight(key, key, _mean(old, first, last), cut.total))
    found = weigh("length", cuts, weights, strength)
    if found.after:
        new = {weight.key: found.after.get(weight.key, weight.value) for weight in weights}
        taken = _ranges(new)
        rest = {r: value for r, value in old.items() if not any(r[0] <= high and low <= r[1] for low, high in taken)}
        ordered = sorted({**taken, **rest}.items())
        tree["layout"]["length_weights"] = {f"{low}-{high}": value for (low, high), value in ordered}
    return found


def weigh_characters(recipe: LinesRecipe, tree: Tree, slices: LineSlices, strength: float) -> Weighing:
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
            weights.append(Weight(character, character, weight, weight))
    found = weigh("character", cuts, weights, strength)
    if found.after:
        share = balance.get("share") or OWED
        tree["balance"] = {**balance, "share": share, "weights": {**old, **found.after}}
    return found


def _ranges(weights: Mapping[str, float]) -> dict[tuple[int, int], float]:
    found = {}
    for key, value in weights.items():
        low, _, high = key.partition("-")
        found[int(low), int(high)] = float(value)
    return found


def _mean(ranges: Mapping[tuple[int, int], float], first: int, last: int) -> float:
    """The mean weight of these lengths; 1 for those in no range."""
    covered = {range_: min(range_[1], last) - max(range_[0], first) + 1 for range_ in ranges}
    inside = {range_: count for range_, count in covered.items() if count > 0}
    rest = last - first + 1 - sum(inside.values())
    return (rest + sum(count * ranges[range_] for range_, count in inside.items())) / (last - first + 1)
