"""Quantization to int8."""

import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from models.backbones.base import RECOGNIZER_BACKBONES, QuarterWidthBackbone
from models.recognizer import Recognizer, RecognizerConfig
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference.onnx_export import export_onnx, to_onnx
from pipelines.inference.quantization import largest_count, quantize
from pipelines.inference.resolve import open_recognizer
from pipelines.inference.run import create_run
from synthtext.core import Charset, InputError


class ThreeConvolutions(QuarterWidthBackbone):
    """Few layers, as each is quantized alone."""

    def __init__(self, scale):
        super().__init__()
        self.channels = round(256 * scale)
        self.layers = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(16, 16, (8, 1), (8, 1)),
            nn.ReLU(),
            nn.Conv2d(16, self.channels, (2, 2), (2, 2)),
        )

    def forward(self, x):
        return self.layers(x)


TEXTS = [f"{number * 7919 % 10_000}" for number in range(18)]


@pytest.fixture(scope="module", autouse=True)
def backbone():
    """Register the backbone for these tests only."""
    RECOGNIZER_BACKBONES.register("quantization_test")(ThreeConvolutions)
    yield
    del RECOGNIZER_BACKBONES._entries["quantization_test"]


@pytest.fixture(scope="module")
def run(tmp_path_factory, backbone):
    """A small recognizer with random weights."""
    torch.manual_seed(0)
    settings = {"backbone": "quantization_test", "backbone_scale": 1.0, "neck_hidden": 8, "head_dim": 16}
    preprocessing = RecognizerPreprocessing(width_step=8)
    charset = Charset(tuple("0123456789"))
    run = create_run(tmp_path_factory.mktemp("int8") / "run", {"network": settings}, preprocessing, charset)
    run.save_weights(Recognizer(RecognizerConfig(11, **settings)))
    return run


def test_int8_file_is_smaller_and_reads_alike(run, draw_lines, tmp_path):
    labels, messages = draw_lines(tmp_path / "lines", TEXTS), []
    export_onnx(run, tmp_path / "int8.onnx", messages.append, int8=labels)
    assert "int8: 5 of 5 layers; " in messages[0]
    assert "normalized edit similarity on 12 images" in messages[0]
    content = (tmp_path / "int8.onnx").read_bytes()
    expected, _ = to_onnx(run)
    assert len(content) < len(expected)
    model, original = onnx.load_from_string(content), onnx.load_from_string(expected)
    assert {node.op_type for node in model.graph.node} >= {"QuantizeLinear", "DequantizeLinear", "LSTM"}
    assert {entry.domain for entry in model.opset_import} <= {"", "ai.onnx.ml"}
    assert {p.key: p.value for p in original.metadata_props}.items() <= {
        p.key: p.value for p in model.metadata_props
    }.items()
    for one, other in ((model, original), (original, model)):
        assert [entry.name for entry in one.graph.input] == [entry.name for entry in other.graph.input]
    int8, plain = open_recognizer(tmp_path / "int8.onnx"), run.predictor()
    for shape in ((1, 3, 32, 64), (3, 3, 32, 160)):
        images = torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1
        assert int8.engine(images).shape == plain.engine(images).shape
        assert (int8.engine(images) - plain.engine(images)).abs().mean() < 0.05


def test_sources_that_do_not_fit_are_refused(run, draw_lines, draw_scenes, tmp_path):
    content, _ = to_onnx(run)
    with pytest.raises(InputError, match="holds scenes: quantize a recognizer with labelled lines"):
        quantize(content, run, draw_scenes(tmp_path / "scenes", 2))
    with pytest.raises(InputError, match=r"has 3 lines that can be read: quantization needs 12"):
        quantize(content, run, draw_lines(tmp_path / "lines", TEXTS[:3]))
    with pytest.raises(InputError):
        export_onnx(run, tmp_path / "out.onnx", int8=tmp_path / "missing")
    assert not (tmp_path / "out.onnx").exists()


@given(st.integers(1, 40), st.integers(0, 40))
def test_bisection_finds_the_largest_count(limit, last):
    asked = []

    def is_good(count):
        asked.append(count)
        return count <= last

    assert largest_count(limit, is_good) == min(last, limit)
    assert len(asked) <= 6
    assert 0 not in asked
