"""New weights for lengths and characters of texts."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TypeAlias

from pipelines.config import Tree
from pipelines.rebalance.evaluation import LineSlices, Slice
from pipelines.rebalance.weighing import Weighing, Weight, weigh
from pipelines.recipe.lines import LinesRecipe

OWED = 0.1
"""Share of the lines that owe a character, where characters are weighed and the recipe has none that do."""

_Range: TypeAlias = tuple[int, int]  # of lengths, both included


def weigh_lengths(tree: Tree, slices: LineSlices, strength: float) -> Weighing:
    """Lengths, by the ranges of the slices. Written as `layout.length_weights`.

    Where a range of the recipe ends within one of the slices, its parts keep their proportion.
    """
    shortest, longest = tree["layout"]["length_range"]
    old = _ranges(tree["layout"].get("length_weights") or {})
    cuts: dict[_Range, Slice] = {}
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
            Weight(_key(piece), cut.name, value, cut.total * _size(piece) * value / drawn) for piece, value in parts
        ]
    found = weigh("length", cuts.values(), weights, strength)
    if found.after:
        weighed = {weight.key: found.after.get(weight.key, weight.value) for weight in weights}
        kept = {_key(piece): value for piece, value in values.items() if value is not None}
        new = {**kept, **weighed}
        tree["layout"]["length_weights"] = {_key(p): new[_key(p)] for p in pieces if _key(p) in new}
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
