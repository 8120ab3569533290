"""Weights of an ONNX file into a network of ours, layer by layer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    """A layer of a network of ours, and where its weights go.

    Attributes:
        layer: what it is.
        name: of the module ("backbone.conv1.conv").
        module: that holds the parameters.
        number: of the layer in the module, for an LSTM of several.
    """

    layer: LayerSpec
    name: str
    module: nn.Module
    index: int

    def load(self, weights: LayerWeights) -> None:
        """Take the weights of a layer that is alike."""
        tensors = self.module.state_dict(keep_vars=True)
        with torch.no_grad():
            for name, array in weights.arrays.items():
                values = torch.from_numpy(np.ascontiguousarray(array, np.float32))
                tensors[name.format(self.index)].copy_(values)


def module_layers(model: Model, forward: Callable[[Model], object]) -> list[ModuleLayer]:
    """The layers of a network in the order in which they are used.

    Args:
        model: the network.
        run: uses it once.
    """
    used: list[tuple[str, nn.Module]] = []
    handles = [
        module.register_forward_hook(_note(used, name, module))
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


def _note(
    used: list[tuple[str, nn.Module]], name: str, module: nn.Module
) -> Callable[[nn.Module, tuple[Tensor, ...], object], None]:
    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], _output: object) -> None:
        used.append((name, module))

    return hook


@dataclass(frozen=True)
class LayerMismatch:
    """The first place where a file and a network of ours differ.

    Attributes:
        position: of the layer, from 0.
        file_layer: the file's layer; None where it has no more.
        model_layer: ours; None where there are no more.
    """

    position: int
    file_layer: LayerWeights | None
    model_layer: ModuleLayer | None

    def __str__(self) -> str:
        there = (
            "there are no more layers"
            if self.file_layer is None
            else f"{self.file_layer.name!r} is {self.file_layer.layer}"
        )
        here = "nothing more" if self.model_layer is None else str(self.model_layer.layer)
        return f"layer {self.position + 1}: {there}, where this architecture has {here}"


def first_mismatch(there: Sequence[LayerWeights], here: Sequence[ModuleLayer]) -> LayerMismatch | None:
    """Compare layers one by one; None if all are alike."""
    for position in range(max(len(there), len(here))):
        weights = there[position] if position < len(there) else None
        slot = here[position] if position < len(here) else None
        if weights is None or slot is None or weights.layer != slot.layer:
            return LayerMismatch(position, weights, slot)
    return None


def load_matching(
    file: Path, layers: Sequence[LayerWeights], models: Sequence[Model], forward: Callable[[Model], object]
) -> Model:
    """Fill the one of several networks whose layers are those of a file.

    Args:
        file: is named in the error.
        layers: of the file.
        models: at least one.
        forward: uses a network once; layers that it does not use keep their weights.

    Raises:
        InputError: none is alike; the sentence names the first layer that differs from the most similar one.
    """
    nearest: LayerMismatch | None = None
    for model in models:
        slots = module_layers(model, forward)
        difference = first_mismatch(layers, slots)
        if difference is None:
            for weights, slot in zip(layers, slots, strict=True):
                slot.load(weights)
            return model
        if nearest is None or difference.position > nearest.position:
            nearest = difference
    raise InputError(f"{file} is of another architecture: {nearest}")
