"""Comparison of scenes: planted differences, the command and its page."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.domain_gap.comparison import compare_scenes
from pipelines.domain_gap.scene_set import MAX_TEXTS, SceneSet, draw_scenes, load_scenes
from pipelines.domain_gap.two_sample import two_sample_auc
from pipelines.jobs.generation import generate
from synthtext.core import InputError

pytestmark = pytest.mark.slow

SMALL = (
    *("fonts.system=false", "fonts.size_range=[14, 30]", "background={plain: 1}", "effects=[]", "layouts={photo: 1}"),
    *("output.width_range=[320, 320]", "output.height_range=[240, 240]", "clutter.distractors_range=[0, 0]"),
    *("layouts.photo.count_range=[3, 5]", "layouts.photo.turned_probability=0", "baselines={straight: 1}"),
)
PLANTED = ("fonts.size_range=[26, 44]", "layouts.photo.degrees_range=[14, 30]", "layouts.photo.count_range=[1, 3]")


@pytest.fixture(scope="module")
def base() -> SceneSet:
    return draw_scenes("scenes", 20, 1, SMALL)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of scenes with planted differences."""
    folder = tmp_path_factory.mktemp("data") / "scenes"
    generate("scenes", folder, 16, overrides=[*SMALL, *PLANTED], seed=7, workers=0)
    return folder


def test_planted_differences_are_found(base: SceneSet, data: Path) -> None:
    found = compare_scenes(load_scenes(str(data), 100, 0), base)
    texts, scenes = ({d.name: d for d in part.distances} for part in (found.texts, found.scenes))
    assert texts["height"].shift > 0.4
    assert texts["angle"].shift > 1.5
    assert scenes["texts"].shift < -0.5
    assert found.tests["texts"].auc > 0.9
    for same in ("contrast", "edge_spread", "character_width"):
        assert texts[same].distance < texts["angle"].distance / 2
    assert found.scenes.real.total == 16


def test_scenes_of_the_same_recipe_cannot_be_told_apart(base: SceneSet) -> None:
    found = compare_scenes(draw_scenes("scenes", 20, 9, SMALL), base)
    assert found.tests["texts"].auc < 0.65
    assert found.tests["scenes"].auc < 0.7


def test_levels_select_the_texts(base: SceneSet) -> None:
    blocks = draw_scenes("scenes", 5, 1, SMALL, level="block")
    assert len(blocks.instances) < np.count_nonzero(base.instances.scenes < 5)
    with pytest.raises(InputError, match="digits draws lines, not scenes"):
        draw_scenes("digits", 10, 0)


def test_texts_of_large_scenes_are_a_repeatable_choice(draw_many: Path) -> None:
    chosen = load_scenes(str(draw_many), 10, 0)
    assert len(chosen.instances) == MAX_TEXTS
    assert chosen.features["texts"].tolist() == [80]
    again = load_scenes(str(draw_many), 10, 0)
    np.testing.assert_array_equal(again.instances.features["contrast"], chosen.instances.features["contrast"])


@pytest.fixture
def draw_many(tmp_path: Path) -> Path:
    """A label file of one scene with 80 texts."""
    rng = np.random.default_rng(0)
    cv2.imwrite(str(tmp_path / "a.png"), rng.integers(0, 255, (400, 400, 3)).astype(np.uint8))
    places = [(40 * (n % 10), 40 * (n // 10)) for n in range(80)]
    texts = [
        {"transcription": f"t{n}", "points": [[x, y], [x + 30, y], [x + 30, y + 12], [x, y + 12]]}
        for n, (x, y) in enumerate(places)
    ]
    (tmp_path / "labels.tsv").write_text(f"a.png\t{json.dumps(texts)}\n")
    return tmp_path / "labels.tsv"


def test_scenes_without_legible_texts_are_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((50, 50, 3), np.uint8))
    label = '[{"transcription": "###", "points": [[1, 1], [30, 1], [30, 12], [1, 12]]}]'
    (tmp_path / "labels.tsv").write_text(f"a.png\t{label}\n")
    with pytest.raises(InputError, match="has no legible text of the level word"):
        load_scenes(str(tmp_path / "labels.tsv"), 10, 0)


def test_folds_keep_the_texts_of_a_scene_together() -> None:
    rng = np.random.default_rng(0)
    offsets = rng.normal(size=(2, 30, 1)).repeat(20, axis=1)  # one value for all texts of a scene
    groups = np.arange(30).repeat(20)
    apart = two_sample_auc(offsets[0], offsets[1], 0, (groups, groups))
    assert apart.auc == pytest.approx(0.5, abs=0.15)
    assert apart.interval[1] - apart.interval[0] > 0.2
    with pytest.raises(InputError, match="1 real and 30 generated scenes with legible texts"):
        two_sample_auc(offsets[0], offsets[1], 0, (np.zeros(600, np.int64), groups))


def test_the_command_finds_out_the_kind(data: Path, tmp_path: Path) -> None:
    page, numbers = tmp_path / "page.html", tmp_path / "numbers.json"
    arguments = ["compare", str(data), "scenes", *SMALL, "-n", "12", "--json", str(numbers), "--report", str(page)]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "AUC on texts: " in done.output
    assert "AUC on scenes: " in done.output
    found = json.loads(numbers.read_text())
    assert found["scenes"]["real"]["scenes"] == found["scenes"]["drawn"]["scenes"] == 12
    assert found["texts"]["real"]["texts"] > 12
    markup = page.read_text()
    assert "Real texts are rotated further clockwise." in markup
    assert 'href="#texts-angle"' in markup
    assert 'id="texts-angle"' in markup


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["digits"], "holds scenes, and digits lines, which cannot be compared: name a recipe or data of scenes"),
        (["scenes", "--rec", "published"], "holds scenes: --rec compares lines"),
    ],
)
def test_what_cannot_be_compared_is_refused(data: Path, arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["compare", str(data), *arguments])
    assert done.exit_code == 2 or isinstance(done.exception, InputError)
    assert message in " ".join(done.output.split()) or message in str(done.exception)
