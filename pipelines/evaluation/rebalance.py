"""New weights for what a recipe names: corpora, effects, ink styles, papers."""

import copy
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.config import Tree
from pipelines.evaluation.rebalance_evaluation import LineSlices, Slice, read_slices
from pipelines.evaluation.rebalance_weights import (
    HOPELESS,
    LARGEST,
    Change,
    Weighing,
    Weight,
    weigh,
    weigh_characters,
    weigh_lengths,
)
from pipelines.evaluation.slices import wilson
from pipelines.io.dataset_folder import RECIPE
from pipelines.recipes.curriculum import Curriculum
from pipelines.recipes.parts import recorded_name
from pipelines.recipes.recipe import CURRICULUM, LinesRecipe
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from synthtext.core import InputError, check_share
from synthtext.fonts import FontFile, find_fonts
from synthtext.fonts.pool import weights_of

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


_VARIATION = re.compile(r" \S{4}=-?[\d.e+-]+$")  # how `FontFile.name` tells the place on an axis


def weigh_fonts(recipe: LinesRecipe, tree: Tree, slices: LineSlices, strength: float) -> Weighing:
    """Faces of fonts; the places of a variable one count together. Written as `fonts.weights`."""
    options = recipe.settings.fonts
    fonts = find_fonts(replace(options, weights={})).fonts
    before = {font.name: w for font, w in zip(fonts, weights_of(fonts, options.weights), strict=True)}
    cuts = _faces(slices.parts.get("font", ()), before)
    totals = {cut.name: cut.total for cut in cuts}
    weights = [Weight(name, name, value, totals.get(name, 0) if value else 0) for name, value in before.items()]
    found = weigh("font", cuts, weights, strength)
    if found.after:
        tree["fonts"]["weights"] = _written(fonts, {**before, **found.after})
    return found


def _faces(cuts: Iterable[Slice], known: Mapping[str, float]) -> list[Slice]:
    """The slices of faces, wherever on their axes they were drawn."""
    totals, wrong = Counter[str](), Counter[str]()
    for cut in cuts:
        name = cut.name
        while name not in known and (match := _VARIATION.search(name)):
            name = name[: match.start()]
        totals[name] += cut.total
        wrong[name] += cut.wrong
    return [Slice(name, totals[name], wrong[name]) for name in totals]


def _written(fonts: Sequence[FontFile], weights: Mapping[str, float]) -> dict[str, float]:
    """What says these weights of faces: a name that is a family's as well would speak for all of its faces."""
    families = {font.family for font in fonts if font.name == font.family and weights[font.name] != 1}
    told = {font.name for font in fonts if weights[font.name] != 1 or font.family in families}
    return {name: weights[name] for name in sorted(told)}


_NAMED = 5  # names that a note tells


@dataclass(frozen=True)
class Rebalanced:
    """A recipe with new weights.

    Attributes:
        base: the recipe that was weighed anew.
        recipe: what became of it.
        evaluation: the file that the weights come from.
        slices: what was read there.
        strength: 0 to 1.
        weighings: of the parts of the recipe.
    """

    base: ResolvedRecipe
    recipe: ResolvedRecipe
    evaluation: Path
    slices: LineSlices
    strength: float
    weighings: tuple[Weighing, ...]

    @property
    def changes(self) -> list[Change]:
        """Every weight that was looked at, the largest rise first, the largest fall last."""
        found = [change for weighing in self.weighings for change in weighing.changes]
        return sorted(found, key=lambda change: (-change.factor, change.part, change.name))

    def to_yaml(self) -> str:
        """The recipe as a file, which begins with where its weights come from."""
        lines = self.slices.lines
        told = (
            f"The recipe {self.base.name} with weights by what was misread in {self.slices.name}",
            f"({lines.wrong:,} of {lines.total:,} lines), as {self.evaluation} tells; ocrmill rebalance made it.",
            "A weight was multiplied by the error rate of its lines over that of all, shrunk towards it where they are",
            f"few, to the power of {self.strength:g}, at most {LARGEST:g} times larger or smaller; then totals were "
            "restored.",
        )
        return "".join(f"# {' '.join(line.split())}\n" for line in told) + self.recipe.to_yaml()

    def notes(self) -> Iterator[str]:
        """What else is to be known, a line each."""
        for weighing in self.weighings:
            if weighing.hopeless:
                cuts = [f"{cut.name} ({cut.wrong:,} of {cut.total:,} misread)" for cut in weighing.hopeless]
                yield f"look at these, whose weights were left alone: {weighing.part} {_some(cuts)}"
            if weighing.unknown:
                yield f"not drawn by the recipe: {weighing.part} {_some(weighing.unknown)}"
        kept = sorted({path for stage in self.recipe.tree.get(CURRICULUM, ()) for path in stage["set"]})
        if kept:
            yield f"the stages of the curriculum keep what they set: {_some(kept)}"
        trees = self.base.tree, self.recipe.tree
        before, after = (float((tree.get("balance") or {}).get("share", 0)) for tree in trees)
        if before != after:
            yield f"balance.share is {after:g} now, so that the weights of characters count"


def rebalance(
    evaluation: Path,
    recipe: str | None = None,
    *,
    strength: float = 0.5,
    overrides: Sequence[str] = (),
    source: str | None = None,
) -> Rebalanced:
    """Weigh a recipe of lines by where a recognizer fails: what it misreads more often is to be drawn more often.

    Corpora, effects, ink styles, papers, fonts, lengths and characters are each weighed on their own, as
    `find_factors` says; the total of the weights of each stays, as does the sum of the effects' probabilities.

    Args:
        evaluation: what `ocrmill evaluate --slices` wrote.
        recipe: a preset's name or a file; None: the `recipe.yaml` of the evaluated data set.
        strength: 0 (nothing changes) to 1 (weights follow the error rates).
        overrides: settings of that recipe, `key.sub=value`, applied first.
        source: which of several sources in the evaluation.

    Raises:
        InputError: the evaluation or the recipe cannot be used; the sentence says why.
    """
    check_share("strength", strength)
    slices = read_slices(evaluation, source)
    _check_rate(evaluation, slices)
    base = resolve_recipe(recipe if recipe is not None else str(_recipe_of(evaluation, slices)), overrides)
    if base.kind != "lines":
        raise InputError(f"recipe {base.name} draws {base.kind}: only recipes of lines can be weighed by lines")
    built = LinesRecipe.read(base.tree, Path.cwd(), f"recipe {base.name}")
    tree = copy.deepcopy(base.tree)
    weighings = [
        weigh(built, tree, slices, strength)
        for weigh in (weigh_corpora, weigh_fonts, weigh_effects, weigh_styles, weigh_papers)
    ]
    weighings += [weigh_lengths(tree, slices, strength), weigh_characters(built, tree, slices, strength)]
    new = ResolvedRecipe(base.name, Curriculum.read(LinesRecipe, tree, Path.cwd(), f"recipe {base.name}").tree())
    return Rebalanced(base, new, evaluation, slices, strength, tuple(weighings))


def _check_rate(evaluation: Path, slices: LineSlices) -> None:
    """Refuse what no weights can be made of."""
    lines = slices.lines
    if not lines.wrong:
        raise InputError(f"{evaluation}: not one line of {slices.name} was misread: there is nothing to weigh by")
    if wilson(lines.wrong, lines.total)[0] > HOPELESS:
        raise InputError(
            f"{evaluation}: {lines.wrong:,} of {lines.total:,} lines of {slices.name} were misread: what a recognizer "
            "that reads nearly nothing finds hard tells nothing; train it longer"
        )


def _recipe_of(evaluation: Path, slices: LineSlices) -> Path:
    """The recipe of the data set that was evaluated."""
    if slices.path is None:
        raise InputError(f"{evaluation} does not tell where {slices.name} lies: name its recipe with --recipe")
    path = slices.path / RECIPE
    if not path.is_file():
        raise InputError(f"there is no {path}: name the recipe that is to be weighed with --recipe")
    return path


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
