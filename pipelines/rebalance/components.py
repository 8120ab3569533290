"""New weights for what a recipe names: corpora, effects, ink styles, papers."""

from collections.abc import Callable
from typing import Any

from pipelines.config import Tree
from pipelines.rebalance.evaluation import LineSlices
from pipelines.rebalance.weighing import Weighing, Weight, weigh
from pipelines.recipe.lines import LinesRecipe
from pipelines.recipe.parts import recorded_name

MOST_PROBABLE = 0.95
"""Of an effect: a few lines without it stay, unless the recipe already had fewer."""


def weigh_corpora(recipe: LinesRecipe, tree: Tree, slices: LineSlices, strength: float) -> Weighing:
    """Corpora; entries that are recorded under one name share a factor."""
    parts = recipe.listed["corpus"]
    weights = [Weight(f"corpus.{i}", recorded_name(c), c.share, c.share) for i, c in enumerate(parts)]
    return _weighed("corpus", "corpus", slices, weights, strength, _entries(tree, "corpus", "weight"))


def weigh_effects(recipe: LinesRecipe, tree: Tree, slices: LineSlices, strength: float) -> Weighing:
    """Effects; the sum of their probabilities stays, so that pictures become no harder as a whole."""
    weights = [
        Weight(f"effects.{i}", c.use, c.share, c.share, max(MOST_PROBABLE, c.share))
        for i, c in enumerate(recipe.listed["effects"])
    ]
    return _weighed("effect", "effect", slices, weights, strength, _entries(tree, "effects", "probability"))


def weigh_styles(recipe: LinesRecipe, tree: Tree, slices: LineSlices, strength: float) -> Weighing:
    """Ink styles."""
    weights = [Weight(c.use, c.use, c.share, c.share) for c in recipe.shared["ink.styles"]]
    return _weighed("ink style", "style", slices, weights, strength, _named(tree["ink"]["styles"]))


def weigh_papers(recipe: LinesRecipe, tree: Tree, slices: LineSlices, strength: float) -> Weighing:
    """Papers."""
    weights = [Weight(c.use, c.use, c.share, c.share) for c in recipe.shared["paper"]]
    return _weighed("paper", "paper", slices, weights, strength, _named(tree["paper"]))


def _weighed(
    part: str,
    measure: str,
    slices: LineSlices,
    weights: list[Weight],
    strength: float,
    write: Callable[[str, float], None],
) -> Weighing:
    found = weigh(part, slices.parts.get(measure, ()), weights, strength)
    for key, value in found.after.items():
        write(key, value)
    return found


def _entries(tree: Tree, key: str, share: str) -> Callable[[str, float], None]:
    def write(place: str, value: float) -> None:
        tree[key][int(place.rpartition(".")[2])][share] = value

    return write


def _named(parts: dict[str, Any]) -> Callable[[str, float], None]:
    def write(name: str, value: float) -> None:
        parts[name]["weight"] = value

    return write
