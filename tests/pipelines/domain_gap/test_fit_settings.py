"""Adjustable settings, lines with known settings, and the new settings that density ratios give."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from pipelines.domain_gap.density_ratio import DensityRatio
from pipelines.domain_gap.exploration import Explorer
from pipelines.domain_gap.fitted_settings import Choice, Number, Probability, ValueRange, find_settings
from pipelines.domain_gap.fitted_values import (
    flatten_ratios,
    update_choice,
    update_number,
    update_probability,
    update_range,
)
from pipelines.domain_gap.font_fit import FontTraits, FontWeights, measure_font, update_fonts
from pipelines.recipes.recipe import LinesRecipe
from pipelines.recipes.resolve import resolve_recipe
from synthtext import LineGenerator
from synthtext.fonts import FaceCache, FontOptions, find_fonts

OVERRIDES = ("fonts.system=false", "fonts.pool=4", "corpus=[{use: number}]", "charset=ascii")
MANY = 1e6  # real lines: the recipe before the fit counts for nothing


@pytest.fixture(scope="module")
def recipe():
    return LinesRecipe.read(resolve_recipe("lines", OVERRIDES).settings, Path.cwd(), "lines")


@pytest.fixture(scope="module")
def explored(recipe):
    generator = LineGenerator(recipe.design(recipe.inventory()), 3)
    return list(Explorer(recipe, find_settings(recipe), generator, 4).draw(240))


def test_limits_hold_the_value_and_are_accepted(recipe):
    found = find_settings(recipe)
    assert {"effects.12.strength_range", "background.plain.lightness_range", "ink.styles", "ink.contrast_floor"} <= {
        *found
    }
    for setting in found.values():
        if isinstance(setting, ValueRange):
            assert setting.limits[0] <= setting.low < setting.high <= setting.limits[1]
            if setting.parent:
                part = recipe.components[setting.parent].instance
                type(part)(**{setting.path.rpartition(".")[2]: setting.limits})  # raises if it is not accepted
    assert found["background.plain.lightness_range"].limits == (0, 255)
    assert not any("length_range" in path and "layout" in path for path in found)


def test_what_is_switched_off_stays_off():
    settings = resolve_recipe("lines", (*OVERRIDES, "effects.0.probability=0", "ink.styles.outline=0")).settings
    found = find_settings(LinesRecipe.read(settings, Path.cwd(), "lines"))
    assert not any(path.startswith(("effects.0", "ink.styles.outline")) for path in found)
    assert found["ink.styles"].weights["outline"] == 0


def test_recorded_values_are_those_that_were_drawn(explored):
    assert len(explored) > 230
    blurred = explore_count = 0
    for line in explored:
        meta = line.sample.meta
        effects = {effect.name: effect.parameters for effect in meta.effects}
        assert meta.parameters["ink_style"] == line.values["ink.styles"]
        assert meta.parameters["background"] == line.values["background"]
        if not line.values["effects.14.probability"]:
            assert "noise" not in effects
        if line.values["effects.1.probability"]:
            assert effects["rotation"]["degrees"] == line.values["effects.1.degrees_range"]
        if line.values["effects.14.probability"] and "noise" in effects:
            assert effects["noise"]["sigma"] <= line.values["effects.14.sigma_range"] + 1e-9
            blurred += 1
        degrees = line.values.get("effects.1.degrees_range", 0)
        explore_count += abs(degrees) > 12
        assert len(line.values["layout.margin_range"]) == 4
    assert blurred > 30
    assert 0 < explore_count < 40  # a fifth of the lines with a rotation, half of which are within the range


def test_the_settings_of_other_components_are_not_recorded(explored):
    for line in explored:
        style = line.values["ink.styles"]
        assert all(path.split(".")[2] == style for path in line.values if path.startswith("ink.styles."))
        assert ("effects.12.strength_range" in line.values) == line.values["effects.12.probability"]


def test_a_probability_becomes_that_of_the_real_lines():
    rng, now = np.random.default_rng(0), Probability("effects.0.probability", 0.3)
    for _ in range(6):
        drawn = rng.random(2000) < 0.8 * now.value + 0.1  # a fifth explores
        ratios = np.where(drawn, 0.9 / now.value, 0.1 / (1 - now.value)) * rng.lognormal(0, 0.2, 2000)
        now = update_probability(now, Probability("", 0.3), drawn, ratios, MANY)
    assert now.value == pytest.approx(0.9, abs=0.03)


def test_weights_become_those_of_the_real_lines():
    rng, target = np.random.default_rng(0), {"a": 0.1, "b": 0.2, "c": 0.7, "off": 0.0}
    base = now = Choice("ink.styles", {"a": 0.6, "b": 0.3, "c": 0.1, "off": 0.0}, 4.0)
    for _ in range(6):
        drawn = rng.choice(list(target), 3000, p=list(now.weights.values()))
        now = update_choice(now, base, drawn.tolist(), np.array([target[n] / now.weights[n] for n in drawn]), MANY)
    assert now.weights == pytest.approx(target, abs=0.03)
    assert now.changes()["ink.styles.c.weight"] == pytest.approx(2.8, abs=0.12)


def blurred_uniform(values, low, high):
    """Density of a uniform distribution plus a normal error of 0.5."""
    return (ndtr((values - low) / 0.5) - ndtr((values - high) / 0.5)) / (high - low)


@pytest.mark.parametrize(("low", "high"), [(4.0, 6.0), (-1.0, 2.0), (9.0, 12.0), (-3.0, 13.0), (0.0, 10.0)])
def test_a_range_moves_and_narrows_to_that_of_the_real_lines(low, high):
    rng = np.random.default_rng(0)
    base = now = ValueRange("effects.0.sigma_range", 0.0, 10.0, (-5.0, 15.0))
    for _ in range(12):
        wide = ((now.high - now.low) / 2 * np.array([-1, 1]) + (now.low, now.high)).tolist()
        now = replace(now, limits=(wide[0], wide[1]))
        explores = rng.random(4000) < 0.2
        drawn = np.where(explores, rng.uniform(*wide, 4000), rng.uniform(now.low, now.high, 4000))
        seen = drawn + rng.normal(0, 0.5, 4000)  # a feature of the line
        ratios = blurred_uniform(seen, low, high) / np.maximum(blurred_uniform(seen, now.low, now.high), 1e-9)
        now = update_range(now, base, drawn, np.clip(ratios, 0.02, 50), MANY)
    assert (now.low, now.high) == pytest.approx((low, high), abs=0.3 + 0.08 * (high - low))


def test_a_number_moves_to_that_of_the_real_lines():
    rng = np.random.default_rng(0)
    now = base = Number("x", 60.0, (36.0, 99.0))
    drawn = rng.uniform(36, 99, 3000)
    assert update_number(now, base, drawn, np.exp(-(((drawn - 80) / 5) ** 2)), MANY).value > 70
    assert update_number(now, base, drawn, np.exp(-(((drawn - 80) / 5) ** 2)), 0.0).value == pytest.approx(60)


def test_settings_without_influence_hardly_move_and_few_lines_stay_near_the_recipe():
    rng = np.random.default_rng(0)
    ratios, base = rng.lognormal(0, 1, 2000), ValueRange("", 0.0, 10.0, (-5.0, 15.0))
    found = update_range(base, base, rng.uniform(0, 10, 2000), ratios, MANY)
    assert (found.low, found.high) == pytest.approx((0, 10), abs=0.5)
    assert update_probability(
        Probability("", 0.4), Probability("", 0.4), rng.random(2000) < 0.4, ratios, MANY
    ).value == (pytest.approx(0.4, abs=0.02))
    drawn = rng.uniform(-5, 15, 2000)
    moves = [update_range(base, base, drawn, np.exp(-drawn), lines).low for lines in (5.0, 50.0, 500.0)]
    assert 0 > moves[0] > moves[1] > moves[2]


def test_ratios_are_flattened_only_as_far_as_necessary():
    even = np.exp(np.random.default_rng(0).normal(0, 0.3, 500))
    np.testing.assert_allclose(flatten_ratios(even), even / even.mean())
    extreme = np.exp(np.random.default_rng(0).normal(0, 8, 500))
    flat = flatten_ratios(extreme)
    assert flat.sum() ** 2 / (flat**2).sum() >= 50
    assert (np.argsort(flat) == np.argsort(extreme)).all()


def test_the_density_ratio_of_two_normal_distributions():
    rng = np.random.default_rng(0)
    ratio = DensityRatio(rng.normal(1, 1, (300, 1)), rng.normal(0, 1, (1000, 1)), 0)
    points = np.array([[-1.0], [0.0], [0.5], [1.0], [2.0]])
    np.testing.assert_allclose(np.log(ratio(points)), [-1.5, -0.5, 0.0, 0.5, 1.5], atol=0.4)
    same = DensityRatio(rng.normal(0, 1, (30, 8)), rng.normal(0, 1, (500, 8)), 0)
    assert np.abs(np.log(same(rng.normal(0, 1, (100, 8))))).mean() < 0.3
    missing = DensityRatio(np.full((30, 2), np.nan), np.array([[0.0, np.nan]] * 60), 0)
    assert np.isfinite(missing(np.array([[np.nan, 1.0]]))).all()


def test_strokes_of_fonts_are_measured():
    cache, fonts = FaceCache(), {font.name: font for font in find_fonts(FontOptions()).fonts}
    widths = [measure_font(cache.face(fonts[f"Lato {style}"])).stroke for style in ("Hairline", "Regular", "Black")]
    assert widths[0] == "hairline"
    assert widths[1] in ("light", "book")
    assert widths[2] in ("bold", "black")
    italic = measure_font(cache.face(fonts["Lato Italic"]))
    assert (italic.slant, italic.spacing, italic.case) == ("italic", "proportional", "both")


def stroke_traits(faces: int) -> dict[str, FontTraits]:
    return {
        f"{stroke} {i}": FontTraits(stroke, "both", "proportional", "upright", f"F{i}")
        for stroke in ("thin", "bold")
        for i in range(faces)
    }


def test_fonts_of_the_stroke_width_of_real_lines_become_more_frequent():
    traits = stroke_traits(12)
    base = {**dict.fromkeys(traits, 1.0), "unused": 0.0}
    names = [name for name in traits for _ in range(15)]
    ratios = np.array([1.8 if name.startswith("thin") else 0.2 for name in names])
    new = update_fonts(base, base, traits, names, ratios, MANY)
    assert new["unused"] == 0
    assert [new[f"thin {i}"] / new[f"bold {i}"] for i in range(12)] == pytest.approx([9] * 12, rel=0.3)
    few = update_fonts(base, base, traits, names, ratios, 10.0)
    assert 1 < few["thin 0"] / few["bold 0"] < 3


def test_many_lines_of_few_fonts_say_nothing_about_a_stroke_width():
    traits = stroke_traits(12)
    base = dict.fromkeys(traits, 1.0)
    rng = np.random.default_rng(0)
    names = [name for name in ("thin 0", "thin 1", "bold 0", "bold 1") for _ in range(45)]
    ratios = np.array([1.5 if name.endswith("0") else 0.5 for name in names]) * rng.uniform(0.8, 1.2, len(names))
    new = update_fonts(base, base, traits, names, ratios, MANY)
    assert new["thin 5"] == new["bold 5"]
    assert new["thin 0"] > new["thin 1"]  # of families, they do


def test_only_necessary_weights_of_fonts_are_written():
    fonts = FontWeights(find_fonts(FontOptions()), {"*bold*": 0.5}, FaceCache())
    written = fonts.minimal(fonts.values)
    assert written
    assert set(written.values()) == {0.5}
    assert FontWeights.values_of(find_fonts(FontOptions()), written) == fonts.values
