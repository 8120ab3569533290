"""A layer with weights, as an ONNX file and as a torch module have it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from torch import nn

Kind: TypeAlias = Literal[
    "convolution", "transposed convolution", "batch normalisation", "LSTM", "bidirectional LSTM", "linear layer"
]


@dataclass(frozen=True)
class Layer:
    """What two layers must share for the weights of one to fit the other.

    Attributes:
        kind: of the layer.
        inputs: channels or features that come in.
        outputs: channels or features that go out; of an LSTM, of one direction.
        kernel: height and width, 1 x 1 where there is none.
        stride: down and across.
        groups: of a convolution.
        has_bias: whether it adds one.
    """

    kind: Kind
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


def layers_of(module: nn.Module) -> tuple[Layer, ...] | None:
    """The layers that a torch module stands for; None if it has no weights of its own, or is of another kind."""
    match module:
        case nn.ConvTranspose2d() | nn.Conv2d():
            is_transposed = isinstance(module, nn.ConvTranspose2d)
            return (
                Layer(
                    "transposed convolution" if is_transposed else "convolution",
                    module.in_channels,
                    module.out_channels,
                    (module.kernel_size[0], module.kernel_size[1]),
                    (module.stride[0], module.stride[1]),
                    module.groups,
                    module.bias is not None,
                ),
            )
        case nn.BatchNorm2d():
            return (Layer("batch normalisation", module.num_features, module.num_features, has_bias=True),)
        case nn.LSTM():
            kind: Kind = "bidirectional LSTM" if module.bidirectional else "LSTM"
            width = module.hidden_size * (2 if module.bidirectional else 1)
            inputs = [module.input_size] + [width] * (module.num_layers - 1)
            return tuple(Layer(kind, size, module.hidden_size, has_bias=True) for size in inputs)
        case nn.Linear():
            bias = module.bias is not None
            return (Layer("linear layer", module.in_features, module.out_features, has_bias=bias),)
        case _:
            return None
