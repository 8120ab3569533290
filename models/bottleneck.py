"""The inverted residual block that both MobileNetV3 are made of."""

from typing import NamedTuple

from torch import Tensor, nn

from models.conv import Activation, ConvNorm, scaled
from models.squeeze import SqueezeExcite


class BottleneckShape(NamedTuple):
    """One inverted residual block, its widths at scale 1."""

    kernel: int
    hidden: int
    outputs: int
    activation: Activation
    stride: tuple[int, int]  # down, across
    squeeze: bool = False


class Bottleneck(nn.Module):
    """Widen, convolve every channel alone, squeeze and excite if asked for, narrow.

    The input is added where the shapes agree.
    """

    def __init__(self, inputs: int, shape: BottleneckShape, scale: float) -> None:
        super().__init__()
        hidden, outputs, act = scaled(shape.hidden, scale), scaled(shape.outputs, scale), shape.activation
        self.expand = ConvNorm(inputs, hidden, 1, activation=act)
        self.depthwise = ConvNorm(hidden, hidden, shape.kernel, shape.stride, depthwise=True, activation=act)
        self.squeeze = SqueezeExcite(hidden) if shape.squeeze else nn.Identity()
        self.project = ConvNorm(hidden, outputs, 1, activation="none")
        self.channels = outputs
        self._is_residual = shape.stride == (1, 1) and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, channels, H / down, W / across)."""
        out: Tensor = self.project(self.squeeze(self.depthwise(self.expand(x))))
        return x + out if self._is_residual else out
