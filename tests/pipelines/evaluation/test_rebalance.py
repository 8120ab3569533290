"""Rebalancing of a recipe by the errors in its lines."""

import copy
import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli.quality import rebalance_command as command
from pipelines.evaluation.rebalance import rebalance_recipe
from pipelines.evaluation.rebalance_weights import DEFAULT_COVERAGE_SHARE, reweight_characters, reweight_lengths
from pipelines.jobs.generation import iterate_samples
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError
from synthtext.fonts import FaceCache, FontOptions, build_font_pool, find_fonts

pytestmark = pytest.mark.slow

RECIPE = """
charset: digits
corpus:
  - {use: pattern, pattern: "[0-9]{1,3}", weight: 2}
  - {use: pattern, pattern: "[0-9]{4,6}", weight: 1}
  - {use: text_file, path: numbers.txt, weight: 1}
background: {plain: 2, gradient: 1}
ink: {styles: {plain: 3, outline: 1}}
effects:
  - {use: blur, probability: 0.9}
  - {use: noise, probability: 0.2}
  - {use: rotation, probability: 0.5}
output: {height: 32}
"""
FACES = sorted({font.name for font in find_fonts(FontOptions()).fonts})


def bins(**slices):
    """Bins by name: total and errors."""
    return [{"value": name, "total": total, "correct": total - errors} for name, (total, errors) in slices.items()]


def evaluation(path, **changes):
    """The slices of an evaluation of 4,000 lines, of which 1,000 were misread."""
    by = {
        "corpus": bins(**{"pattern": (3000, 400), "text_file:numbers.txt": (1000, 600)}),
        "font": bins(**{FACES[0]: (500, 400), FACES[1]: (500, 20), FACES[2]: (3, 3), FACES[3]: (200, 200)}),
        "effect": bins(none=(500, 10), blur=(3600, 800), noise=(800, 500), rotation=(2000, 500)),
        "ink_style": bins(plain=(3000, 600), outline=(1000, 400)),
        "background": bins(plain=(2700, 675), gradient=(1300, 325), wood=(0, 0)),
        "length": [
            {"lower": 1, "upper": 2, "total": 1000, "correct": 600},
            {"lower": 2, "upper": 4, "total": 2000, "correct": 1900},
            {"lower": 4, "upper": 90, "total": 1000, "correct": 500},
        ],
    }
    characters = [{"value": c, "total": 900, "errors": 300 if c == "8" else 20} for c in "0123456789"]
    entry = {
        "kind": "recognizer",
        "path": str(path.parent / "data"),
        "lines": {"total": 4000, "correct": 3000, "by": by},
        "characters": {"by": {"character": characters}},
    }
    path.write_text(json.dumps({"data": {**entry, **changes}}))
    return path


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / "numbers.txt").write_text("12\n345\n")
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE)
    return path


def run(*arguments):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "160"})


def weights(tree):
    return [entry["weight"] for entry in tree["corpus"]]


def test_every_part_of_a_recipe_is_reweighted_and_its_total_preserved(tmp_path, recipe):
    done = rebalance_recipe(evaluation(tmp_path / "slices.json"), str(recipe), strength=0.5)
    before, after = done.base.settings, done.recipe.settings
    assert weights(after)[2] > 1 > weights(after)[1]
    assert weights(after)[0] == pytest.approx(2 * weights(after)[1], rel=1e-3)  # one name has one factor
    assert sum(weights(after)) == pytest.approx(4, rel=1e-3)
    blur, noise, rotation = (entry["probability"] for entry in after["effects"])
    assert noise > 0.2
    assert blur < 0.9
    assert blur + noise + rotation == pytest.approx(1.6, rel=1e-3)
    styles = {name: entry["weight"] for name, entry in after["ink"]["styles"].items()}
    assert styles["outline"] > 1
    assert sum(styles.values()) == pytest.approx(4, rel=1e-3)
    assert after["background"] == before["background"]  # equal error rates
    fonts = after["fonts"]["weights"]
    assert fonts[FACES[0]] > 1.2
    assert fonts[FACES[1]] < 0.7
    assert FACES[3] not in fonts  # unlearnable
    assert 500 * fonts[FACES[0]] + 500 * fonts[FACES[1]] + 3 * fonts[FACES[2]] == pytest.approx(1003, rel=1e-3)
    notes = "\n".join(done.notes())
    assert f"weights left unchanged, check these: font {FACES[3]} (200 of 200 misread)" in notes
    assert "not in the recipe" not in notes
    assert {c.part for c in done.changes} >= {"corpus", "font", "effect", "ink style", "background"}
    factors = [change.factor for change in done.changes]
    assert factors == sorted(factors, reverse=True)


def test_strength_0_changes_nothing(tmp_path, recipe):
    done = rebalance_recipe(evaluation(tmp_path / "slices.json"), str(recipe), strength=0)
    assert done.recipe.settings == done.base.settings
    assert done.recipe.digest == done.base.digest == resolve_recipe(str(recipe)).digest
    stronger = rebalance_recipe(tmp_path / "slices.json", str(recipe), strength=1)
    assert stronger.recipe.digest != done.recipe.digest


def test_probability_of_an_effect_is_bounded(tmp_path, recipe):
    by = {"effect": bins(blur=(3000, 2400), noise=(1000, 30), rotation=(1000, 30))}
    path = evaluation(tmp_path / "slices.json", lines={"total": 4000, "correct": 3000, "by": by})
    done = rebalance_recipe(path, str(recipe), strength=1, overrides=["effects.2.probability=1"])
    blur, noise, rotation = (entry["probability"] for entry in done.recipe.settings["effects"])
    assert blur == 0.95
    assert blur + noise + rotation == pytest.approx(2.1, rel=1e-3)
    assert rotation <= 1


def test_instances_of_variable_fonts_and_families_are_reweighted(tmp_path, recipe):
    fonts = find_fonts(FontOptions()).fonts
    family = next(f.family for f in fonts if any(o.family == f.family and o.name != f.name for o in fonts))
    members = sorted({font.name for font in fonts if font.family == family})
    by = {
        "font": bins(
            **{f"{members[0]} wght={value}": (100, 80) for value in (300, 412.5)},
            **{f"{members[1]} wght=400 wdth=75": (200, 20), "Unknown Sans": (50, 5)},
        )
    }
    path = evaluation(tmp_path / "slices.json", lines={"total": 4000, "correct": 3000, "by": by})
    done = rebalance_recipe(path, str(recipe), overrides=[f"fonts.weights={{{family}: 0.5}}"])
    found = done.recipe.settings["fonts"]["weights"]
    assert found[members[0]] > 0.5 > found[members[1]]
    assert (found[members[0]] + found[members[1]]) == pytest.approx(1, rel=1e-3)
    assert all(found[name] == 0.5 for name in members[2:])
    assert "not in the recipe: font Unknown Sans" in list(done.notes())


def test_written_recipe_generates_and_has_comments(tmp_path, recipe):
    out = tmp_path / "another_place" / "new.yaml"
    out.parent.mkdir()
    path = evaluation(tmp_path / "slices.json")
    result = run(path, "-o", out, "--recipe", recipe, "--strength", 0.8, "output.height=24")
    assert result.exit_code == 0, result.output
    assert "1,000 of 4,000 lines misread (25.0%)" in result.output
    assert "weights of" in result.output
    assert out.read_text().startswith(f"# Written by ocrmill rebalance: the recipe {recipe}")
    assert "to the power of 0.8" in out.read_text()
    samples = list(iterate_samples(str(out), 50))
    assert len(samples) >= 49
    assert {sample.image.shape[0] for sample in samples} == {24}
    assert (
        resolve_recipe(str(out)).digest
        == rebalance_recipe(path, str(recipe), strength=0.8, overrides=["output.height=24"]).recipe.digest
    )


def test_generated_fonts_follow_the_weights(tmp_path, recipe):
    """Count the faces in several thousand pools, sampled with replacement."""
    done = rebalance_recipe(evaluation(tmp_path / "slices.json"), str(recipe), strength=1)
    options = FontOptions(weights=done.recipe.settings["fonts"]["weights"])
    corpora = done.recipe._recipe.design_fields(find_fonts(options))["corpora"]
    rng = np.random.default_rng(0)
    pool = build_font_pool(find_fonts(options), options, corpora, done.recipe.charset, FaceCache(), rng)
    rng, drawn, pools = np.random.default_rng(1), dict.fromkeys(FACES, 0), 3000
    for _ in range(pools):
        for font in pool.draw(rng, 16):
            drawn[font.name.split(" wght=")[0]] += 1
    factor = {name: options.weights.get(name, 1.0) for name in FACES}
    fonts = find_fonts(FontOptions()).fonts
    families = {}
    for font in fonts:
        families.setdefault(font.family, []).append(font.name)
    chance = {family: np.mean([factor[name] for name in names]) for family, names in families.items()}
    for family, names in families.items():
        for name in names:
            share = chance[family] / sum(chance.values()) * factor[name] / sum(factor[n] for n in names)
            expected = pools * 16 * share
            assert abs(drawn[name] - expected) < 5 * expected**0.5 + 5, name


def test_stages_of_a_curriculum_are_kept(tmp_path, recipe):
    recipe.write_text(
        RECIPE + "curriculum:\n  - {until: 100, set: {ink.contrast_floor: 90, effects.0.probability: 0.1}}\n"
    )
    done = rebalance_recipe(evaluation(tmp_path / "slices.json"), str(recipe))
    (stage,) = done.recipe.settings["curriculum"]
    assert stage["until"] == 100
    assert stage["set"].keys() == {"ink.contrast_floor", "effects"}
    assert weights(done.recipe.settings) != weights(done.base.settings)
    assert "the stages of the curriculum still set: effects, ink.contrast_floor" in list(done.notes())
    assert done.recipe.generator(0).generate(0) is not None


def test_characters_are_reweighted(tmp_path, recipe):
    done = rebalance_recipe(evaluation(tmp_path / "slices.json"), str(recipe))
    slices, built = done.slices, done.base._recipe
    tree = copy.deepcopy(done.base.settings)
    tree["coverage"] = {"share": 0.3, "weights": {"8": 2.0}}
    reweight_characters(built, tree, slices, 0.5)
    balance = tree["coverage"]
    assert balance["share"] == 0.3
    assert balance["weights"]["8"] > 4
    assert sum(balance["weights"].values()) == pytest.approx(11, rel=1e-3)
    tree["coverage"] = None
    reweight_characters(built, tree, slices, 0.5)
    assert tree["coverage"]["share"] == DEFAULT_COVERAGE_SHARE
    untouched = copy.deepcopy(done.base.settings)
    reweight_lengths(untouched, slices, 0.0)
    reweight_characters(built, untouched, slices, 0.0)
    assert untouched == done.base.settings
    assert {change.part for change in done.changes} >= {"length", "character"}


NO_LENGTH = {"lower": float("nan"), "total": 9, "correct": 0}
BAD = {
    "a missing file": (lambda p: p.unlink(), "there is no such file"),
    "no JSON": (lambda p: p.write_text("{"), "is not a file of ocrmill evaluate --slices"),
    "a list": (lambda p: p.write_text("[]"), "is not a file of"),
    "no source": (lambda p: p.write_text("{}"), "no source"),
    "scores alone": (lambda p: p.write_text('{"data": {"accuracy": 0.5}}'), "--slices FILE"),
    "a detector's": (lambda p: p.write_text('{"data": {"kind": "detector", "texts": {}}}'), "about a detector"),
    "a length that is not a number": (
        lambda p: evaluation(p, lines={"total": 9, "correct": 0, "by": {"length": [NO_LENGTH]}}),
        "input should be a finite number",
    ),
    "a negative count": (
        lambda p: evaluation(p, lines={"total": -1, "correct": 0, "by": {}}),
        "data.lines.total: input should be greater",
    ),
    "a bin without counts": (
        lambda p: evaluation(p, lines={"total": 9, "correct": 0, "by": {"corpus": [{"value": "a"}]}}),
        "lines.by.corpus.0.total",
    ),
    "no error": (
        lambda p: evaluation(p, lines={"total": 9, "correct": 9, "by": {"corpus": bins(pattern=(9, 0))}}),
        "nothing to rebalance",
    ),
    "nothing read": (
        lambda p: evaluation(p, lines={"total": 900, "correct": 1, "by": {"corpus": bins(pattern=(900, 899))}}),
        "train the recognizer longer",
    ),
    "several sources": (lambda p: p.write_text(json.dumps(dict.fromkeys("ab", *json.loads(p.read_text()).values()))),
                        "choose one with --source: a, b"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_invalid_evaluations_are_refused_in_one_sentence(tmp_path, recipe, name):
    path, out = evaluation(tmp_path / "slices.json"), tmp_path / "new.yaml"
    damage, message = BAD[name]
    damage(path)
    result = run(path, "-o", out, "--recipe", recipe)
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not out.exists()


def test_invalid_arguments_are_refused_in_one_sentence(tmp_path, recipe):
    path = evaluation(tmp_path / "slices.json")
    for arguments, message in (
        (["-o", "new.txt"], "new.yaml"),
        (["-o", tmp_path / "nowhere" / "new.yaml"], "there is no folder"),
        (["-o", tmp_path / "new.yaml"], f"there is no {tmp_path / 'data' / 'recipe.yaml'}"),
        (["-o", tmp_path / "new.yaml", "--recipe", "scenes"], "generates scenes"),
        (["-o", tmp_path / "new.yaml", "--recipe", "lnes"], "did you mean 'lines'"),
        (["-o", tmp_path / "new.yaml", "--recipe", recipe, "--strength", 1.5], "strength 1.5 must be from 0 to 1"),
        (["-o", tmp_path / "new.yaml", "--recipe", recipe, "--source", "dat"], "did you mean 'data'"),
        (["-o", tmp_path / "new.yaml", "--recipe", recipe, "efects=1"], "unknown key 'efects'"),
        (["-o", recipe, "--recipe", recipe], "write to another file"),
    ):
        result = run(path, *arguments)
        assert isinstance(result.exception, InputError), (arguments, result.output)
        assert message in str(result.exception)
    assert recipe.read_text() == RECIPE
    assert not (tmp_path / "new.yaml").exists()
    path.write_text(json.dumps(dict.fromkeys("ab", *json.loads(path.read_text()).values())))
    assert run(path, "-o", tmp_path / "new.yaml", "--recipe", recipe, "--source", "b").exit_code == 0


def test_sources_that_were_not_generated_are_skipped(tmp_path, recipe):
    path = evaluation(tmp_path / "slices.json")
    real = {"kind": "recognizer", "lines": {"total": 50, "correct": 3, "by": {"corpus": bins(photos=(50, 47))}}}
    path.write_text(json.dumps({"real": real, **json.loads(path.read_text())}))
    assert rebalance_recipe(path, str(recipe)).slices.name == "data"
    path.write_text(json.dumps({"real": real}))
    with pytest.raises(InputError, match="does not contain the path of real"):
        rebalance_recipe(path)
