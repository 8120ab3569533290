"""Matching of an ONNX file's layers with those of a torch network, to copy the weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from pipelines.inference.onnx_graph import LayerSpec, LayerWeights, layer_specs
from synthtext.core import InputError

Model = TypeVar("Model", bound=nn.Module)


@dataclass(frozen=True)
class ModuleLayer:
    """A layer of a torch network.

    Attributes:
        layer: its shape.
        name: of the module, such as "backbone.conv1.conv".
        module: holds the parameters.
        index: of the layer in the module, for an LSTM of several layers.
    """

    layer: LayerSpec
    name: str
    module: nn.Module
    index: int

    def load(self, weights: LayerWeights) -> None:
        """Copy the weights of a layer of equal shape."""
        tensors = self.module.state_dict(keep_vars=True)
        with torch.no_grad():
            for name, array in weights.arrays.items():
                values = torch.from_numpy(np.ascontiguousarray(array, np.float32))
                tensors[name.format(self.index)].copy_(values)


def module_layers(model: Model, forward: Callable[[Model], object]) -> list[ModuleLayer]:
    """Return the layers of a network in the order in which they are used.

    Args:
        model: the network.
        forward: calls it once.
    """
    used: list[tuple[str, nn.Module]] = []
    handles = [
        module.register_forward_hook(_record(used, name, module))
        for name, module in model.named_modules()
        if layer_specs(module) is not None
    ]
    try:
        with torch.inference_mode():
            forward(model)
    finally:
        for handle in handles:
            handle.remove()
    return [
        ModuleLayer(layer, name, module, number)
        for name, module in used
        for number, layer in enumerate(layer_specs(module) or ())
    ]


def _record(
    used: list[tuple[str, nn.Module]], name: str, module: nn.Module
) -> Callable[[nn.Module, tuple[Tensor, ...], object], None]:
    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], _output: object) -> None:
        used.append((name, module))

    return hook


@dataclass(frozen=True)
class LayerMismatch:
    """The first layer that differs between a file and a torch network.

    Attributes:
        position: of the layer, from 0.
        file_layer: the file's layer; None: the file has no more layers.
        model_layer: the network's layer; None: the network has no more layers.
    """

    position: int
    file_layer: LayerWeights | None
    model_layer: ModuleLayer | None

    def __str__(self) -> str:
        layer = self.file_layer
        actual = "the file has no more layers" if layer is None else f"{layer.name!r} is {layer.layer}"
        expected = "no more layers" if self.model_layer is None else str(self.model_layer.layer)
        return f"layer {self.position + 1}: {actual}; expected {expected}"


def first_mismatch(file_layers: Sequence[LayerWeights], model_layers: Sequence[ModuleLayer]) -> LayerMismatch | None:
    """Compare layers one by one; return None if all are equal."""
    for position, (weights, slot) in enumerate(zip_longest(file_layers, model_layers)):
        if weights is None or slot is None or weights.layer != slot.layer:
            return LayerMismatch(position, weights, slot)
    return None


def load_matching(
    file: Path, layers: Sequence[LayerWeights], models: Sequence[Model], forward: Callable[[Model], object]
) -> Model:
    """Copy the weights of a file into the first of several networks whose layers match.

    Args:
        file: for error messages.
        layers: of the file.
        models: at least one.
        forward: calls a network once; layers that it does not use keep their weights.

    Returns:
        The network with the weights of the file.

    Raises:
        InputError: no network matches; the message names the first layer that differs from the most similar network.
    """
    nearest: LayerMismatch | None = None
    for model in models:
        slots = module_layers(model, forward)
        mismatch = first_mismatch(layers, slots)
        if mismatch is None:
            for weights, slot in zip(layers, slots, strict=True):
                slot.load(weights)
            return model
        if nearest is None or mismatch.position > nearest.position:
            nearest = mismatch
    raise InputError(f"{file} has another architecture: {nearest}")
