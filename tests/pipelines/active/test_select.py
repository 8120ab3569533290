"""The label file of suggestions that a recognizer makes of unlabelled lines."""

from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from pipelines.active.select import select_lines
from pipelines.active.views import make_views, read_views
from pipelines.cli.main import app
from pipelines.datasets.image import decode_image
from pipelines.datasets.image_folder import open_unlabelled_lines
from pipelines.datasets.open import open_line_source
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference.run import RecognizerRun, create_run
from synthtext.core import Charset, InputError

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RecognizerRun:
    """A recognizer with random weights."""
    torch.manual_seed(0)
    config = {"kind": "recognizer", "network": {"backbone_scale": 0.25, "blank_bias": -3.0}}
    folder = tmp_path_factory.mktemp("run") / "run"
    made = create_run(folder, config, RecognizerPreprocessing(), Charset.named("lowercase"))
    made.save_weights(made.build_model())
    return RecognizerRun.open(folder)


@pytest.fixture(scope="module")
def photos(tmp_path_factory, draw_lines) -> Path:
    """A folder of unlabelled images; two are the same, one is broken, one lies in a subfolder."""
    folder = tmp_path_factory.mktemp("pool") / "photos"
    Path(draw_lines(folder, WORDS)).unlink()
    (folder / "copy.png").write_bytes((folder / "2.png").read_bytes())
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "more").mkdir()
    (folder / "7.png").rename(folder / "more" / "7.png")
    return folder


def test_suggestions_are_the_readings_of_the_recognizer(run, photos, tmp_path):
    source = open_unlabelled_lines(photos)
    selected = select_lines(run, source, tmp_path / "out", 100)
    assert (selected.count, selected.readable) == (8, 9)
    assert selected.left_out == {"image broken": 1}
    labels = open_line_source(selected.labels)
    columns = [line.split("\t") for line in selected.labels.read_text(encoding="utf-8").splitlines()]
    keys = [key for *_, key in columns]
    assert len({"2.png", "copy.png"} & set(keys)) == 1
    assert "more/7.png" in keys
    readings = run.predictor().read([decode_image((photos / key).read_bytes(), key) for key in keys])
    confidences = labels.columns(["confidence"])["confidence"]
    for line, key, reading, confidence in zip(labels.read(np.arange(8)), keys, readings, confidences, strict=True):
        assert line.image == (photos / key).read_bytes()
        assert line.text == reading.text
        assert confidence == pytest.approx(reading.confidence, abs=1e-3)


def test_features_do_not_depend_on_the_padding_of_the_batch(run, photos, draw_lines, tmp_path):
    found = read_views(run, open_unlabelled_lines(photos))
    assert ((found.agreement >= 0) & (found.agreement <= 1)).all()
    alone = tmp_path / "alone"
    Path(draw_lines(alone, WORDS[:1])).unlink()
    row = found.keys.index("0.png")
    one = read_views(run, open_unlabelled_lines(alone))
    assert one.texts == (found.texts[row],)
    np.testing.assert_allclose(one.features[0], found.features[row], atol=0.05 * np.abs(found.features).max())


def test_views_keep_the_height_and_the_first_one_is_the_image():
    image = np.random.default_rng(0).integers(0, 256, (20, 50, 3), np.uint8)
    views = make_views(image)
    assert views[0] is image
    assert [view.shape for view in views] == [(20, 50, 3), (20, 44, 3), (20, 50, 3)]
    assert [view.shape[0] for view in make_views(image[:1, :1])] == [1, 1, 1]


def test_the_command_writes_the_page_and_refuses_a_folder_in_use(run, photos, tmp_path):
    arguments = ["select", str(run.folder), str(photos), "-n", "3", "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert "to_label.tsv: 3 of 9 lines" in result.output
    assert (tmp_path / "out" / "to_label.html").is_file()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["images", "to_label.html", "to_label.tsv"]
    with pytest.raises(InputError, match="not an empty folder"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no images"):
        open_unlabelled_lines(tmp_path)
    with pytest.raises(InputError, match="must be on this machine"):
        open_unlabelled_lines("s3://bucket/folder")
