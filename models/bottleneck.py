"""The inverted residual block that both MobileNetV3 are made of."""

from typing import NamedTuple

from torch import Tensor, nn

from models.conv import Activation, ConvNormAct, scale_channels
from models.squeeze import SqueezeExcitation


class InvertedResidualConfig(NamedTuple):
    """One inverted residual block, its widths at scale 1."""

    kernel: int
    expanded_channels: int
    outputs: int
    activation: Activation
    stride: tuple[int, int]  # down, across
    use_se: bool = False


class InvertedResidual(nn.Module):
    """Widen, convolve every channel alone, squeeze and excite if asked for, narrow.

    The input is added where the shapes agree.
    """

    def __init__(self, inputs: int, shape: InvertedResidualConfig, scale: float) -> None:
        super().__init__()
        hidden, outputs, act = (
            scale_channels(shape.expanded_channels, scale),
            scale_channels(shape.outputs, scale),
            shape.activation,
        )
        self.expand = ConvNormAct(inputs, hidden, 1, activation=act)
        self.depthwise = ConvNormAct(hidden, hidden, shape.kernel, shape.stride, depthwise=True, activation=act)
        self.squeeze = SqueezeExcitation(hidden) if shape.use_se else nn.Identity()
        self.project = ConvNormAct(hidden, outputs, 1, activation="none")
        self.channels = outputs
        self._is_residual = shape.stride == (1, 1) and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, channels, H / down, W / across)."""
        out: Tensor = self.project(self.squeeze(self.depthwise(self.expand(x))))
        return x + out if self._is_residual else out
