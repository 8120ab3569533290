"""Import of an ONNX file's weights into a run directory, by matching its layers with those of a torch network."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from itertools import zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch import nn

from models.backbones.lcnet import LCNET_BLOCKS
from models.backbones.mobilenet_v3 import LARGE_STEM_CHANNELS
from models.detector import Detector, DetectorConfig
from models.recognizer import Recognizer, RecognizerConfig
from pipelines.config import SettingsDict
from pipelines.datasets.preprocessing import DetectorPreprocessing
from pipelines.inference.engine import (
    Engine,
    has_onnxruntime,
    onnx_engine,
    open_onnx_session,
    torch_detector,
    torch_recognizer,
)
from pipelines.inference.onnx_graph import (
    LayerKind,
    LayerSpec,
    LayerWeights,
    layer_specs,
    load_onnx,
    read_layers,
    read_metadata,
    with_floor_resize,
)
from pipelines.inference.onnx_metadata import (
    PUBLISHED_PREPROCESSING,
    read_postprocessing,
    read_preprocessing,
    resolve_model_charset,
)
from pipelines.inference.run import ModelKind, Run, create_run
from pipelines.io.atomic import file_sha256
from synthtext.core import InputError

Model = TypeVar("Model", bound=nn.Module)

IMPORT_TOLERANCE = 1e-3
"""Largest allowed difference between a probability of the file and of the imported network."""

_PROBE_SIDE = 64  # pixels of the image that is used to trace the layers


def import_onnx(
    file: Path, kind: ModelKind, out: Path, charset: Path | None = None, log: Callable[[str], None] = print
) -> Run:
    """Copy the weights of an ONNX file into a network of this package, and write it as a run directory.

    Args:
        file: a recognizer or detector of PP-OCRv2's architecture, whose batch normalisation is not folded.
        kind: of the network.
        out: the run directory, new or empty.
        charset: dictionary of a recognizer, one character per line; required if the file does not contain its charset
            and has not as many classes as the published recognizer.
        log: called with one line of text at a time.

    Raises:
        InputError: the file has another architecture (the message names the first layer that differs), the dictionary
            does not fit, or `out` is not empty.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not empty; name a new folder")
    if charset is not None and kind == "detector":
        raise InputError("a detector has no charset: leave out --charset")
    if kind == "recognizer":
        return _import_recognizer(file, out, charset, log)
    return _import_detector(file, out, log)


def _import_recognizer(file: Path, out: Path, dictionary: Path | None, log: Callable[[str], None]) -> Run:
    onnx_model = load_onnx(file)
    layers, metadata = read_layers(onnx_model, file), read_metadata(onnx_model)
    preprocessing = read_preprocessing(metadata, file, PUBLISHED_PREPROCESSING)
    probe = torch.zeros(1, 3, preprocessing.height, _PROBE_SIDE)
    model = Recognizer(_recognizer_config(layers, preprocessing.height)).eval()
    load_matching(file, layers, [model], lambda m: m(probe))
    charset = resolve_model_charset(metadata, model.config.num_classes, dictionary, file)
    difference = _check_output(file, onnx_model, torch_recognizer(model), probe)
    sizes = {name: value for name, value in asdict(model.config).items() if name not in ("num_classes", "height")}
    run = create_run(out, _config("recognizer", file, sizes), preprocessing, charset)
    run.save_weights(model)
    log(f"{out}: {_parameter_count(model)} parameters, {len(charset):,} characters{difference}")
    return run


def _import_detector(file: Path, out: Path, log: Callable[[str], None]) -> Run:
    onnx_model, probe = load_onnx(file), torch.zeros(1, 3, _PROBE_SIDE, _PROBE_SIDE)
    layers, metadata = read_layers(onnx_model, file), read_metadata(onnx_model)
    torch.manual_seed(0)  # for the threshold map, which the file lacks
    candidates = [Detector(config).eval() for config in _detector_configs(layers)]
    model = load_matching(file, layers, candidates, lambda m: m.probability(probe))
    difference = _check_output(file, onnx_model, torch_detector(model), probe)
    postprocessing = read_postprocessing(metadata, file)
    config = _config("detector", file, asdict(model.config)) | {"postprocessing": asdict(postprocessing)}
    run = create_run(out, config, read_preprocessing(metadata, file, DetectorPreprocessing()))
    run.save_weights(model)
    log(f"{out}: {_parameter_count(model)} parameters{difference}")
    threshold = _parameter_count(model.head.threshold)
    log(f"  {threshold} of them are new: the file has no threshold map, which only training uses")
    return run


def _recognizer_config(layers: Sequence[LayerWeights], height: int) -> RecognizerConfig:
    """Infer the sizes from the layers; where there is no such layer, take the published ones."""
    scale = layers[0].layer.outputs / LCNET_BLOCKS[0].in_channels if layers else 0.5
    hidden = _outputs(layers, "bidirectional LSTM", [64])[0]
    head_dim, classes = _outputs(layers, "linear layer", [96, 2])[-2:]
    return RecognizerConfig(max(classes, 2), min(scale, 4.0), height, max(hidden, 1), head_dim)


def _detector_configs(layers: Sequence[LayerWeights]) -> list[DetectorConfig]:
    scale = layers[0].layer.outputs / LARGE_STEM_CHANNELS if layers else 0.5
    channels = 4 * _outputs(layers, "transposed convolution", [24])[0]
    return [
        DetectorConfig(backbone_scale=min(scale, 4.0), neck_channels=channels),
        DetectorConfig("resnet18", 1.0, channels),
    ]


def _outputs(layers: Sequence[LayerWeights], kind: LayerKind, default: list[int]) -> list[int]:
    outputs = [weights.layer.outputs for weights in layers if weights.layer.kind == kind]
    return outputs if len(outputs) >= len(default) else default


def _check_output(file: Path, onnx_model: Any, engine: Engine, like: torch.Tensor) -> str:
    """Compare the outputs on a random image, if onnxruntime is installed: the same layers can be connected differently.

    Returns the end of a sentence about the difference; raises InputError if it exceeds `IMPORT_TOLERANCE`.
    """
    if not has_onnxruntime():
        return ""
    images = torch.rand(like.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    expected = onnx_engine(open_onnx_session(with_floor_resize(onnx_model)))(images)
    output = engine(images)
    largest = float((expected - output).abs().max()) if expected.shape == output.shape else float("inf")
    if not largest <= IMPORT_TOLERANCE:
        raise InputError(
            f"{file} has another architecture: its layers are the same, but its output for one image differs by "
            f"{largest:.3g}"
        )
    return f"; output within {largest:.1g} of the file's"


def _config(kind: ModelKind, file: Path, network: SettingsDict) -> SettingsDict:
    return {"kind": kind, "imported": {"file": file.name, "sha256": file_sha256(file)}, "network": network}


def _parameter_count(model: torch.nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in model.parameters()):,}"


class ModuleLayer(NamedTuple):
    """A layer of a torch network: its shape, its module, and its number there (for an LSTM of several layers)."""

    layer: LayerSpec
    module: nn.Module
    number: int

    def load(self, weights: LayerWeights) -> None:
        """Copy the weights of a layer of equal shape."""
        tensors = self.module.state_dict(keep_vars=True)
        with torch.no_grad():
            for name, array in weights.arrays.items():
                values = torch.from_numpy(np.ascontiguousarray(array, np.float32))
                tensors[name.format(self.number)].copy_(values)


def module_layers(model: Model, forward: Callable[[Model], object]) -> list[ModuleLayer]:
    """Return the layers of a network in the order in which `forward` uses them."""
    used: list[nn.Module] = []

    def record(module: nn.Module, _inputs: object, _output: object) -> None:
        used.append(module)

    with ExitStack() as hooks, torch.inference_mode():
        for module in model.modules():
            if layer_specs(module) is not None:
                hooks.callback(module.register_forward_hook(record).remove)
        forward(model)
    return [
        ModuleLayer(layer, module, number) for module in used for number, layer in enumerate(layer_specs(module) or ())
    ]


def load_matching(
    file: Path, layers: Sequence[LayerWeights], models: Sequence[Model], forward: Callable[[Model], object]
) -> Model:
    """Copy the weights of a file's layers into the first of several networks whose layers match, and return it.

    Layers that `forward`, which calls a network once, does not use keep their weights.

    Raises:
        InputError: no network matches; the message names the first layer that differs from the most similar network.
    """
    mismatches = []
    for model in models:
        slots = module_layers(model, forward)
        mismatch = first_mismatch(layers, slots)
        if mismatch is None:
            for weights, slot in zip(layers, slots, strict=True):
                slot.load(weights)
            return model
        mismatches.append(mismatch)
    _, description = max(mismatches, key=itemgetter(0))
    raise InputError(f"{file} has another architecture: {description}")


def first_mismatch(layers: Sequence[LayerWeights], slots: Sequence[ModuleLayer]) -> tuple[int, str] | None:
    """Return position and description of the first layer that differs; None if all are equal."""
    for position, (weights, slot) in enumerate(zip_longest(layers, slots)):
        if weights is None or slot is None or weights.layer != slot.layer:
            actual = "the file has no more layers" if weights is None else f"{weights.name!r} is {weights.layer}"
            expected = "no more layers" if slot is None else str(slot.layer)
            return position, f"layer {position + 1}: {actual}; expected {expected}"
    return None
