"""`ocrmill import-model`: the weights of an ONNX file into a RUN."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from models.backbones.lcnet import LCNET_BLOCKS
from models.backbones.mobilenet_v3 import LARGE_STEM_CHANNELS
from models.detector import Detector, DetectorConfig
from models.recognizer import Recognizer, RecognizerConfig
from pipelines.config import SettingsDict
from pipelines.inference.engine import (
    Engine,
    has_onnxruntime,
    onnx_engine,
    open_onnx_session,
    torch_detector,
    torch_recognizer,
)
from pipelines.inference.onnx_graph import LayerKind as LayerKind
from pipelines.inference.onnx_graph import LayerWeights, load_onnx, read_layers, read_metadata, with_floor_resize
from pipelines.inference.onnx_match import load_matching
from pipelines.inference.onnx_metadata import (
    read_detector_preprocessing,
    read_postprocessing,
    read_recognizer_preprocessing,
    resolve_model_charset,
)
from pipelines.inference.run import ModelKind, Run
from synthtext.core import InputError

IMPORT_TOLERANCE = 1e-3
"""Largest difference of a probability between the file and what was made of it."""

_SIDE = 64
"""Of the picture that shows which layers are used."""


def import_onnx(
    file: Path, kind: ModelKind, out: Path, charset: Path | None = None, say: Callable[[str], None] = print
) -> Run:
    """Put the weights of an ONNX file into a network of ours, and that into a RUN.

    Args:
        file: a recognizer or detector of PP-OCRv2's architecture, its batch normalisation not folded.
        kind: what it is.
        out: the RUN's folder, new or empty.
        charset: dictionary of a recognizer, one character a line; needed unless the file names its characters or has
            as many as the published one.
        say: is told what was done, a line at a time.

    Raises:
        InputError: the file is no such network (the sentence names the first layer that differs), the dictionary does
            not fit, or `out` holds something.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not empty; name a new folder")
    if charset is not None and kind == "detector":
        raise InputError("a detector has no charset: leave --charset out")
    content = load_onnx(file)
    layers = read_layers(content, file)
    if kind == "recognizer":
        return _import_recognizer(file, content, layers, out, charset, say)
    return _import_detector(file, content, layers, out, say)


def _import_recognizer(
    file: Path,
    content: Any,
    layers: Sequence[LayerWeights],
    out: Path,
    dictionary: Path | None,
    say: Callable[[str], None],
) -> Run:
    preprocessing = read_recognizer_preprocessing(read_metadata(content), file)
    probe = torch.zeros(1, 3, preprocessing.height, _SIDE)
    model = Recognizer(_recognizer_config(layers, preprocessing.height)).eval()
    load_matching(file, layers, [model], lambda m: m(probe))
    charset = resolve_model_charset(read_metadata(content), model.config.num_classes, dictionary, file)
    difference = _difference(file, content, torch_recognizer(model), probe)
    network = {name: value for name, value in asdict(model.config).items() if name not in ("num_classes", "height")}
    run = Run.create(out, _config("recognizer", file, network), preprocessing, charset)
    run.save_weights(model)
    say(f"{out}: {_parameters(model)} parameters, {len(charset):,} characters{difference}")
    return run


def _import_detector(
    file: Path, content: Any, layers: Sequence[LayerWeights], out: Path, say: Callable[[str], None]
) -> Run:
    metadata, probe = read_metadata(content), torch.zeros(1, 3, _SIDE, _SIDE)
    torch.manual_seed(0)  # of the threshold map
    candidates = [Detector(config).eval() for config in _detector_configs(layers)]
    model = load_matching(file, layers, candidates, lambda m: m.probability(probe))
    difference = _difference(file, content, torch_detector(model), probe)
    boxes = read_postprocessing(metadata, file)
    config = _config("detector", file, asdict(model.config)) | {"boxes": asdict(boxes)}
    run = Run.create(out, config, read_detector_preprocessing(metadata, file))
    run.save_weights(model)
    fresh = _parameters(model.head.threshold)
    say(f"{out}: {_parameters(model)} parameters{difference}")
    say(f"  {fresh} of them are fresh: the file has no threshold map, which only training needs")
    return run


def _recognizer_config(layers: Sequence[LayerWeights], height: int) -> RecognizerConfig:
    """The sizes that the layers suggest; where there is no such layer, the published ones."""
    scale = layers[0].layer.outputs / LCNET_BLOCKS[0].in_channels if layers else 0.5
    hidden = _outputs(layers, "bidirectional LSTM", [64])[0]
    mid, classes = _outputs(layers, "linear layer", [96, 2])[-2:]
    return RecognizerConfig(max(classes, 2), min(scale, 4.0), height, max(hidden, 1), mid)


def _detector_configs(layers: Sequence[LayerWeights]) -> list[DetectorConfig]:
    scale = layers[0].layer.outputs / LARGE_STEM_CHANNELS if layers else 0.5
    channels = 4 * _outputs(layers, "transposed convolution", [24])[0]
    return [
        DetectorConfig(backbone_scale=min(scale, 4.0), neck_channels=channels),
        DetectorConfig("resnet18", 1.0, channels),
    ]


def _outputs(layers: Sequence[LayerWeights], kind: LayerKind, default: list[int]) -> list[int]:
    found = [weights.layer.outputs for weights in layers if weights.layer.kind == kind]
    return found if len(found) >= len(default) else default


def _difference(file: Path, content: Any, engine: Engine, like: torch.Tensor) -> str:
    """Compare with the file on a noisy picture, if it can be run: the same layers may be put together in other ways."""
    if not has_onnxruntime():
        return ""
    images = torch.rand(like.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    there = onnx_engine(open_onnx_session(with_floor_resize(content)))(images)
    here = engine(images)
    largest = float((there - here).abs().max()) if there.shape == here.shape else float("inf")
    if not largest <= IMPORT_TOLERANCE:
        raise InputError(
            f"{file} is of another architecture: its layers are alike, but on the same picture its output differs "
            f"by {largest:.3g}"
        )
    return f"; output within {largest:.1g} of the file's"


def _config(kind: ModelKind, file: Path, network: SettingsDict) -> SettingsDict:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {"kind": kind, "imported": {"file": file.name, "sha256": digest}, "network": network}


def _parameters(model: torch.nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in model.parameters()):,}"
