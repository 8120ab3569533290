"""The script of the documentation reads exported files with onnxruntime alone."""

import json
import re
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.recognizer import Recognizer, RecognizerConfig
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference.engine import open_onnx_session
from pipelines.inference.onnx_export import export_onnx
from pipelines.inference.resolve import open_recognizer
from pipelines.inference.run import create_run
from synthtext.core import Charset

pytestmark = pytest.mark.slow

PAGE = Path(__file__).resolve().parents[3] / "docs" / "export.md"


@pytest.fixture
def script(tmp_path, monkeypatch, capsys):
    """A function that runs the script with a model and an image, and returns what it prints."""
    (code,) = re.findall(r"```python\n(# read_line\.py\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code.splitlines()) <= 20
    path = tmp_path / "read_line.py"
    path.write_text(code, encoding="utf-8")

    def run(model, image):
        cv2.imwrite(str(tmp_path / "line.png"), image[..., ::-1])
        monkeypatch.setattr("sys.argv", [str(path), str(model), str(tmp_path / "line.png")])
        runpy.run_path(str(path))
        return capsys.readouterr().out.removesuffix("\n")

    return run


@pytest.mark.parametrize(("text", "width"), [("STATION", 200), ("4", 40), ("HARBOUR MASTER 1234", 480)])
def test_script_reads_like_the_package(script, exported, text, width):
    image = np.full((46, width, 3), (225, 235, 205), np.uint8)
    cv2.putText(image, text, (8, 34), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (20, 40, 90), 2, cv2.LINE_AA)
    (expected,) = open_recognizer(exported / "recognizer.onnx").read([image])
    assert script(exported / "recognizer.onnx", image) == expected.text
    assert expected.text.replace(" ", "") == text.replace(" ", "")


def test_script_follows_the_preprocessing_of_the_file(script, tmp_path):
    """A network with random weights, other channels, height and limits of the width: whatever it reads is the same."""
    preprocessing = RecognizerPreprocessing(height=48, min_width=40, max_width=90, width_step=8, channels="rgb")
    charset = Charset(tuple("abc 日"))
    run = create_run(tmp_path / "run", {"network": {"blank_bias": -3.0}}, preprocessing, charset)
    run.save_weights(Recognizer(RecognizerConfig(len(charset) + 1, height=48, blank_bias=-3.0)))
    export_onnx(run, tmp_path / "model.onnx", lambda _line: None)
    for width in (20, 60, 300):
        image = np.random.default_rng(width).integers(0, 256, (30, width, 3), np.uint8)
        (expected,) = open_recognizer(tmp_path / "model.onnx").read([image])
        assert script(tmp_path / "model.onnx", image) == expected.text


def test_metadata_describe_the_input_of_both_networks(exported):
    meta = {
        kind: open_onnx_session(exported / f"{kind}.onnx").get_modelmeta().custom_metadata_map
        for kind in ("recognizer", "detector")
    }
    assert json.loads(meta["recognizer"]["blank"]) == 0
    assert json.loads(meta["recognizer"]["padding"]) == 0.0
    assert json.loads(meta["recognizer"]["mean"]) == json.loads(meta["recognizer"]["std"]) == [0.5, 0.5, 0.5]
    assert len(meta["recognizer"]["character"].split("\n")) == 6624
    assert json.loads(meta["detector"]["mean"]) == json.loads(meta["detector"]["preprocessing"])["mean"]
    assert json.loads(meta["detector"]["std"]) == [0.229, 0.224, 0.225]
