"""Rebalancing of a recipe: components whose lines a recognizer misreads more often get larger weights."""

import copy
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import getitem
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
from pipelines.recipes.components import corpus_name
from pipelines.recipes.curriculum import Curriculum
from pipelines.recipes.recipe import CURRICULUM_KEY, LinesRecipe
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from synthtext.core import InputError, check_fraction
from synthtext.fonts import FontFile, find_fonts
from synthtext.fonts.pool import font_weights

MAX_PROBABILITY = 0.95
"""Maximum probability of an effect, unless the recipe has a higher one: some lines must remain without it."""

_COMPONENTS = (  # part, attribute of the slices, path in the recipe, and key of the weight
    ("corpus", "corpus", "corpus", "weight"),
    ("effect", "effect", "effects", "probability"),
    ("ink style", "ink_style", "ink.styles", "weight"),
    ("background", "background", "background", "weight"),
)


def reweight_components(
    recipe: LinesRecipe, settings: SettingsDict, slices: SliceReport, strength: float
) -> Iterator[Reweighting]:
    """Change the weights of corpora, ink styles and backgrounds, and the probabilities of effects.

    Corpora with the same recorded name share a factor. The sum of the probabilities is preserved, so that the lines
    become no harder overall.
    """
    for part, attribute, path, share in _COMPONENTS:
        components = {**recipe.listed_components, **recipe.weighted_components}[path]
        written: Any = reduce(getitem, path.split("."), settings)
        entries: dict[str, dict[str, Any]] = {}
        weights = []
        for i, c in enumerate(components):
            name = corpus_name(c) if path == "corpus" else c.use
            limit = max(MAX_PROBABILITY, c.weight) if share == "probability" else math.inf
            entries[f"{path}.{i}"] = written[i] if isinstance(written, list) else written[c.use]
            weights.append(RecipeWeight(f"{path}.{i}", name, c.weight, c.weight, limit))
        result = reweight(part, slices.attributes.get(attribute, ()), weights, strength)
        for key, value in result.after.items():
            entries[key][share] = value
        yield result


_AXIS_VALUE = re.compile(r" \S{4}=-?[\d.e+-]+$")  # as in the names of instances of a variable font


def reweight_fonts(recipe: LinesRecipe, settings: SettingsDict, slices: SliceReport, strength: float) -> Reweighting:
    """Change `fonts.weights` of the faces; the instances of a variable font count together."""
    options = recipe.settings.fonts
    fonts = find_fonts(replace(options, weights={})).fonts
    before = {font.name: w for font, w in zip(fonts, font_weights(fonts, options.weights), strict=True)}
    faces = _merge_instances(slices.attributes.get("font", ()), before)
    totals = {face.name: face.total for face in faces}
    weights = [RecipeWeight(name, name, value, totals.get(name, 0) if value else 0) for name, value in before.items()]
    result = reweight("font", faces, weights, strength)
    if result.after:
        settings["fonts"]["weights"] = _minimal_weights(fonts, {**before, **result.after})
    return result


def _merge_instances(slices: Iterable[ErrorSlice], known: Mapping[str, float]) -> list[ErrorSlice]:
    """Merge the slices of the instances of each variable font."""
    totals, errors = Counter[str](), Counter[str]()
    for entry in slices:
        name = entry.name
        while name not in known and (match := _AXIS_VALUE.search(name)):
            name = name[: match.start()]
        totals[name] += entry.total
        errors[name] += entry.errors
    return [ErrorSlice(name, totals[name], errors[name]) for name in totals]


def _minimal_weights(fonts: Sequence[FontFile], weights: Mapping[str, float]) -> dict[str, float]:
    """The entries of `fonts.weights` that are necessary; a face named like its family would set all of its faces."""
    families = {font.family for font in fonts if font.name == font.family and weights[font.name] != 1}
    names = {font.name for font in fonts if weights[font.name] != 1 or font.family in families}
    return {name: weights[name] for name in sorted(names)}


_MAX_NAMES = 5  # in a note


@dataclass(frozen=True)
class RebalanceResult:
    """A recipe before (`base`) and after, and what its new weights come from; see `rebalance_recipe`."""

    base: ResolvedRecipe
    recipe: ResolvedRecipe
    evaluation: Path
    slices: SliceReport
    strength: float
    reweightings: tuple[Reweighting, ...]

    @property
    def changes(self) -> list[WeightChange]:
        """All considered weights, from the largest increase to the largest decrease."""
        changes = [change for reweighting in self.reweightings for change in reweighting.changes]
        return sorted(changes, key=lambda change: (-change.factor, change.part, change.name))

    def to_yaml(self) -> str:
        """Return the recipe as YAML; comments at the top describe where its weights come from."""
        lines = self.slices.lines
        comments = (
            f"Written by ocrmill rebalance: the recipe {self.base.name} with weights from the errors in",
            f"{self.slices.name} ({lines.errors:,} of {lines.total:,} lines misread), see {self.evaluation}.",
            "Each weight was multiplied by the relative error rate of its lines (shrunk towards 1 if they are few)",
            f"to the power of {self.strength:g}, at most {MAX_FACTOR:g} in either direction; then totals are restored.",
        )
        return "".join(f"# {' '.join(line.split())}\n" for line in comments) + self.recipe.to_yaml()

    def notes(self) -> Iterator[str]:
        """Yield one line of text about each thing that the user should know."""
        for reweighting in self.reweightings:
            if reweighting.unlearnable:
                names = [f"{s.name} ({s.errors:,} of {s.total:,} misread)" for s in reweighting.unlearnable]
                yield f"weights left unchanged, check these: {reweighting.part} {_some(names)}"
            if reweighting.unknown:
                yield f"not in the recipe: {reweighting.part} {_some(reweighting.unknown)}"
        fixed = sorted({path for stage in self.recipe.settings.get(CURRICULUM_KEY, ()) for path in stage["set"]})
        if fixed:
            yield f"the stages of the curriculum still set: {_some(fixed)}"
        recipes = self.base.settings, self.recipe.settings
        before, after = (float((settings.get("coverage") or {}).get("share", 0)) for settings in recipes)
        if before != after:
            yield f"coverage.share is now {after:g}, which makes the weights of characters effective"


def rebalance_recipe(
    evaluation: Path,
    recipe: str | None = None,
    *,
    strength: float = 0.5,
    overrides: Sequence[str] = (),
    source: str | None = None,
) -> RebalanceResult:
    """Change the weights of a recipe of lines, so that it generates more of what a recognizer misreads.

    Corpora, fonts, effects, ink styles, backgrounds, lengths and characters are reweighted separately, as
    `compute_factors` describes. The total of the weights of each is preserved, as is the sum of the probabilities of
    the effects.

    Args:
        evaluation: file that `ocrmill evaluate --slices` wrote.
        recipe: a preset's name or a file; None: the `recipe.yaml` of the evaluated dataset.
        strength: 0 (no change) to 1 (weights proportional to the error rates).
        overrides: settings of the recipe, `key.sub=value`, applied first.
        source: of the evaluation, if there are several.

    Raises:
        InputError: the evaluation or the recipe cannot be used.
    """
    check_fraction("strength", strength)
    slices = read_slices(evaluation, source)
    _check_error_rate(evaluation, slices)
    base = resolve_recipe(recipe if recipe is not None else str(_recipe_path(evaluation, slices)), overrides)
    if base.kind != "lines":
        raise InputError(f"recipe {base.name} generates {base.kind}: only recipes of lines can be rebalanced")
    where = f"recipe {base.name}"
    lines_recipe = LinesRecipe.read(base.settings, Path.cwd(), where)
    settings = copy.deepcopy(base.settings)
    reweightings = (
        *reweight_components(lines_recipe, settings, slices, strength),
        reweight_fonts(lines_recipe, settings, slices, strength),
        reweight_lengths(settings, slices, strength),
        reweight_characters(lines_recipe, settings, slices, strength),
    )
    new = ResolvedRecipe(base.name, Curriculum.read(LinesRecipe, settings, Path.cwd(), where).to_dict())
    return RebalanceResult(base, new, evaluation, slices, strength, reweightings)


def _check_error_rate(evaluation: Path, slices: SliceReport) -> None:
    lines = slices.lines
    if not lines.errors:
        raise InputError(f"{evaluation}: all lines of {slices.name} were read correctly: there is nothing to rebalance")
    if wilson_interval(lines.errors, lines.total)[0] > UNLEARNABLE_ERROR_RATE:
        raise InputError(
            f"{evaluation}: {lines.errors:,} of {lines.total:,} lines of {slices.name} were misread, too many to tell "
            "hard lines from easy ones; train the recognizer longer"
        )


def _recipe_path(evaluation: Path, slices: SliceReport) -> Path:
    """The recipe of the evaluated dataset."""
    if slices.path is None:
        raise InputError(f"{evaluation} does not contain the path of {slices.name}: name its recipe with --recipe")
    path = slices.path / RECIPE_FILE
    if not path.is_file():
        raise InputError(f"there is no {path}: name the recipe to rebalance with --recipe")
    return path


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_NAMES:,} more" if len(names) > _MAX_NAMES else ""
    return ", ".join(names[:_MAX_NAMES]) + more
