"""One round of a fit: draw lines of a recipe, measure their distance to real ones, and improve the recipe."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.config import SettingsDict, with_settings
from pipelines.datasets.image import decode_image
from pipelines.domain_gap.density_ratio import DensityRatio
from pipelines.domain_gap.distance import feature_matrix
from pipelines.domain_gap.exploration import ExploredLine, Explorer, spread_indices
from pipelines.domain_gap.features import FeatureTable, line_features
from pipelines.domain_gap.fitted_settings import (
    EXPLORED_SHARE,
    find_settings,
    rounded,
)
from pipelines.domain_gap.fitted_values import (
    Floats,
    active_lines,
    flatten_ratios,
    update_setting,
    value_ratio,
)
from pipelines.domain_gap.font_fit import FontWeights, update_fonts
from pipelines.domain_gap.moment_matching import moment_log_weights
from pipelines.domain_gap.text_features import text_features
from pipelines.domain_gap.text_fit import LENGTHS, length_class
from pipelines.io.encode import encode_image
from pipelines.recipes.recipe import LinesRecipe
from synthtext import LineGenerator
from synthtext.core import Image, Sample
from synthtext.fonts import FaceCache, FontInventory

DIGITS = 5
"""Decimals of features and distances: sums differ in later ones between runs, by the alignment of arrays in memory."""

_MIN_RATIO = 1e-12
_MIN_FACTOR, _MAX_FACTOR = 0.04, 5.0  # of a length


def stored_image(sample: Sample, image_format: Any) -> Image:
    """Return the image of a sample as a dataset stores it: with the artifacts of its compression."""
    return decode_image(encode_image(sample, image_format), sample.key)


class Workspace:
    """What all rounds share: the fonts, and the recipe before the fit.

    Args:
        base: The recipe before the fit.
        lines: Number of lines that a round draws, twice: of the recipe, and with explored settings.
    """

    def __init__(self, base: LinesRecipe, lines: int) -> None:
        self.base, self.lines, self.cache = base, lines, FaceCache()
        self.inventory: FontInventory = base.inventory()
        self.base_settings = find_settings(base)
        self.fonts = FontWeights(self.inventory, base.settings.fonts.weights, self.cache)

    def draw(self, recipe: LinesRecipe, seed: int, count: int | None = None) -> list[Sample]:
        """Draw samples of a recipe; those that cannot be drawn are left out."""
        generator = recipe.generator(self.inventory, seed, "", self.cache)
        items = generator.generate_many(list(spread_indices(count or self.lines)))
        return [item for item in items if isinstance(item, Sample)]

    def measure(self, recipe: LinesRecipe, samples: Sequence[Sample]) -> FeatureTable:
        """Measure the features of drawn lines, as they would be stored, and of their texts."""
        image_format = recipe.settings.output.format
        features = line_features([stored_image(sample, image_format) for sample in samples])
        features |= text_features([sample.text for sample in samples], features["aspect"])
        return {name: np.round(values, DIGITS) for name, values in features.items()}


def improve(
    workspace: Workspace,
    settings: SettingsDict,
    real: FeatureTable,
    drawn: FeatureTable,
    seeds: Sequence[int],
    *,
    lengths: bool,
) -> SettingsDict:
    """Return the settings of a recipe after a step towards real lines.

    Args:
        workspace: Of the fit.
        settings: The present recipe, complete.
        real: FeatureTable of the real lines that may be used.
        drawn: FeatureTable of lines of the recipe.
        seeds: Three seeds: of the folds, of the explored lines and of their settings.
        lengths: Whether to change `layout.length_weights`, too.
    """
    recipe = LinesRecipe.read(settings, Path.cwd(), "the recipe")
    ratio = DensityRatio(feature_matrix(real), feature_matrix(drawn), seeds[0])
    explored = _explore(workspace, recipe, settings, seeds)
    image_format = recipe.settings.output.format
    features = line_features([stored_image(line.sample, image_format) for line in explored])
    features = {name: np.round(values, DIGITS) for name, values in features.items()}
    weights = _weights(recipe, real, explored, feature_matrix(features), ratio)
    count = len(next(iter(real.values())))
    changes: dict[str, Any] = {}
    for path, setting in find_settings(recipe).items():
        base = workspace.base_settings.get(path, setting)
        active: NDArray[np.bool_] = np.array([path in line.values for line in explored])
        values = [line.values[path] for line in explored if path in line.values]
        share = active_lines(count, weights, active)
        changes |= update_setting(setting, base, values, weights[active], share).changes()
    changes["fonts.weights"] = _updated_fonts(workspace, recipe, explored, weights, count)
    if lengths:
        changes["layout.length_weights"] = _updated_lengths(recipe, explored, weights)
    return with_settings(settings, changes)


def _weights(
    recipe: LinesRecipe, real: FeatureTable, explored: Sequence[ExploredLine], vectors: Floats, ratio: DensityRatio
) -> Floats:
    """Return weights of explored lines, (N,), with which they resemble real ones.

    They are density ratios times the weights of the method of moments: density ratios prefer the lines that look real,
    and moments tell the direction where none does.
    """
    values = [line.values for line in explored]
    logarithms = np.log(np.maximum(ratio(vectors), _MIN_RATIO))
    logarithms += moment_log_weights(find_settings(recipe), values, vectors, feature_matrix(real))
    return flatten_ratios(np.exp(logarithms - logarithms.max()))


def _explore(
    workspace: Workspace, recipe: LinesRecipe, settings: SettingsDict, seeds: Sequence[int]
) -> list[ExploredLine]:
    """Draw lines with explored settings and fonts."""
    now = FontWeights.values_of(workspace.inventory, recipe.settings.fonts.weights)
    flat = workspace.fonts.explored(now, EXPLORED_SHARE)
    settings = with_settings(settings, {"fonts.weights": workspace.fonts.minimal(flat)})
    explored = LinesRecipe.read(settings, Path.cwd(), "the explored recipe")
    generator = LineGenerator(explored.design(workspace.inventory), seeds[1], "", workspace.cache)
    return list(Explorer(recipe, find_settings(recipe), generator, seeds[2]).draw(workspace.lines))


def _updated_fonts(
    workspace: Workspace, recipe: LinesRecipe, explored: Sequence[ExploredLine], weights: Floats, lines: int
) -> dict[str, float]:
    fonts = workspace.fonts
    now = FontWeights.values_of(workspace.inventory, recipe.settings.fonts.weights)
    names = [line.font for line in explored]
    return fonts.minimal(update_fonts(now, fonts.values, fonts.traits, names, weights, lines))


def _updated_lengths(recipe: LinesRecipe, explored: Sequence[ExploredLine], weights: Floats) -> Mapping[str, float]:
    """Return factors of the classes of lengths; the present ones if the recipe has other classes."""
    now = dict(recipe.settings.layout.length_weights)
    keys = [f"{low}-{high}" for low, high in LENGTHS]
    if not now.keys() <= set(keys):
        return now
    classes = np.array([length_class(line.sample.text) for line in explored])
    factors = {}
    for i, key in enumerate(keys):
        factor = now.get(key, 1.0) * value_ratio(weights, classes == i)
        if (factor := rounded(min(max(factor, _MIN_FACTOR), _MAX_FACTOR))) != 1.0:
            factors[key] = factor
    return factors
