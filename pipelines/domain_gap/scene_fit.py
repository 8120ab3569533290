"""Fit of a recipe to real scenes, by what a detector sees."""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from pipelines.config import SettingsDict, with_settings
from pipelines.domain_gap.distance import distances, feature_matrix
from pipelines.domain_gap.features import Feature, FeatureTable
from pipelines.domain_gap.fit import (
    MIN_LINES,
    check_fit,
    fingerprint,
    finish_rounds,
    mean_distance,
    split_rows,
    state_folder,
)
from pipelines.domain_gap.fit_result import FitResult, best_round
from pipelines.domain_gap.fit_round import DIGITS
from pipelines.domain_gap.fit_store import FitSettings, Round, RoundStore
from pipelines.domain_gap.instance_features import INSTANCE_FEATURES
from pipelines.domain_gap.scene_features import SCENE_FEATURES
from pipelines.domain_gap.scene_fit_round import SceneTables, SceneWorkspace, improve_scenes, size_changes
from pipelines.domain_gap.scene_set import SceneSet
from pipelines.domain_gap.two_sample import two_sample_auc
from pipelines.recipes.recipe import ScenesRecipe
from pipelines.recipes.resolve import ResolvedRecipe
from synthtext.core import InputError


def fit_scene_recipe(
    real: SceneSet,
    base: ResolvedRecipe,
    out: Path,
    settings: FitSettings,
    advance: Callable[[int], None] = lambda _: None,
) -> FitResult:
    """Change the settings of a recipe of scenes such that its scenes resemble real ones.

    Arguments, rounds and exceptions are those of `fit_recipe`. Only scenes with legible texts
    count. The first round also sets the sizes of the images. Texts and fonts are not changed. Distances are means over
    the features of texts and of scenes; the AUC is that on texts.
    """
    check_fit(real, base)
    fitted, held_out = _split(real, settings)
    store = RoundStore(state_folder(out), fingerprint(real, base, settings))
    rounds = store.read()
    resumed = len(rounds)
    advance(resumed)
    fit = _SceneFit(ScenesRecipe.read(base.settings, Path.cwd(), f"recipe {base.name}"), real, settings)
    finish_rounds(store, rounds, settings.rounds + 1, base, fit.run, advance)
    new = ResolvedRecipe(base.name, best_round(rounds).settings)
    return FitResult(base, new, tuple(rounds), real.name, tuple(fitted), tuple(held_out), (), 0, resumed)


def _split(real: SceneSet, settings: FitSettings) -> tuple[list[int], list[int]]:
    """Return the rows of the scenes with legible texts that may be used, and of those that are held out."""
    rows = np.unique(real.instances.scenes)
    if len(rows) < MIN_LINES:
        raise InputError(
            f"{real.name} has {len(rows)} scenes with legible texts, too few to fit: give {MIN_LINES} or more"
        )
    fitted, held_out = split_rows(len(rows), settings)
    return rows[fitted].tolist(), rows[held_out].tolist()


class _SceneFit:
    """Runs the rounds of a fit."""

    def __init__(self, recipe: ScenesRecipe, real: SceneSet, settings: FitSettings) -> None:
        self._recipe, self._settings = recipe, settings
        tables = SceneTables.of(real)
        self._fitted, self._held_out = (tables.select(rows) for rows in _split(real, settings))

    @cached_property
    def _workspace(self) -> SceneWorkspace:
        return SceneWorkspace(self._recipe, self._settings.lines, self._settings.level)

    def run(self, number: int, settings: SettingsDict, *, is_last: bool) -> Round:
        """Draw and measure the recipe of a round, and improve it."""
        recipe = ScenesRecipe.read(settings, Path.cwd(), f"the recipe of round {number}")
        drawing, exploring, folding = np.random.SeedSequence([self._settings.seed, number]).generate_state(3).tolist()
        drawn = self._workspace.draw(recipe, drawing)
        following = None
        if not is_last:
            following = improve_scenes(self._workspace, settings, self._fitted, exploring)
            if number == 0:
                following = with_settings(following, size_changes(self._fitted.scenes))
        to_held_out = _distances(self._held_out, drawn)
        matrices = [feature_matrix(tables.texts, INSTANCE_FEATURES) for tables in (self._held_out, drawn)]
        groups = self._held_out.groups, drawn.groups
        return Round(
            number=number,
            settings=settings,
            distance=mean_distance(_distances(self._fitted, drawn)),
            held_out=mean_distance(to_held_out),
            auc=round(two_sample_auc(matrices[0], matrices[1], folding, groups).auc, DIGITS),
            features=to_held_out,
            next_settings=following,
        )


def _distances(real: SceneTables, drawn: SceneTables) -> dict[str, float]:
    """Return the distances of all features that settings change, by names that say what they are measured on."""
    tables: list[tuple[str, FeatureTable, FeatureTable, Sequence[Feature]]] = [
        ("texts", real.texts, drawn.texts, INSTANCE_FEATURES),
        ("scenes", real.scenes, drawn.scenes, SCENE_FEATURES),
    ]
    return {
        f"{subject}: {entry.name}": round(entry.distance, DIGITS)
        for subject, first, second, features in tables
        for entry in distances(first, second, [feature for feature in features if feature.classified])
    }
