"""Layers and weights of ONNX files, and the layers of torch modules to compare them with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch import nn

from pipelines.inference.engine import require_onnx
from synthtext.core import InputError

LayerKind: TypeAlias = Literal[
    "convolution", "transposed convolution", "batch normalisation", "LSTM", "bidirectional LSTM", "linear layer"
]


@dataclass(frozen=True)
class LayerSpec:
    """The shape of a layer: the weights of one layer fit another layer of equal shape.

    Attributes:
        kind: of the layer.
        inputs: input channels or features.
        outputs: output channels or features; of an LSTM, of one direction.
        kernel: height and width; (1, 1) for layers without a kernel.
        stride: vertical and horizontal.
        groups: of a convolution.
        has_bias: whether the layer has a bias.
    """

    kind: LayerKind
    inputs: int
    outputs: int
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    groups: int = 1
    has_bias: bool = False

    def __str__(self) -> str:
        if self.kind == "batch normalisation":
            return f"a batch normalisation of {self.outputs} channels"
        size = f"{self.inputs} to {self.outputs}"
        bias = "" if self.has_bias else " without bias"
        if self.kind == "linear layer":
            return f"a linear layer {size}{bias}"
        if self.kind in ("LSTM", "bidirectional LSTM"):
            return f"a layer {size} of a {self.kind}"
        down, across = self.stride
        groups = f", {self.groups} groups" if self.groups > 1 else ""
        return f"a {self.kind} {self.kernel[0]}x{self.kernel[1]}, {size}, stride {down}x{across}{groups}{bias}"


def layer_specs(module: nn.Module) -> tuple[LayerSpec, ...] | None:
    """Return the layers of a torch module; None if it has no weights itself, or is of an unsupported kind."""
    match module:
        case nn.ConvTranspose2d() | nn.Conv2d():
            kind: LayerKind = "transposed convolution" if isinstance(module, nn.ConvTranspose2d) else "convolution"
            kernel, stride = ((size[0], size[1]) for size in (module.kernel_size, module.stride))
            sizes = (module.in_channels, module.out_channels, kernel, stride, module.groups)
            return (LayerSpec(kind, *sizes, has_bias=module.bias is not None),)
        case nn.BatchNorm2d():
            return (LayerSpec("batch normalisation", module.num_features, module.num_features, has_bias=True),)
        case nn.LSTM():
            kind = "bidirectional LSTM" if module.bidirectional else "LSTM"
            width = module.hidden_size * (2 if module.bidirectional else 1)
            inputs = [module.input_size] + [width] * (module.num_layers - 1)
            return tuple(LayerSpec(kind, size, module.hidden_size, has_bias=True) for size in inputs)
        case nn.Linear():
            bias = module.bias is not None
            return (LayerSpec("linear layer", module.in_features, module.out_features, has_bias=bias),)
        case _:
            return None


FloatArray = NDArray[np.float32]

# Operators that converters insert between a weight and its layer.
_FOLDED = ("Slice", "Concat", "Unsqueeze", "Squeeze", "Reshape", "Transpose", "Identity")
_DEFAULT_DOMAIN = ("", "ai.onnx")  # both names of the domain of the standard operators
# Positions of torch's gates (input, forget, cell, output) in the order of ONNX (input, output, forget, cell).
_LSTM_GATES = (0, 2, 3, 1)


class LayerWeights(NamedTuple):
    """A layer, its arrays by torch's names of parameters and buffers, and the name of its output in the file."""

    layer: LayerSpec
    arrays: Mapping[str, FloatArray]
    name: str


def read_layers(model: Any, path: Path) -> list[LayerWeights]:
    """Return the layers with weights of an ONNX network; raises InputError if a layer's weights are not constants."""
    return list(_Graph(model).layers(path))


def load_onnx(path: Path) -> Any:
    """Load an ONNX file as a `ModelProto`; raises InputError if it is missing or damaged, or onnx is not installed."""
    library = require_onnx()
    try:
        model = library.load(str(path))
        library.checker.check_model(model)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception as error:  # protobuf and the checker define many exceptions
        reason = " ".join(str(error).split())[:150]
        raise InputError(f"{path} is damaged or not an ONNX file ({reason})") from None
    if not model.graph.node:
        raise InputError(f"{path} is damaged or not an ONNX file (it has no graph)")
    return model


def read_metadata(model: Any) -> dict[str, str]:
    """Return the metadata of a network."""
    return {entry.key: entry.value for entry in model.metadata_props}


def with_metadata(content: bytes, metadata: Mapping[str, str]) -> bytes:
    """Return the content of an ONNX file with metadata added."""
    model = require_onnx().load_from_string(content)
    require_onnx().helper.set_model_props(model, dict(metadata))
    result: bytes = model.SerializeToString()
    return result


def with_floor_resize(model: Any) -> bytes:
    """Return the content of an ONNX file whose nearest-neighbour resizing rounds down, that is, repeats cells.

    The file of the published detector leaves the rounding at its default, which shifts the coarse levels of the
    feature pyramid by a part of a cell; the network was trained with repeated cells.
    """
    library = require_onnx()
    changed = type(model)()
    changed.CopyFrom(model)
    for node in changed.graph.node:
        attributes = _attributes(node)
        if node.op_type == "Resize" and attributes.get("mode", b"nearest") == b"nearest":
            kept = [attribute for attribute in node.attribute if attribute.name != "nearest_mode"]
            del node.attribute[:]
            node.attribute.extend([*kept, library.helper.make_attribute("nearest_mode", "floor")])
    result: bytes = changed.SerializeToString()
    return result


class _Graph:
    """An ONNX graph with folded constants."""

    def __init__(self, model: Any) -> None:
        # Operators of other domains are ignored; a file may have no operator of the standard one.
        self._nodes = [node for node in model.graph.node if node.domain in _DEFAULT_DOMAIN]
        self._opset = max((entry.version for entry in model.opset_import if entry.domain in _DEFAULT_DOMAIN), default=0)
        to_array = require_onnx().numpy_helper.to_array
        self._constants: dict[str, NDArray[Any]] = {item.name: to_array(item) for item in model.graph.initializer}
        self._users: dict[str, list[Any]] = {}
        for node in self._nodes:
            if node.op_type == "Constant":
                (value,) = _attributes(node).values()
                self._constants[node.output[0]] = to_array(value) if hasattr(value, "dims") else np.array(value)
            elif node.op_type in _FOLDED and all(name in self._constants for name in node.input if name):
                self._constants[node.output[0]] = self._fold(node)
            for name in node.input:
                self._users.setdefault(name, []).append(node)

    def _fold(self, node: Any) -> NDArray[Any]:
        library = require_onnx()
        inputs = {name: self._constants[name] for name in node.input if name}
        untyped = library.helper.make_empty_tensor_value_info
        graph = library.helper.make_graph([node], "constants", list(map(untyped, inputs)), [untyped(node.output[0])])
        result: NDArray[Any] = library.reference.ReferenceEvaluator(graph, {"": self._opset}).run(None, inputs)[0]
        return result

    def layers(self, path: Path) -> Iterator[LayerWeights]:
        readers = {"BatchNormalization": self._norm, "LSTM": self._lstm}
        readers |= dict.fromkeys(("Conv", "ConvTranspose"), self._convolution)
        readers |= dict.fromkeys(("MatMul", "Gemm"), self._linear)
        for node in self._nodes:
            if node.op_type not in readers or self._is_product(node):
                continue
            try:
                layer, arrays = readers[node.op_type](node)
            except KeyError:
                raise InputError(
                    f"{path}: the weights of {node.op_type} {node.output[0]!r} are not constants; "
                    "export the network with its weights in the file"
                ) from None
            yield LayerWeights(layer, arrays, node.output[0])

    def _is_product(self, node: Any) -> bool:
        """Whether a matrix product is not a linear layer: it has no weights, as in attention, or not two dimensions."""
        weight = self._constants.get(node.input[1])
        return node.op_type == "MatMul" and (weight is None or weight.ndim != 2)

    def _convolution(self, node: Any) -> tuple[LayerSpec, Mapping[str, FloatArray]]:
        attributes, weight = _attributes(node), self._constants[node.input[1]]
        is_transposed, groups = node.op_type == "ConvTranspose", attributes.get("group", 1)
        first, second, *kernel = weight.shape
        arrays = {"weight": weight}
        bias = self._constants[node.input[2]] if len(node.input) > 2 else self._added_bias(node)
        if bias is not None:
            arrays["bias"] = bias.reshape(-1)
        layer = LayerSpec(
            "transposed convolution" if is_transposed else "convolution",
            first if is_transposed else second * groups,
            second * groups if is_transposed else first,
            (kernel[0], kernel[1] if len(kernel) > 1 else 1),
            tuple(attributes.get("strides", (1, 1))),
            groups,
            bias is not None,
        )
        return layer, arrays

    def _added_bias(self, node: Any) -> NDArray[Any] | None:
        """The constant that a following Add node adds to the output of a node."""
        users = self._users.get(node.output[0], [])
        if len(users) != 1 or users[0].op_type != "Add":
            return None
        return next((self._constants[name] for name in users[0].input if name in self._constants), None)

    def _norm(self, node: Any) -> tuple[LayerSpec, Mapping[str, FloatArray]]:
        names = ("weight", "bias", "running_mean", "running_var")
        arrays = {name: self._constants[key] for name, key in zip(names, node.input[1:], strict=True)}
        channels = len(arrays["weight"])
        return LayerSpec("batch normalisation", channels, channels, has_bias=True), arrays

    def _lstm(self, node: Any) -> tuple[LayerSpec, Mapping[str, FloatArray]]:
        weight, recurrent, bias = (self._constants[name] for name in node.input[1:4])
        directions, hidden = weight.shape[0], recurrent.shape[2]
        arrays: dict[str, FloatArray] = {}
        for direction, suffix in zip(range(directions), ("", "_reverse"), strict=False):
            parts = (weight[direction], recurrent[direction], *np.split(bias[direction], 2))
            for name, array in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), parts, strict=True):
                arrays[f"{name}_l{{}}{suffix}"] = np.concatenate([np.split(array, 4)[gate] for gate in _LSTM_GATES])
        kind: LayerKind = "bidirectional LSTM" if directions == 2 else "LSTM"
        return LayerSpec(kind, weight.shape[2], hidden, has_bias=True), arrays

    def _linear(self, node: Any) -> tuple[LayerSpec, Mapping[str, FloatArray]]:
        weight = self._constants[node.input[1]]
        if not (node.op_type == "Gemm" and _attributes(node).get("transB")):
            weight = weight.T
        bias = self._constants[node.input[2]] if len(node.input) > 2 else self._added_bias(node)
        arrays = {"weight": weight} | ({} if bias is None else {"bias": bias.reshape(-1)})
        outputs, inputs = weight.shape
        return LayerSpec("linear layer", inputs, outputs, has_bias=bias is not None), arrays


def _attributes(node: Any) -> dict[str, Any]:
    return {attribute.name: require_onnx().helper.get_attribute_value(attribute) for attribute in node.attribute}
