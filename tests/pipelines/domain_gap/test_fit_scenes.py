"""Fits of recipes to scenes: values of settings for single scenes, and planted differences that a fit recovers."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from pipelines.config import with_settings
from pipelines.domain_gap.fit_result import describe_changes
from pipelines.domain_gap.fit_store import FitSettings
from pipelines.domain_gap.fitted_scene_settings import (
    Mixture,
    Span,
    draw_scene_values,
    effective_values,
    find_scene_settings,
    value_changes,
)
from pipelines.domain_gap.fitted_settings import Choice, Probability, ValueRange
from pipelines.domain_gap.moment_matching import moment_log_weights
from pipelines.domain_gap.scene_fit import fit_scene_recipe
from pipelines.domain_gap.scene_fit_round import SceneTables, SceneWorkspace, improve_scenes, size_changes
from pipelines.domain_gap.scene_set import draw_scenes
from pipelines.recipes.recipe import ScenesRecipe
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from pipelines.reports.fit_page import FitExamples, fit_page
from synthtext.core import InputError, Scene

SMALL = (
    *("fonts.system=false", "fonts.pool=4", "corpus=[{use: number}]", "baselines={straight: 1}"),
    *("background={plain: {weight: 1, lightness_range: [0, 255]}, gradient: 1}", "layouts={photo: 1}"),
    *("effects=[{use: blur, probability: 0.4, strength_range: [0.002, 0.02]}]", "clutter.distractors_range=[0, 0]"),
    *("output.width_range=[320, 320]", "output.height_range=[240, 240]", "layouts.photo.turned_probability=0"),
    *("fonts.size_range=[12, 40]", "layouts.photo.count_range=[2, 9]", "layouts.photo.several_probability=0.3"),
)
PLANTED = (
    "fonts.size_range=[28, 40]",
    "effects.0.probability=0",
    "background.plain.lightness_range=[0, 40]",
    "background.gradient.weight=0",
)


def read(base: ResolvedRecipe) -> ScenesRecipe:
    return ScenesRecipe.read(base.settings, Path.cwd(), "the recipe")


@pytest.fixture(scope="module")
def base() -> ResolvedRecipe:
    return resolve_recipe("scenes", SMALL)


def test_settings_of_a_scene_and_of_its_texts_are_told_apart(base: ResolvedRecipe) -> None:
    found = find_scene_settings(read(base))
    kinds = {
        "background": Choice,
        "ink.styles": Mixture,
        "effects.0.probability": Probability,
        "effects.0.strength_range": ValueRange,
        "layouts.photo.count_range": ValueRange,
        "layouts.photo.degrees_range": Span,
        "fonts.size_range": Span,
    }
    assert {path: type(found[path]) for path in kinds} == kinds
    assert "layouts.photo.turned_probability" not in found
    assert "output.width_range" not in found


def test_values_of_scenes_are_valid_recipes_around_the_present_one(base: ResolvedRecipe) -> None:
    found, rng = find_scene_settings(read(base)), np.random.default_rng(0)
    sizes = []
    for _ in range(30):
        values = draw_scene_values(found, rng)
        changes = {k: v for path, value in values.items() for k, v in value_changes(found[path], value).items()}
        recipe = ScenesRecipe.read(with_settings(base.settings, changes), Path.cwd(), "a scene")
        sizes.append(recipe.settings.fonts.size_range)
        used = [c.use for c in recipe.weighted_components["background"] if c.weight]
        assert used == [values["background"]]
        effective = effective_values(found, values)
        assert ("effects.0.strength_range" in effective) == values["effects.0.probability"]
        assert ("background.plain.lightness_range" in effective) == (values["background"] == "plain")
    assert np.log(sizes).mean(axis=0) == pytest.approx(np.log([12, 40]), abs=0.2)
    assert np.std(sizes, axis=0).min() > 1


def test_a_span_and_a_mixture_stay_valid() -> None:
    span = Span("a", 10, 40, (5, 60), log=True)
    assert span.with_ends(span.ends).low == pytest.approx(10)
    assert (span.with_ends([9, 0]).low, span.with_ends([9, 0]).high) == (5, 60)
    mixture = Mixture("a", {"x": 0.75, "y": 0.25, "z": 0.0}, 4)
    doubled = mixture.with_factors([0, np.log(3), 5])
    assert dict(doubled.weights) == pytest.approx({"x": 0.5, "y": 0.5, "z": 0})
    assert doubled.changes() == {"a.x.weight": 2, "a.y.weight": 2, "a.z.weight": 0}


def test_an_unchanged_design_generates_the_same_scene(base: ResolvedRecipe) -> None:
    recipe = read(base)
    workspace = SceneWorkspace(recipe, 20)
    generator = workspace.generator(recipe, 3)
    first, second = generator.generate(2), generator.generate_with(2, recipe.design(workspace.inventory))
    assert isinstance(first, Scene)
    assert isinstance(second, Scene)
    np.testing.assert_array_equal(first.image, second.image)


def test_weights_move_the_settings_that_cause_the_differences(base: ResolvedRecipe) -> None:
    found, rng = find_scene_settings(read(base)), np.random.default_rng(1)
    values = [effective_values(found, draw_scene_values(found, rng)) for _ in range(150)]
    applied = np.array([float(own["effects.0.probability"]) for own in values])
    counts = np.array([float(own["layouts.photo.count_range"]) for own in values])  # type: ignore[arg-type]
    noise = rng.normal(0, 1, (150, 3))
    explored = np.stack([3 * applied, counts / 2, np.zeros(150)], axis=1) + noise
    real = np.stack([np.zeros(40), np.full(40, 9.0), np.full(40, np.nan)], axis=1) + rng.normal(0, 1, (40, 3))
    weights = np.exp(moment_log_weights(found, values, explored, real))
    assert np.average(applied, weights=weights) < 0.75 * applied.mean()
    assert np.average(counts, weights=weights) > counts.mean() + 0.5 * counts.std()
    like_explored = explored[rng.integers(150, size=80)]
    unrelated = moment_log_weights(found, values, explored, like_explored)
    assert unrelated.std() < 0.5


def test_vectors_of_scenes_have_the_means_of_their_texts(base: ResolvedRecipe) -> None:
    tables = SceneTables.of(draw_scenes("scenes", 6, 0, SMALL))
    chosen = tables.select([1, 3, 5])
    assert set(chosen.groups) == {0, 1, 2}
    np.testing.assert_array_equal(chosen.vectors(), tables.vectors()[[1, 3, 5]])
    heights = chosen.texts["height"][chosen.groups == 1]
    assert np.isclose(chosen.vectors()[1], np.log2(heights).mean()).any()


def test_sizes_of_images_are_those_of_real_ones() -> None:
    portrait = {"side": np.full(20, 600.0), "aspect": np.full(20, 0.75)}
    assert size_changes(portrait) == {"output.width_range": [600, 600], "output.height_range": [800, 800]}
    large = {"side": np.full(20, 3000.0), "aspect": np.full(20, 2.0)}
    assert size_changes(large) == {"output.width_range": [1600, 1600], "output.height_range": [800, 800]}


@pytest.mark.slow
def test_a_step_moves_towards_planted_settings(base: ResolvedRecipe) -> None:
    real = SceneTables.of(draw_scenes("scenes", 30, 5, (*SMALL, *PLANTED)))
    workspace = SceneWorkspace(read(base), 40)
    new = improve_scenes(workspace, base.settings, real, 10)
    assert new["effects"][0]["probability"] < 0.33
    assert new["background"]["plain"]["weight"] > 1.05 > 0.95 > new["background"]["gradient"]["weight"]
    assert sum(new["background"]["plain"]["lightness_range"]) < 245
    assert new["corpus"] == base.settings["corpus"]


@pytest.mark.slow
def test_a_fit_is_stored_and_resumed(tmp_path: Path) -> None:
    few = (*SMALL, "layouts.photo.count_range=[2, 4]", "fonts.size_range=[20, 40]")
    base = resolve_recipe("scenes", few)
    real, out = draw_scenes("scenes", 24, 5, few), tmp_path / "fitted.yaml"
    settings = FitSettings(rounds=1, lines=20)
    result = fit_scene_recipe(real, base, out, settings)
    legible = set(real.instances.scenes.tolist())
    assert {*result.fitted, *result.held_out} == legible
    assert (len(result.held_out), len(result.rounds)) == (10, 2)
    assert {name.split(":")[0] for name in result.best.features} == {"texts", "scenes"}
    written = yaml.safe_load(result.to_yaml(describe_changes(result)))
    assert written["kind"] == "scenes"
    again = fit_scene_recipe(real, base, out, settings)
    assert (again.resumed, again.recipe.settings) == (2, result.recipe.settings)
    examples = FitExamples(real.images[:2], [], [])
    assert "Settings: layouts" in fit_page(result, describe_changes(result), examples)
    with pytest.raises(InputError, match="holds scenes, and recipe digits generates lines"):
        fit_scene_recipe(real, resolve_recipe("digits"), out, settings)
