"""Fits of recipes to lines of a recipe that differs in known settings."""

import json
import re

import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.domain_gap.fit import fit_recipe, state_folder
from pipelines.domain_gap.fit_result import describe_changes
from pipelines.domain_gap.fit_store import FitSettings
from pipelines.domain_gap.line_set import draw_lines
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError

RECIPE = """
charset: ascii
corpus: [{use: words, weight: 3, case: {lower: 1, upper: 1}}, {use: number, weight: 1}]
fonts: {pool: 4}
ink: {colours: {tones: {weight: 1, lightness_range: [0, 255], tint: 10}}, styles: {plain: 3, outline: 1}}
background: {plain: {weight: 1, lightness_range: [0, 255], tint: 20}, gradient: 1}
effects:
  - {use: blur, probability: 0.3, strength_range: [0.005, 0.06]}
  - {use: noise, probability: 0.5, sigma_range: [2, 14]}
"""
PLANTED = (
    "effects.0.probability=1",
    "effects.0.strength_range=[0.015, 0.025]",
    "effects.1.probability=0",
    "ink.colours.tones.lightness_range=[0, 60]",
    "background={plain: {weight: 1, lightness_range: [180, 250], tint: 20}}",
    "corpus=[{use: pattern, pattern: '[A-Z]{2}[0-9]{2,3}'}]",
    'fonts.weights={"*light*": 40, "*hairline*": 40, "*thin*": 40}',
)
pytestmark = pytest.mark.slow

SETTINGS = FitSettings(rounds=2, lines=180, held_out=0.3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("fit")
    (path / "base.yaml").write_text(RECIPE)
    return path


@pytest.fixture(scope="module")
def real(folder):
    return draw_lines(str(folder / "base.yaml"), 100, 5, PLANTED)


@pytest.fixture(scope="module")
def base(folder):
    return resolve_recipe(str(folder / "base.yaml"))


@pytest.fixture(scope="module")
def result(folder, real, base):
    return fit_recipe(real, base, folder / "fitted.yaml", SETTINGS)


def test_the_planted_gap_becomes_smaller(result):
    first, best = result.rounds[0], result.best
    assert len(result.rounds) == 4  # before, with the texts of the labels, and after two improvements
    assert best.held_out < 0.75 * first.held_out
    assert best.auc < first.auc
    assert not set(result.fitted) & set(result.held_out)
    assert len(result.held_out) == 30


def test_the_planted_settings_move_the_right_way(result, base):
    before, after = base.settings, result.best.settings
    blur, noise = after["effects"]
    assert blur["probability"] > 0.45
    assert blur["strength_range"][1] < before["effects"][0]["strength_range"][1]
    assert noise["probability"] < 0.4
    assert after["background"]["plain"]["lightness_range"][0] > 30
    patterns = {entry["pattern"]: entry["weight"] for entry in after["corpus"] if entry["use"] == "pattern"}
    assert patterns["[A-Z]{2}[0-9]{2,3}"] > 0.6 * sum(entry["weight"] for entry in after["corpus"])


def test_the_recipe_is_valid_and_says_what_changed(result, folder):
    path = folder / "written.yaml"
    path.write_text(result.to_yaml(describe_changes(result)))
    assert resolve_recipe(str(path)).settings == result.recipe.settings
    assert re.search(r"^# +effects\.0 \(blur\)\.probability: 30 % -> \d+", path.read_text(), re.MULTILINE)


def test_a_fit_resumes_and_is_not_repeated(result, real, base, folder):
    out, steps = folder / "fitted.yaml", []
    assert fit_recipe(real, base, out, SETTINGS, steps.append).rounds == result.rounds
    assert steps == [4]
    last = state_folder(out) / "round-003.json"
    finished = last.read_text()
    last.unlink()
    assert fit_recipe(real, base, out, SETTINGS, steps.append).resumed == 3
    assert last.read_text() == finished
    with pytest.raises(InputError, match="rounds of another fit"):
        fit_recipe(real, base, out, FitSettings(seed=1))
    last.write_text("{}")
    with pytest.raises(InputError, match=r"round-003.json is damaged \(Field required\): remove it to repeat it"):
        fit_recipe(real, base, out, SETTINGS)
    last.write_text(finished)


def test_recipes_and_lines_that_cannot_be_fitted(folder, real, base):
    with pytest.raises(InputError, match="has 12 lines, too few to fit a recipe to: give at least 20"):
        fit_recipe(draw_lines("digits", 12, 0, ["fonts.system=false"]), base, folder / "x.yaml", SETTINGS)
    with pytest.raises(InputError, match="generates scenes: name another one"):
        fit_recipe(real, resolve_recipe("scenes", ["fonts.system=false"]), folder / "x.yaml", SETTINGS)
    stages = resolve_recipe(base.name, ["curriculum=[{until: 9, set: {effects.0.probability: 0}}]"])
    with pytest.raises(InputError, match="has a curriculum, whose stages would undo the fit"):
        fit_recipe(real, stages, folder / "x.yaml", SETTINGS)
    assert not (folder / "x.fit").exists()


def test_the_command_with_few_images_without_labels(real, folder):
    images, out = folder / "images", folder / "few.yaml"
    images.mkdir()
    for number, data in enumerate(real.images[:24]):
        (images / f"{number}.jpg").write_bytes(data)
    arguments = ["fit", str(images), "--base", str(folder / "base.yaml"), "-o", str(out), "--rounds", "1"]
    done = CliRunner().invoke(app, [*arguments, "--lines", "40"], catch_exceptions=False)
    assert done.exit_code == 0
    assert "only 14 real lines to fit to: the recipe stays close to" in done.output
    written = yaml.safe_load(out.read_text())
    assert [entry["use"] for entry in written["corpus"]] == ["words", "number"]
    assert written["layout"]["length_weights"].keys() <= {"1-1", "2-2", "3-3", "4-4", "5-6", "7-8", "9-11", "12-15"} | {
        "16-22",
        "23-32",
        "33-48",
        "49-80",
    }
    page = out.with_suffix(".html").read_text()
    assert "effects.0 (blur).probability" in page
    assert not re.search("https?:", page)
    assert json.loads((out.with_suffix(".fit") / "fit.json").read_text())["settings"]["lines"] == 40


def test_words_of_labels_become_a_corpus_without_those_held_out(real, base, folder):
    settings = FitSettings(rounds=1, lines=40, held_out=0.5, texts="words")
    result = fit_recipe(real, base, folder / "words.yaml", settings)
    words = (folder / "words.words.txt").read_text().split()
    held = {real.texts[i] for i in result.held_out} - {real.texts[i] for i in result.fitted}
    assert {real.texts[i] for i in result.fitted} == set(words)
    assert held
    assert not held & set(words)
    assert result.rounds[1].settings["corpus"][-1]["path"] == str(folder / "words.words.txt")
