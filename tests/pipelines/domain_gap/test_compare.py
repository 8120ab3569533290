"""The command `ocrmill compare`, its page and its numbers."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.domain_gap.comparison import compare_lines
from pipelines.domain_gap.line_set import LineSet, draw_lines, load_lines
from pipelines.domain_gap.two_sample import two_sample_auc
from pipelines.reports.comparison_page import comparison_page
from synthtext.core import InputError

pytestmark = pytest.mark.slow

PLAIN = ("fonts.system=false",)
CLEAN = (*PLAIN, "effects=[]", "coverage.share=0")
HOSTILE = "<script>document.title='gone'</script>"


@pytest.fixture(scope="module")
def blurred() -> LineSet:
    return draw_lines("digits", 60, 1, (*CLEAN, "effects=[{use: blur, probability: 1, strength_range: [0.05, 0.06]}]"))


@pytest.fixture(scope="module")
def clean() -> LineSet:
    return draw_lines("digits", 120, 2, CLEAN)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, blurred: LineSet) -> Path:
    """Real lines: a label file beside images, and in `unlabelled` the images alone."""
    path = tmp_path_factory.mktemp("real")
    (path / "unlabelled").mkdir()
    for number, image in enumerate(blurred.images):
        (path / f"{number}.jpg").write_bytes(image)
        (path / "unlabelled" / f"{number}.jpg").write_bytes(image)
    rows = [f"{number}.jpg\t{text}\n" for number, text in enumerate(blurred.texts)]
    (path / "labels.tsv").write_text("".join(rows))
    return path


def test_blur_is_what_differs(blurred: LineSet, clean: LineSet) -> None:
    found = compare_lines(blurred, clean)
    assert {one.name for one in found.distances[:3]} >= {"edge_spread", "resolution"}
    assert found.tests["images"].auc > 0.95
    assert found.tests["texts"].auc < 0.7
    assert 0 < len(found.unusual) <= 20


def test_lines_of_the_same_recipe_cannot_be_told_apart(clean: LineSet) -> None:
    found = compare_lines(draw_lines("digits", 60, 5, CLEAN), clean)
    assert found.tests["images"].auc < 0.65


def test_sources_of_real_lines(folder: Path) -> None:
    labelled, bare = (load_lines(str(path), 50, 0) for path in (folder / "labels.tsv", folder / "unlabelled"))
    assert (len(labelled), labelled.total, labelled.is_labelled) == (50, 60, True)
    assert (len(bare), bare.is_labelled) == (50, False)
    again = load_lines(str(folder / "unlabelled"), 50, 0)
    assert again.keys == bare.keys
    np.testing.assert_array_equal(again.features["contrast"], bare.features["contrast"])


def test_broken_and_tiny_images_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no image")
    (tmp_path / "b.png").write_bytes(cv2.imencode(".png", np.zeros((3, 9, 3), np.uint8))[1].tobytes())
    with pytest.raises(InputError, match=r"has no readable line: image below 4 pixels \(1\), image broken \(1\)"):
        load_lines(str(tmp_path), 10, 0)
    (tmp_path / "c.png").write_bytes(cv2.imencode(".png", np.zeros((9, 9, 3), np.uint8))[1].tobytes())
    assert len(load_lines(str(tmp_path), 10, 0)) == 1


def test_settings_are_for_recipes(folder: Path) -> None:
    with pytest.raises(InputError, match="is not a recipe: 'a=1' is a setting of recipes"):
        load_lines(str(folder / "labels.tsv"), 10, 0, ["a=1"])


def test_the_command_writes_page_and_numbers(folder: Path, tmp_path: Path) -> None:
    page, numbers = tmp_path / "page.html", tmp_path / "numbers.json"
    arguments = ["compare", str(folder / "unlabelled"), "digits", *CLEAN, "-n", "60", "--json", str(numbers)]
    done = CliRunner().invoke(app, [*arguments, "--report", str(page)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "AUC on images: " in done.output
    found = json.loads(numbers.read_text())
    assert found["real"]["lines"] == found["drawn"]["lines"] == 60
    assert set(found["auc"]) == {"images"}
    assert len(found["features"]) > 20
    markup = page.read_text()
    assert "Real lines are more blurred." in markup
    assert "generated lines can be told apart nearly always" in markup


def test_the_page_escapes_labels_and_loads_nothing(blurred: LineSet, clean: LineSet) -> None:
    hostile = LineSet(HOSTILE, 60, blurred.keys, blurred.images, [HOSTILE] * 60, blurred.features)
    markup = comparison_page(compare_lines(hostile, clean))
    assert HOSTILE not in markup
    assert "https:" not in markup
    assert "http:" not in markup


def test_features_of_a_recognizer(published: Path, blurred: LineSet, clean: LineSet) -> None:
    from pipelines.domain_gap.recognizer_features import backbone_features, open_backbone, reduce_features

    model, preprocessing = open_backbone(str(published / "recognizer"))
    features = [backbone_features(model, preprocessing, lines.images[:60]) for lines in (blurred, clean)]
    assert features[0].shape == (60, 2 * model.backbone.channels)
    alone = backbone_features(model, preprocessing, blurred.images[:1])
    np.testing.assert_allclose(alone[0], features[0][0], atol=1e-3)
    reduced = reduce_features(features[0], features[1])
    assert two_sample_auc(*reduced, 0).auc > 0.75
    assert compare_lines(blurred, clean, recognizer=reduced).tests.keys() == {"images", "texts", "recognizer"}
