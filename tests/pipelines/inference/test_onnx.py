"""Import of the published networks, and export of run directories as ONNX files."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch

from models.db.boxes import Boxes
from models.recognizer import Recognizer, RecognizerConfig
from pipelines.cli.evaluation import evaluate_command
from pipelines.cli.training import import_model_command as import_command
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference.engine import open_onnx_session
from pipelines.inference.onnx_export import export_onnx, fold_batch_norm
from pipelines.inference.onnx_import import import_onnx
from pipelines.inference.published import (
    DETECTOR_FILE,
    DICTIONARY_FILE,
    ORIENTATION_FILE,
    RECOGNIZER_FILE,
    published_file,
)
from pipelines.inference.resolve import open_detector, open_recognizer, resolve_model
from pipelines.inference.run import open_run
from synthtext.core import Box, Charset, InputError

pytestmark = pytest.mark.slow

REFERENCE = Path(os.environ.get("OCRMILL_REFERENCE", Path(__file__).parents[2] / "reference"))


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture(scope="module")
def vectors():
    """Reference outputs for images of datasets that may not be published here."""
    if not (REFERENCE / "published_models.npz").is_file():
        pytest.skip("published_models is not in the reference folder")
    with np.load(REFERENCE / "published_models.npz") as arrays:
        return json.loads((REFERENCE / "published_models.json").read_text(encoding="utf-8")), dict(arrays)


def test_imported_recognizer_has_the_published_outputs(vectors, published):
    description, arrays = vectors
    run = open_run(published / "recognizer")
    model, codec = (
        run.load_model().double(),
        run.predictor().codec,
    )  # in double precision: only the reference is rounded
    for case in description["recognition"]:
        name, image = f"rec{case['index']}_", arrays[f"rec{case['index']}_image"]
        images = torch.zeros(1, 3, 32, case["input_width"], dtype=torch.float64)
        images[0, :, :, : image.shape[1]] = torch.from_numpy(image).permute(2, 0, 1).double() / 127.5 - 1
        with torch.no_grad():
            probabilities = model(images).logits.softmax(2)
        best = probabilities[0].max(1)
        clear = arrays[name + "top2_gap"] > 0.01
        assert (best.indices.numpy() == arrays[name + "argmax"])[clear].all()
        assert np.abs(best.values.numpy() - arrays[name + "max_probability"]).max() < 1e-4
        rows = probabilities[0, case["full_row_steps"]].numpy()
        assert np.abs(rows - arrays[name + "full_rows"]).max() < 1e-4
        (reading,) = codec.decode_probabilities(probabilities)
        assert reading.text == case["decoded"]
        assert reading.confidence == pytest.approx(case["confidence"], abs=1e-4)


def test_imported_detector_has_the_outputs_of_the_trained_network(vectors, published):
    description, arrays = vectors
    detector = open_run(published / "detector").predictor()
    as_exported = open_detector(published_file(DETECTOR_FILE))
    for case in description["detection"]:
        name = f"det{case['index']}_"
        image = np.ascontiguousarray(arrays[name + "image"][..., ::-1])
        fixed = detector.preprocessing.__class__(limit_side_len=32, limit_type="min", max_area=image.size)
        for network, key in ((detector, "probability_map"), (as_exported, "probability_map_as_exported")):
            images = torch.from_numpy(fixed.prepare(image))
            difference = np.abs(network.engine(images)[0].numpy() - arrays[name + key].astype(np.float32))
            assert difference.max() < 1e-3
        found = detector.__class__(detector.engine, fixed, detector.postprocessing).detect(image)
        assert_same_boxes(found, case["boxes"], case["scores"])


def assert_same_boxes(found, boxes, scores):
    """Compare as sets: each box has one within a pixel; boxes whose score is about 0.6 may be missing."""
    left = [(np.array(box), score) for box, score in zip(boxes, scores, strict=True)]
    for polygon, score in zip(found.polygons, found.scores, strict=True):
        distances = [np.abs(polygon - box).max() for box, _ in left]
        nearest = int(np.argmin(distances)) if distances else None
        if nearest is None or distances[nearest] > 1:
            assert abs(score - 0.6) < 0.01, polygon
            continue
        assert score == pytest.approx(left.pop(nearest)[1], abs=1e-3)
    assert all(abs(score - 0.6) < 0.01 for _, score in left), left


def test_boxes_are_compared_as_sets():
    boxes = [Box(x, 10.0, x + 20, 20.0).polygon() for x in (50, 10, 10.4)]
    moved = [box + np.float32(0.3) for box in boxes]
    assert_same_boxes(Boxes(moved[::-1], np.array([0.9, 0.8, 0.7])), boxes, [0.7, 0.8, 0.9])
    assert_same_boxes(Boxes([], np.zeros(0)), [], [])
    assert_same_boxes(Boxes([], np.zeros(0)), boxes[:1], [0.605])
    for wrong in (([boxes[0]], [0.9], [], []), ([], [], boxes[:1], [0.9]), (moved[:1], [0.9], boxes[:1], [0.7])):
        with pytest.raises(AssertionError):
            assert_same_boxes(Boxes(wrong[0], np.array(wrong[1])), *wrong[2:])


def test_imported_networks_are_run_directories(published):
    recognizer, detector = open_run(published / "recognizer"), open_run(published / "detector")
    assert (recognizer.kind, detector.kind) == ("recognizer", "detector")
    assert parameters(recognizer.load_model()) == 2_066_433
    assert parameters(detector.load_model()) == 583_234
    assert recognizer.charset == Charset.from_file(published_file(DICTIONARY_FILE))
    assert recognizer.charset.characters[-1] == " "
    assert recognizer.preprocessing == RecognizerPreprocessing(min_width=320, width_step=1)
    assert detector.postprocessing.paddle_compat


def test_import_command_knows_the_published_files(tmp_path):
    import_command(Path("published"), "detector", tmp_path / "det")
    assert open_run(tmp_path / "det").config["imported"]["file"] == DETECTOR_FILE


def test_exported_files_have_the_outputs_of_torch_at_any_size(exported):
    torch.manual_seed(0)
    recognizer = open_run(exported / "recognizer")
    predictor, onnx_predictor = recognizer.predictor(), open_recognizer(exported / "recognizer.onnx")
    for batch, width in ((1, 320), (5, 64), (2, 700)):
        images = torch.rand(batch, 3, 32, width) * 2 - 1
        assert (predictor.engine(images) - onnx_predictor.engine(images)).abs().max() < 1e-4
    assert (onnx_predictor.charset, onnx_predictor.preprocessing) == (recognizer.charset, recognizer.preprocessing)
    run = open_run(exported / "detector")
    predictor, onnx_predictor = run.predictor(), open_detector(exported / "detector.onnx")
    for batch, height, width in ((1, 64, 96), (2, 32, 160)):
        images = torch.rand(batch, 3, height, width)
        assert (predictor.engine(images) - onnx_predictor.engine(images)).abs().max() < 1e-4
    assert (onnx_predictor.preprocessing, onnx_predictor.postprocessing) == (run.preprocessing, run.postprocessing)


def test_exported_files_are_folded_and_contain_their_charset(exported):
    for kind in ("recognizer", "detector"):
        model = onnx.load(str(exported / f"{kind}.onnx"))
        assert "BatchNormalization" not in {node.op_type for node in model.graph.node}
        assert resolve_model(exported / f"{kind}.onnx").kind == kind
    session = open_onnx_session(exported / "recognizer.onnx")
    characters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    assert tuple(characters) == open_run(exported / "recognizer").charset.characters


def test_folding_keeps_the_outputs():
    torch.manual_seed(0)
    model = Recognizer(RecognizerConfig(5, backbone_scale=0.125, neck_hidden=8, head_dim=8))
    model(torch.randn(4, 3, 32, 64))  # updates the statistics
    model.eval()
    images = torch.randn(2, 3, 32, 48)
    with torch.no_grad():
        assert torch.allclose(fold_batch_norm(model)(images).logits, model(images).logits, atol=1e-5)
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in model.modules())


@pytest.mark.parametrize(
    ("file", "kind", "message"),
    [
        (ORIENTATION_FILE, "recognizer", r"layer 3: .* is a convolution 1x1, 8 to 8, .* expected a convolution 3x3"),
        (DETECTOR_FILE, "recognizer", r"another architecture: layer \d+"),
        (RECOGNIZER_FILE, "detector", r"another architecture: layer \d+"),
    ],
)
def test_another_architecture_is_refused_by_its_first_layer(tmp_path, file, kind, message):
    with pytest.raises(InputError, match=message):
        import_onnx(published_file(file), kind, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_same_layers_with_another_graph_are_refused(tmp_path):
    model = onnx.load(str(published_file(RECOGNIZER_FILE)))
    gate = next(node for node in model.graph.node if node.op_type == "HardSigmoid")
    next(a for a in gate.attribute if a.name == "alpha").f = 0.5
    path = tmp_path / "changed.onnx"
    onnx.save(model, str(path))
    with pytest.raises(InputError, match=r"its layers are the same, but .* differs"):
        import_onnx(path, "recognizer", tmp_path / "run")


def attention(path):
    """Write a file like those of newer recognizers, with a product of two computed tensors."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    weights = onnx.numpy_helper.from_array(np.zeros((16, 3, 3, 3), np.float32), "w")
    nodes = [
        helper.make_node("Constant", [], ["half"], value_float=0.5),
        helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("MatMul", ["y", "y"], ["z"]),
        helper.make_node("Mul", ["z", "half"], ["out"]),
    ]
    images = helper.make_tensor_value_info("x", kind, [1, 3, 32, 32])
    out = helper.make_tensor_value_info("out", kind, [1, 16, 16, 16])
    graph = helper.make_graph(nodes, "attention", [images], [out], [weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), str(path))


def test_network_with_attention_is_refused_by_its_first_layer(tmp_path):
    attention(tmp_path / "attention.onnx")
    with pytest.raises(InputError, match=r"layer 2: the file has no more layers; expected a batch normalisation"):
        import_onnx(tmp_path / "attention.onnx", "recognizer", tmp_path / "run")


def test_damaged_and_missing_files_are_refused(tmp_path, exported):
    whole = published_file(RECOGNIZER_FILE).read_bytes()
    broken = {"cut.onnx": whole[: len(whole) // 2], "empty.onnx": b"", "text.onnx": b"this is no network"}
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
        for attempt in (
            lambda path: import_onnx(path, "recognizer", tmp_path / "run"),
            lambda path: open_recognizer(path),
            lambda path: evaluate_command(path, ["data"]),
        ):
            with pytest.raises(InputError, match=rf"{name} is damaged or not an ONNX file"):
                attempt(tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        import_onnx(tmp_path / "missing.onnx", "detector", tmp_path / "run")
    with pytest.raises(InputError, match="is a recognizer, not a detector"):
        open_detector(exported / "recognizer.onnx")
    with pytest.raises(InputError, match="is not empty"):
        import_onnx(published_file(RECOGNIZER_FILE), "recognizer", exported)
    with pytest.raises(InputError, match="there is no folder"):
        export_onnx(open_run(exported / "detector"), tmp_path / "missing" / "x.onnx")
    assert not (tmp_path / "run").exists()


def test_wrong_dictionary_is_refused(tmp_path):
    lines = published_file(DICTIONARY_FILE).read_bytes().decode().splitlines()
    for wrong in (lines[:100], [*lines, "€", "‰"], [*lines[:-1], "two"]):
        (tmp_path / "wrong.txt").write_text("\n".join(wrong), encoding="utf-8")
        with pytest.raises(InputError, match=r"wrong\.txt"):
            import_onnx(published_file(RECOGNIZER_FILE), "recognizer", tmp_path / "run", tmp_path / "wrong.txt")
    with pytest.raises(InputError, match="a detector has no charset"):
        import_onnx(published_file(DETECTOR_FILE), "detector", tmp_path / "run", published_file(DICTIONARY_FILE))
    with pytest.raises(InputError, match=r"wrong\.txt"):
        open_recognizer(published_file(RECOGNIZER_FILE), charset=tmp_path / "wrong.txt")
    recognizer = open_recognizer(published_file(RECOGNIZER_FILE), charset=published_file(DICTIONARY_FILE))
    assert recognizer.charset == open_recognizer().charset
    run = import_onnx(published_file(RECOGNIZER_FILE), "recognizer", tmp_path / "run", published_file(DICTIONARY_FILE))
    assert run.charset == Charset.from_file(published_file(DICTIONARY_FILE))


def test_detectors_are_evaluated(tmp_path, published):
    image = np.full((96, 320, 3), 255, np.uint8)
    cv2.putText(image, "HELLO", (60, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (0, 0, 0), 4)
    cv2.imwrite(str(tmp_path / "a.png"), image)
    label = [{"transcription": "HELLO", "points": [[57, 24], [210, 24], [210, 64], [57, 64]]}]
    (tmp_path / "labels.tsv").write_text(f"a.png\t{json.dumps(label)}\n", encoding="utf-8")
    for network in (published / "detector", published_file(DETECTOR_FILE)):
        evaluate_command(network, [str(tmp_path / "labels.tsv")], json=tmp_path / "scores.json", min_side=160)
        (scores,) = json.loads((tmp_path / "scores.json").read_text()).values()
        assert list(scores)[:2] == ["images", "instances"]
        assert scores["hmean"] == scores["coverage_recall"] == 1
    with pytest.raises(InputError):
        evaluate_command(published / "detector", [str(tmp_path / "labels.tsv")], min_side=64, max_side=64)
    with pytest.raises(InputError, match="for detectors"):
        evaluate_command(published / "recognizer", [str(tmp_path / "labels.tsv")], min_side=64)
    (tmp_path / "lines.tsv").write_text("a.png\tHELLO\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"lines\.tsv is a dataset of lines"):
        evaluate_command(published / "detector", [str(tmp_path / "lines.tsv")])
    with pytest.raises(InputError, match=r"labels\.tsv is a dataset of scenes"):
        evaluate_command(published / "recognizer", [str(tmp_path / "labels.tsv")])
    with pytest.raises(InputError, match="recognizer is a recognizer, not a dataset"):
        evaluate_command(published / "recognizer", [str(published / "recognizer")])
    (tmp_path / "broken.tsv").write_text("a.png\t[{]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.tsv, line 1: a\.png: not a list of texts"):
        evaluate_command(published / "detector", [str(tmp_path / "broken.tsv")])
