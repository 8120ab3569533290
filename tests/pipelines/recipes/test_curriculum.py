"""Recipes whose settings change with the index of the sample."""

import pickle

import cv2
import numpy as np
import pytest

from pipelines.config import read_yaml
from pipelines.datasets.open import open_line_source
from pipelines.jobs.generation import generate
from pipelines.jobs.preview import draw_preview
from pipelines.recipes.curriculum import Curriculum
from pipelines.recipes.recipe import LinesRecipe
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError, SkippedSample

RECIPE = """
base: digits
corpus: [{use: pattern, pattern: "[0-9]{3,9}"}]
effects: [{use: rotation, probability: 1}, {use: noise, probability: 0.5}]
curriculum:
  - until: 100
    set:
      corpus: [{use: text_file, path: easy.txt}]
      effects: []
      background: {plain: 1}
      layout.length_range: [1, 2]
      fonts.size_range: [30, 32]
  - {until: 700, set: {effects.0.probability: 0, effects.1.sigma_range: [20, 21], background.gradient.weight: 9}}
"""
PLAIN = "".join(RECIPE.partition("curriculum:")[0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "easy.txt").write_text("1\n22\n333\n")
    (folder / "staged.yaml").write_text(RECIPE)
    (folder / "plain.yaml").write_text(PLAIN)
    return folder


@pytest.fixture(scope="module")
def staged(folder):
    return resolve_recipe(str(folder / "staged.yaml"))


@pytest.fixture(scope="module")
def plain(folder):
    return resolve_recipe(str(folder / "plain.yaml"))


def same(one, other):
    """Return whether two samples are equal except for the prefix of their keys."""
    return (one.text, one.key[8:], one.meta) == (other.text, other.key[8:], other.meta) and np.array_equal(
        one.image, other.image
    )


def test_every_sample_belongs_to_its_stage_and_later_ones_to_the_plain_recipe(staged, plain):
    generator, unstaged = staged.generator(3), plain.generator(3)
    for first in generator.generate_many(range(60, 100)):
        assert first.text in ("1", "22")
        assert first.meta.effects == ()
        assert first.meta.parameters["background"] == "plain"
    second = list(generator.generate_many(range(100, 180)))
    assert {effect.name for sample in second for effect in sample.meta.effects} == {"noise"}
    assert sum(sample.meta.parameters["background"] == "gradient" for sample in second) > 40
    # The stage sets only the appearance, which has its own random stream: the texts are those of the plain recipe.
    assert [sample.text for sample in second] == [sample.text for sample in unstaged.generate_many(range(100, 180))]
    border = range(690, 770)
    alike = [same(*pair) for pair in zip(generator.generate_many(border), unstaged.generate_many(border), strict=True)]
    assert all(alike[10:])
    assert not any(alike[:10])


def test_a_sample_does_not_depend_on_the_order_of_calls(staged):
    indices = np.random.default_rng(0).permutation([*range(90, 110), *range(250, 260), *range(695, 705)]).tolist()
    one, other = staged.generator(3), pickle.loads(pickle.dumps(staged)).generator(3)
    together = dict(zip(indices, one.generate_many(indices), strict=True))
    for index in sorted(indices):
        drawn = other.generate(index)
        assert not isinstance(drawn, SkippedSample)
        assert same(together[index], drawn)
        assert together[index].key == drawn.key


def test_shards_hold_the_same_lines_and_their_recipe_reproduces_them(tmp_path, folder, staged):
    generate(str(folder / "staged.yaml"), tmp_path / "a", 120, seed=3, workers=0, shard_size=32, start=80)
    again = resolve_recipe(str(tmp_path / "a" / "recipe.yaml"))
    assert again.settings == staged.settings
    assert again.digest == staged.digest
    generate(again, tmp_path / "b", 120, seed=3, workers=0, start=80)
    one, other = (open_line_source(tmp_path / name) for name in ("a", "b"))
    rows = np.arange(120)
    assert one.read(rows) == other.read(rows)
    drawn = staged.generator(3).generate_many(range(80, 200))
    for line, sample in zip(one.read(rows), drawn, strict=True):
        assert (line.key, line.text) == (sample.key, sample.text)
        shown = cv2.imdecode(np.frombuffer(line.image, np.uint8), cv2.IMREAD_COLOR_RGB)
        assert shown.shape == sample.image.shape


def test_a_resolved_stage_holds_only_what_it_changes(staged):
    first, second = staged.settings["curriculum"]
    assert first["until"] == 100
    assert first["set"].keys() == {"corpus", "effects", "background", "layout.length_range", "fonts.size_range"}
    assert second["set"].keys() == {"effects", "background.gradient.weight"}
    assert second["set"]["effects"][1]["sigma_range"] == [20, 21]
    assert "curriculum" not in resolve_recipe("digits").settings


def test_stages_keep_their_settings_when_the_recipe_changes(folder):
    changed = resolve_recipe(str(folder / "staged.yaml"), ["background={texture: 1}", "curriculum.1.until=101"])
    stages = Curriculum.read(LinesRecipe, changed.settings, folder, "changed").stages
    assert [stage.until for stage in stages] == [100, 101]
    backgrounds = [
        [background.use for background in stage.recipe.weighted_components["background"]] for stage in stages
    ]
    assert backgrounds == [["plain"], ["gradient", "texture"]]
    assert (
        resolve_recipe(str(folder / "staged.yaml"), ["curriculum=[]"]).settings
        == resolve_recipe(str(folder / "plain.yaml")).settings
    )


def test_the_digest_covers_stages_and_the_contents_of_their_files(tmp_path, folder, staged, plain):
    (tmp_path / "easy.txt").write_text((folder / "easy.txt").read_text())
    (tmp_path / "staged.yaml").write_text(RECIPE)
    moved = resolve_recipe(str(tmp_path / "staged.yaml"))
    assert moved.digest == staged.digest
    assert str(folder) not in str(moved.fingerprint)
    assert plain.fingerprint.items() <= staged.fingerprint.items()
    digests = {staged.digest, plain.digest}
    for setting in ("curriculum.0.until=99", "curriculum.1.set={effects: []}", "curriculum.1.set={}"):
        digests.add(resolve_recipe(str(tmp_path / "staged.yaml"), [setting]).digest)
    (tmp_path / "easy.txt").write_text("1\n22\n4\n")
    digests.add(resolve_recipe(str(tmp_path / "staged.yaml")).digest)
    assert len(digests) == 6


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ("{until: 5}", "curriculum.0.set is missing"),
        ("{until: 0, set: {}}", "curriculum.0.until: input should be greater than or equal to 1"),
        ("{until: 5.5, set: {}}", "curriculum.0.until"),
        ("{until: 5, sett: {}, set: {}}", "unknown key 'curriculum.0.sett'"),
        ("{until: 9, set: {}}, {until: 9, set: {}}", "curriculum.1.until: must be above 9"),
        ("{until: 9, set: {charset: ascii}}", "curriculum.0.set: 'charset' is the same for all samples"),
        ("{until: 9, set: {output.height: 32}}", "curriculum.0.set: 'output' is the same for all samples"),
        ("{until: 9, set: {kind: scenes}}", "'kind' is the same for all samples"),
        ("{until: 9, set: {curriculum: []}}", "'curriculum' is the same for all samples"),
        ("{until: 9, set: {fonts.folders: [.]}}", "curriculum.0.set: fonts.folders would change"),
        ("{until: 9, set: {fonts: {system: true}}}", "curriculum.0.set: fonts.system would change"),
        ("{until: 9, set: {efects: []}}", "curriculum.0.set: unknown key 'efects'; did you mean 'effects'"),
        (
            "{until: 9, set: {effects.7.probability: 0}}",
            "curriculum.0.set: effects.7.probability: '7' is not the index",
        ),
        (
            "{until: 9, set: {background: {plane: 1}}}",
            "curriculum.0.set: background.plane: there is no background 'plane'",
        ),
    ],
)
def test_an_invalid_stage_is_rejected_in_one_sentence(folder, stages, message):
    with pytest.raises(InputError) as caught:
        resolve_recipe("digits", [f"curriculum=[{stages}]"])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        ("{use: pattern, pattern: 'a'}", "curriculum.0: corpus 'pattern' does not fit the charset"),
        ("{use: text_file, path: none.txt}", "none.txt"),
    ],
)
def test_a_stage_without_drawable_texts_fails_before_the_first_sample(corpus, message):
    with pytest.raises(InputError) as caught:
        resolve_recipe("digits", [f"curriculum=[{{until: 9, set: {{corpus: [{corpus}]}}}}]"]).generator(0)
    assert message in str(caught.value)


def test_recipes_of_scenes_may_have_stages():
    size = "output={width_range: [320, 320], height_range: [256, 256]}"
    few = ["fonts.system=false", size, "layouts={photo: {count_range: [1, 3]}}"]
    recipe = resolve_recipe(
        "scenes", [*few, "curriculum=[{until: 1, set: {effects: [], clutter.distractors_range: [0, 0]}}]"]
    )
    plain = resolve_recipe("scenes", few)
    (first, second), (_, other) = (list(which.generator(5).generate_many(range(2))) for which in (recipe, plain))
    assert first.meta.effects == ()
    assert np.array_equal(second.image, other.image)


def test_a_preview_starts_at_an_index(staged):
    page = draw_preview(staged, 1, seed=3, start=700).image
    image = staged.generator(3).generate(700).image
    assert np.array_equal(page[8 : 8 + image.shape[0], 8 : 8 + image.shape[1]], image)
    with pytest.raises(InputError, match="-1"):
        draw_preview(staged, 1, start=-1)


def test_a_recipe_written_as_yaml_reads_back_equal(tmp_path, staged):
    (tmp_path / "again.yaml").write_text(staged.to_yaml())
    assert read_yaml(tmp_path / "again.yaml") == staged.settings
