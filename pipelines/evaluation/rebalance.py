"""New weights for what a recipe names: corpora, effects, ink styles, papers."""

import copy
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.config import SettingsDict
from pipelines.evaluation.rebalance_evaluation import ErrorSlice, SliceReport, read_slices
from pipelines.evaluation.rebalance_weights import (
    MAX_FACTOR,
    UNLEARNABLE_ERROR_RATE,
    RecipeWeight,
    Reweighting,
    WeightChange,
    reweight,
    reweight_characters,
    reweight_lengths,
)
from pipelines.evaluation.slices import wilson_interval
from pipelines.io.dataset_folder import RECIPE_FILE
from pipelines.recipes.curriculum import Curriculum
from pipelines.recipes.components import corpus_name
from pipelines.recipes.recipe import CURRICULUM_KEY, LinesRecipe
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from synthtext.core import InputError, check_fraction
from synthtext.fonts import FontFile, find_fonts
from synthtext.fonts.pool import font_weights

MAX_PROBABILITY = 0.95
"""Of an effect: a few lines without it stay, unless the recipe already had fewer."""


def reweight_corpora(recipe: LinesRecipe, tree: SettingsDict, slices: SliceReport, strength: float) -> Reweighting:
    """Corpora; entries that are recorded under one name share a factor."""
    parts = recipe.listed_components["corpus"]
    weights = [RecipeWeight(f"corpus.{i}", corpus_name(c), c.weight, c.weight) for i, c in enumerate(parts)]
    return _weighed("corpus", "corpus", slices, weights, strength, _entries(tree, "corpus", "weight"))


def reweight_effects(recipe: LinesRecipe, tree: SettingsDict, slices: SliceReport, strength: float) -> Reweighting:
    """Effects; the sum of their probabilities stays, so that pictures become no harder as a whole."""
    weights = [
        RecipeWeight(f"effects.{i}", c.use, c.weight, c.weight, max(MAX_PROBABILITY, c.weight))
        for i, c in enumerate(recipe.listed_components["effects"])
    ]
    return _weighed("effect", "effect", slices, weights, strength, _entries(tree, "effects", "probability"))


def reweight_ink_styles(recipe: LinesRecipe, tree: SettingsDict, slices: SliceReport, strength: float) -> Reweighting:
    """Ink styles."""
    weights = [RecipeWeight(c.use, c.use, c.weight, c.weight) for c in recipe.weighted_components["ink.styles"]]
    return _weighed("ink style", "style", slices, weights, strength, _named(tree["ink"]["styles"]))


def reweight_backgrounds(recipe: LinesRecipe, tree: SettingsDict, slices: SliceReport, strength: float) -> Reweighting:
    """Papers."""
    weights = [RecipeWeight(c.use, c.use, c.weight, c.weight) for c in recipe.weighted_components["background"]]
    return _weighed("paper", "paper", slices, weights, strength, _named(tree["background"]))


def _weighed(
    part: str,
    measure: str,
    slices: SliceReport,
    weights: list[RecipeWeight],
    strength: float,
    write: Callable[[str, float], None],
) -> Reweighting:
    found = reweight(part, slices.attributes.get(measure, ()), weights, strength)
    for key, value in found.after.items():
        write(key, value)
    return found


def _entries(tree: SettingsDict, key: str, share: str) -> Callable[[str, float], None]:
    def write(place: str, value: float) -> None:
        tree[key][int(place.rpartition(".")[2])][share] = value

    return write


def _named(parts: dict[str, Any]) -> Callable[[str, float], None]:
    def write(name: str, value: float) -> None:
        parts[name]["weight"] = value

    return write


_VARIATION = re.compile(r" \S{4}=-?[\d.e+-]+$")  # how `FontFile.name` tells the place on an axis


def reweight_fonts(recipe: LinesRecipe, tree: SettingsDict, slices: SliceReport, strength: float) -> Reweighting:
    """Faces of fonts; the places of a variable one count together. Written as `fonts.weights`."""
    options = recipe.settings.fonts
    fonts = find_fonts(replace(options, weights={})).fonts
    before = {font.name: w for font, w in zip(fonts, font_weights(fonts, options.weights), strict=True)}
    cuts = _faces(slices.attributes.get("font", ()), before)
    totals = {cut.name: cut.total for cut in cuts}
    weights = [RecipeWeight(name, name, value, totals.get(name, 0) if value else 0) for name, value in before.items()]
    found = reweight("font", cuts, weights, strength)
    if found.after:
        tree["fonts"]["weights"] = _written(fonts, {**before, **found.after})
    return found


def _faces(cuts: Iterable[ErrorSlice], known: Mapping[str, float]) -> list[ErrorSlice]:
    """The slices of faces, wherever on their axes they were drawn."""
    totals, wrong = Counter[str](), Counter[str]()
    for cut in cuts:
        name = cut.name
        while name not in known and (match := _VARIATION.search(name)):
            name = name[: match.start()]
        totals[name] += cut.total
        wrong[name] += cut.errors
    return [ErrorSlice(name, totals[name], wrong[name]) for name in totals]


def _written(fonts: Sequence[FontFile], weights: Mapping[str, float]) -> dict[str, float]:
    """What says these weights of faces: a name that is a family's as well would speak for all of its faces."""
    families = {font.family for font in fonts if font.name == font.family and weights[font.name] != 1}
    told = {font.name for font in fonts if weights[font.name] != 1 or font.family in families}
    return {name: weights[name] for name in sorted(told)}


_NAMED = 5  # names that a note tells


@dataclass(frozen=True)
class RebalanceResult:
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
    slices: SliceReport
    strength: float
    reweightings: tuple[Reweighting, ...]

    @property
    def changes(self) -> list[WeightChange]:
        """Every weight that was looked at, the largest rise first, the largest fall last."""
        found = [change for weighing in self.reweightings for change in weighing.changes]
        return sorted(found, key=lambda change: (-change.factor, change.part, change.name))

    def to_yaml(self) -> str:
        """The recipe as a file, which begins with where its weights come from."""
        lines = self.slices.lines
        told = (
            f"The recipe {self.base.name} with weights by what was misread in {self.slices.name}",
            f"({lines.errors:,} of {lines.total:,} lines), as {self.evaluation} tells; ocrmill rebalance made it.",
            "A weight was multiplied by the error rate of its lines over that of all, shrunk towards it where they are",
            f"few, to the power of {self.strength:g}, at most {MAX_FACTOR:g} times larger or smaller; then totals were "
            "restored.",
        )
        return "".join(f"# {' '.join(line.split())}\n" for line in told) + self.recipe.to_yaml()

    def notes(self) -> Iterator[str]:
        """What else is to be known, a line each."""
        for weighing in self.reweightings:
            if weighing.hopeless:
                cuts = [f"{cut.name} ({cut.errors:,} of {cut.total:,} misread)" for cut in weighing.hopeless]
                yield f"look at these, whose weights were left alone: {weighing.part} {_some(cuts)}"
            if weighing.unknown:
                yield f"not drawn by the recipe: {weighing.part} {_some(weighing.unknown)}"
        kept = sorted({path for stage in self.recipe.settings.get(CURRICULUM_KEY, ()) for path in stage["set"]})
        if kept:
            yield f"the stages of the curriculum keep what they set: {_some(kept)}"
        trees = self.base.settings, self.recipe.settings
        before, after = (float((tree.get("balance") or {}).get("share", 0)) for tree in trees)
        if before != after:
            yield f"coverage.share is {after:g} now, so that the weights of characters count"


def rebalance_recipe(
    evaluation: Path,
    recipe: str | None = None,
    *,
    strength: float = 0.5,
    overrides: Sequence[str] = (),
    source: str | None = None,
) -> RebalanceResult:
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
    check_fraction("strength", strength)
    slices = read_slices(evaluation, source)
    _check_rate(evaluation, slices)
    base = resolve_recipe(recipe if recipe is not None else str(_recipe_of(evaluation, slices)), overrides)
    if base.kind != "lines":
        raise InputError(f"recipe {base.name} draws {base.kind}: only recipes of lines can be weighed by lines")
    built = LinesRecipe.read(base.settings, Path.cwd(), f"recipe {base.name}")
    tree = copy.deepcopy(base.settings)
    weighings = [
        weigh(built, tree, slices, strength)
        for weigh in (reweight_corpora, reweight_fonts, reweight_effects, reweight_ink_styles, reweight_backgrounds)
    ]
    weighings += [reweight_lengths(tree, slices, strength), reweight_characters(built, tree, slices, strength)]
    new = ResolvedRecipe(base.name, Curriculum.read(LinesRecipe, tree, Path.cwd(), f"recipe {base.name}").to_dict())
    return RebalanceResult(base, new, evaluation, slices, strength, tuple(weighings))


def _check_rate(evaluation: Path, slices: SliceReport) -> None:
    """Refuse what no weights can be made of."""
    lines = slices.lines
    if not lines.errors:
        raise InputError(f"{evaluation}: not one line of {slices.name} was misread: there is nothing to weigh by")
    if wilson_interval(lines.errors, lines.total)[0] > UNLEARNABLE_ERROR_RATE:
        raise InputError(
            f"{evaluation}: {lines.errors:,} of {lines.total:,} lines of {slices.name} were misread: what a recognizer "
            "that reads nearly nothing finds hard tells nothing; train it longer"
        )


def _recipe_of(evaluation: Path, slices: SliceReport) -> Path:
    """The recipe of the data set that was evaluated."""
    if slices.path is None:
        raise InputError(f"{evaluation} does not tell where {slices.name} lies: name its recipe with --recipe")
    path = slices.path / RECIPE_FILE
    if not path.is_file():
        raise InputError(f"there is no {path}: name the recipe that is to be weighed with --recipe")
    return path


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
