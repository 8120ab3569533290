"""ONNX files from other sources: invalid ones are refused, and a missing charset can be given."""

import cv2
import numpy as np
import onnx
import pytest
import torch

from pipelines.cli.reading import read_command
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference import engine
from pipelines.inference.onnx_export import export_onnx
from pipelines.inference.onnx_graph import load_onnx
from pipelines.inference.onnx_import import import_onnx
from pipelines.inference.published import DETECTOR_FILE, RECOGNIZER_FILE, published_file
from pipelines.inference.reader import Reader
from pipelines.inference.resolve import open_detector, open_recognizer, resolve_model
from pipelines.inference.run import RecognizerSettings, create_run, open_run
from synthtext.core import Charset, InputError

pytestmark = pytest.mark.slow


def test_file_without_standard_operators_is_refused(tmp_path):
    """Such as a classifier among the examples of onnxruntime, which uses only the domain ai.onnx.ml."""
    helper, kind = onnx.helper, onnx.TensorProto
    node = helper.make_node("Normalizer", ["x"], ["y"], domain="ai.onnx.ml", norm="L1")
    graph = helper.make_graph(
        [node],
        "normalizer",
        [helper.make_tensor_value_info("x", kind.FLOAT, [3, 2])],
        [helper.make_tensor_value_info("y", kind.FLOAT, [3, 2])],
    )
    path = tmp_path / "other.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("ai.onnx.ml", 1)], ir_version=8), str(path))
    for wanted in ("recognizer", "detector"):
        with pytest.raises(InputError, match=r"other\.onnx has another architecture: layer 1: the file has no more"):
            import_onnx(path, wanted, tmp_path / "run")
    for attempt in (open_recognizer, open_detector, lambda path: resolve_model(path).kind):
        with pytest.raises(InputError, match=r"other\.onnx is not a recognizer or a detector"):
            attempt(path)


def test_missing_library_is_named(tmp_path, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr("pipelines.inference.engine.import_module", missing)
    for library in (engine.require_onnx, engine.require_onnxruntime):
        library.cache_clear()
    try:
        with pytest.raises(InputError, match=r"^onnx is required for this \(.*\): install it with pip install"):
            import_onnx(published_file(RECOGNIZER_FILE), "recognizer", tmp_path / "run")
        with pytest.raises(InputError, match=r"^onnx is required"):
            load_onnx(published_file(DETECTOR_FILE))
        with pytest.raises(InputError, match=r"^onnxruntime is required"):
            open_recognizer(published_file(RECOGNIZER_FILE))
    finally:
        for library in (engine.require_onnx, engine.require_onnxruntime):
            library.cache_clear()


def changed(source, path, **metadata):
    """A copy of an ONNX file with other metadata; None removes an entry."""
    model = onnx.load(str(source))
    kept = {entry.key: entry.value for entry in model.metadata_props} | metadata
    onnx.helper.set_model_props(model, {key: value for key, value in kept.items() if value is not None})
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize(
    ("postprocessing", "message"),
    [
        ('{"treshold": 0.3}', "unknown key 'treshold'; did you mean 'threshold'"),
        ('{"threshold": 3}', "threshold and box_threshold must be probabilities"),
        ('{"threshold": "high"}', "threshold: .*not 'high'"),
        ('{"threshold"', "postprocessing.*JSON"),
        ("[1, 2]", "postprocessing"),
        ("null", "postprocessing"),
    ],
)
def test_invalid_postprocessing_is_refused(tmp_path, exported, postprocessing, message):
    path = changed(exported / "detector.onnx", tmp_path / "changed.onnx", postprocessing=postprocessing)
    with pytest.raises(InputError, match=rf"changed\.onnx.*{message}"):
        open_detector(path)


def test_invalid_metadata_are_refused(tmp_path, exported):
    for text in ("{", "[]", '{"height": "tall"}', '{"hight": 3}', '{"channels": "rbg"}'):
        for kind, attempt in (("detector", open_detector), ("recognizer", open_recognizer)):
            path = changed(exported / f"{kind}.onnx", tmp_path / "changed.onnx", preprocessing=text)
            with pytest.raises(InputError, match=r"changed\.onnx: preprocessing: "):
                attempt(path)
    characters = "\n".join(["a", "a", *open_run(exported / "recognizer").charset.characters[2:]])
    path = changed(exported / "recognizer.onnx", tmp_path / "changed.onnx", character=characters)
    with pytest.raises(InputError, match=r"changed\.onnx: .*charset"):
        open_recognizer(path)


def test_onnx_file_is_read_with_a_dictionary(tmp_path, capsys):
    """With 95 characters, so that the dictionary is not the published one."""
    torch.manual_seed(0)
    network, charset = RecognizerSettings(backbone_scale=0.125, neck_hidden=8, head_dim=8), Charset.named("ascii")
    run = create_run(tmp_path / "run", {"network": network.model_dump()}, RecognizerPreprocessing(), charset)
    run.save_weights(network.build(charset, 32))
    export_onnx(run, tmp_path / "whole.onnx", lambda line: None)
    bare = changed(tmp_path / "whole.onnx", tmp_path / "bare.onnx", character=None)
    charset.write(tmp_path / "ascii.txt")
    cv2.imwrite(str(tmp_path / "a.png"), np.full((64, 96, 3), 200, np.uint8))
    with pytest.raises(
        InputError, match=r"bare\.onnx does not contain its charset of 95 characters: .* --charset FILE"
    ):
        read_command([str(tmp_path / "a.png")], rec=bare)
    read_command([str(tmp_path / "a.png")], rec=bare, charset=tmp_path / "ascii.txt")
    assert Reader.open(rec=bare, charset=tmp_path / "ascii.txt").recognizer.charset == charset
    Charset.named("digits").write(tmp_path / "digits.txt")
    with pytest.raises(
        InputError, match=r"bare\.onnx with .*digits\.txt: the network has 95 classes besides the blank"
    ):
        read_command([str(tmp_path / "a.png")], rec=bare, charset=tmp_path / "digits.txt")
    Charset(charset.characters[::-1]).write(tmp_path / "reversed.txt")
    with pytest.raises(InputError, match=r"whole\.onnx contains its charset, and .*reversed\.txt has other characters"):
        read_command([str(tmp_path / "a.png")], rec=tmp_path / "whole.onnx", charset=tmp_path / "reversed.txt")
    with pytest.raises(InputError, match="contains its charset"):
        read_command([str(tmp_path / "a.png")], rec=tmp_path / "run", charset=tmp_path / "ascii.txt")
