"""One round of a fit to scenes: draw scenes of a recipe, measure them, and improve the recipe."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.config import SettingsDict, with_settings
from pipelines.domain_gap.distance import feature_matrix
from pipelines.domain_gap.features import FeatureTable
from pipelines.domain_gap.fit_round import DIGITS
from pipelines.domain_gap.fitted_scene_settings import (
    Mixture,
    SceneValue,
    Span,
    draw_scene_values,
    effective_values,
    find_scene_settings,
    value_changes,
)
from pipelines.domain_gap.fitted_settings import Setting
from pipelines.domain_gap.fitted_values import (
    Floats,
    active_lines,
    flatten_ratios,
    moment_changes,
    update_setting,
    with_prior,
)
from pipelines.domain_gap.instance_features import INSTANCE_FEATURES
from pipelines.domain_gap.moment_matching import moment_log_weights
from pipelines.domain_gap.scene_features import SCENE_FEATURES
from pipelines.domain_gap.scene_set import SceneSet, measure_scenes
from pipelines.recipes.recipe import ScenesRecipe
from synthtext.core import Level, Scene
from synthtext.core.randomness import BLOCK_SIZE
from synthtext.fonts import FaceCache
from synthtext.scenes.generator import SceneGenerator

_SCENES_OF_BLOCK = 16  # that are drawn; a block has its own fonts
_MAX_SIDE = 1600  # pixels of the longer side of drawn scenes


class SceneTables(NamedTuple):
    """Features of scenes and of their texts.

    Attributes:
        scenes: Values (N,) of each feature of scenes.
        texts: Values (M,) of each feature of texts.
        groups: (M,) int64, the scene of each text.
    """

    scenes: FeatureTable
    texts: FeatureTable
    groups: NDArray[np.int64]

    @classmethod
    def of(cls, measured: SceneSet) -> "SceneTables":
        """Return the rounded features of a set."""
        return cls(_rounded(measured.features), _rounded(measured.instances.features), measured.instances.scenes)

    def select(self, rows: Sequence[int]) -> "SceneTables":
        """Return some scenes, with ascending rows, and their texts."""
        chosen = np.array(rows, np.int64)
        own = np.isin(self.groups, chosen)
        scenes = {name: values[chosen] for name, values in self.scenes.items()}
        texts = {name: values[own] for name, values in self.texts.items()}
        return SceneTables(scenes, texts, np.searchsorted(chosen, self.groups[own]))

    def vectors(self) -> Floats:
        """Return a vector (N, D) for each scene: its features, and the means of those of its texts."""
        scenes = feature_matrix(self.scenes, SCENE_FEATURES)
        texts = feature_matrix(self.texts, INSTANCE_FEATURES)
        known = np.isfinite(texts)
        sums, counts = np.zeros((2, len(scenes), texts.shape[1]))
        np.add.at(sums, self.groups, np.where(known, texts, 0.0))
        np.add.at(counts, self.groups, known)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        return np.concatenate([scenes, means], axis=1)


def _rounded(table: FeatureTable) -> FeatureTable:
    return {name: np.round(values, DIGITS) for name, values in table.items()}


class SceneWorkspace:
    """What all rounds share: the fonts, and the recipe before the fit.

    Args:
        base: The recipe before the fit.
        count: Number of scenes that a round draws, twice: of the recipe, and with explored settings.
        level: Of the texts.
    """

    def __init__(self, base: ScenesRecipe, count: int, level: Level = "word") -> None:
        self.count, self.level, self.cache, self.inventory = count, level, FaceCache(), base.inventory()
        self.base_settings = find_scene_settings(base)

    def generator(self, recipe: ScenesRecipe, seed: int) -> SceneGenerator:
        """Return a generator of the scenes of a recipe."""
        generator = recipe.generator(self.inventory, seed, "", self.cache)
        assert isinstance(generator, SceneGenerator)
        return generator

    def draw(self, recipe: ScenesRecipe, seed: int) -> SceneTables:
        """Draw and measure scenes of a recipe; those that cannot be drawn are left out."""
        items = self.generator(recipe, seed).generate_many(self._indices())
        scenes = (item for item in items if isinstance(item, Scene))
        return SceneTables.of(measure_scenes(scenes, recipe.settings.output.format, "the recipe", self.level))

    def explore(self, settings: SettingsDict, seed: int) -> tuple[SceneTables, list[dict[str, SceneValue]]]:
        """Draw and measure scenes, each with its own settings; return those that had an effect, too."""
        recipe = ScenesRecipe.read(settings, Path.cwd(), "the recipe")
        adjustable, generator = find_scene_settings(recipe), self.generator(recipe, seed)
        scenes: list[Scene] = []
        drawn: list[dict[str, SceneValue]] = []
        for index in self._indices():
            values = draw_scene_values(adjustable, np.random.default_rng([seed, index]))
            changes: dict[str, Any] = {}
            for path, value in values.items():
                changes |= value_changes(adjustable[path], value)
            own = ScenesRecipe.read(with_settings(settings, changes), Path.cwd(), "the explored recipe")
            scene = generator.generate_with(index, own.design(self.inventory))
            if isinstance(scene, Scene):
                scenes.append(scene)
                drawn.append(effective_values(adjustable, values))
        measured = measure_scenes(scenes, recipe.settings.output.format, "the explored recipe", self.level)
        return SceneTables.of(measured), drawn

    def _indices(self) -> list[int]:
        blocks = (divmod(number, _SCENES_OF_BLOCK) for number in range(self.count))
        return [block * BLOCK_SIZE + position for block, position in blocks]


def improve_scenes(workspace: SceneWorkspace, settings: SettingsDict, real: SceneTables, seed: int) -> SettingsDict:
    """Return the settings of a recipe after a step towards real scenes.

    Args:
        workspace: Of the fit.
        settings: The present recipe, complete.
        real: The real scenes that may be used.
        seed: Of the explored scenes.
    """
    explored, values = workspace.explore(settings, seed)
    present = find_scene_settings(ScenesRecipe.read(settings, Path.cwd(), "the recipe"))
    logarithms = moment_log_weights(present, values, explored.vectors(), real.vectors())
    weights = flatten_ratios(np.exp(logarithms))
    count = len(next(iter(real.scenes.values())))
    changes: dict[str, Any] = {}
    for path, setting in present.items():
        base = workspace.base_settings.get(path, setting)
        active: NDArray[np.bool_] = np.array([path in own for own in values])
        own = [found[path] for found in values if path in found]
        changes |= _updated(setting, base, own, weights[active], active_lines(count, weights, active)).changes()
    return with_settings(settings, changes)


def _updated(setting: Setting, base: Setting, values: Sequence[Any], weights: Floats, scenes: float) -> Setting:
    """Return a setting after the step; `values` are those of explored scenes with these weights."""
    if len(values) < 2:
        return setting
    if isinstance(setting, Mixture) and isinstance(base, Mixture):
        return _update_mixture(setting, base, np.array(values, np.float64), weights, scenes)
    if isinstance(setting, Span) and isinstance(base, Span):
        return _update_span(setting, base, np.array(values, np.float64), weights, scenes)
    return update_setting(setting, base, values, weights, scenes)


def _update_span(now: Span, base: Span, drawn: Floats, weights: Floats, scenes: float) -> Span:
    """Move both ends (N, 2) by the change of their weighted means."""
    changes = _mean_changes(drawn, weights)
    pairs = zip(now.ends, changes, base.ends, strict=True)
    return now.with_ends([with_prior(end + change, before, scenes) for end, change, before in pairs])


def _update_mixture(now: Mixture, base: Mixture, drawn: Floats, weights: Floats, scenes: float) -> Mixture:
    """Multiply the weights by the geometric means of their factors, whose logarithms are (N, K)."""
    moved = now.with_factors(_mean_changes(drawn, weights))
    shrunk = {name: with_prior(share, base.weights[name], scenes) for name, share in moved.weights.items()}
    return replace(now, weights=shrunk)


def _mean_changes(values: Floats, weights: Floats) -> list[float]:
    prior = np.ones(len(values))
    return [moment_changes(column, weights, prior)[0] for column in values.T]


def size_changes(real: FeatureTable) -> Mapping[str, Any]:
    """Return the ranges of the output sizes: the 10th to 90th percentile of the real images, at most 1600 pixels."""
    side, aspect = real["side"], real["aspect"]
    ranges = {}
    for name, pixels in (("width_range", side * np.maximum(aspect, 1)), ("height_range", side / np.minimum(aspect, 1))):
        longest = float(np.percentile(side * np.maximum(aspect, 1 / aspect), 90))
        ends = np.percentile(pixels, (10, 90)) * min(_MAX_SIDE / longest, 1.0)
        ranges[f"output.{name}"] = [round(float(end)) for end in ends]
    return ranges
