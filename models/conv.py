"""The parts of backbones: convolution with batch normalisation and activation, and squeeze-and-excitation."""

from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.depthwise import DepthwiseConv2d
from synthtext.core import InputError

Activation: TypeAlias = Literal["hardswish", "relu", "none"]

_ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "hardswish": F.hardswish,
    "relu": F.relu,
    "none": lambda x: x,
}


class ConvNormAct(nn.Module):
    """Convolution without bias, batch normalisation and an activation; the padding is half the kernel.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel: height and width of the kernel, odd; one number: both.
        stride: vertical and horizontal stride.
        depthwise: one group per channel; `out_channels` equals `in_channels`.
        activation: name of the activation.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int | tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        *,
        depthwise: bool = False,
        activation: Activation = "hardswish",
    ) -> None:
        super().__init__()
        height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
        groups, padding = in_channels if depthwise else 1, (height // 2, width // 2)
        if depthwise and stride[1] == 1 and height == width:
            self.conv: nn.Conv2d = DepthwiseConv2d(in_channels, height, stride[0])
        else:
            size = (height, width)
            self.conv = nn.Conv2d(in_channels, out_channels, size, stride, padding, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)
        self._activate = _ACTIVATIONS[activation]

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H / stride[0], W / stride[1])."""
        return self._activate(self.norm(self.conv(x)))


class SqueezeExcitation(nn.Module):
    """Multiplies every channel by a gate in [0, 1] that is computed from the means of all channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels // 4, 1)
        self.conv2 = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape."""
        gate = self.conv2(F.relu(self.conv1(x.mean((2, 3), keepdim=True))))
        return x * F.hardsigmoid(gate)


def forward_stages(x: Tensor, stages: Iterable[nn.Module]) -> list[Tensor]:
    """Apply stages one after the other; return the output of each."""
    outputs: list[Tensor] = []
    for stage in stages:
        x = stage(x)
        outputs.append(x)
    return outputs


def scale_channels(channels: int, scale: float) -> int:
    """Return channels times scale, rounded to a multiple of 8 that is at most a tenth below the exact product.

    Raises:
        InputError: `scale` is not above 0 and at most 4.
    """
    if not 0 < scale <= 4:
        raise InputError(f"scale must be above 0 and at most 4, not {scale}")
    exact = channels * scale
    rounded = max(8, int(exact + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * exact else rounded


def init_weights(module: nn.Module) -> None:
    """Initialise a convolution: normal with variance 2 / fan-in, zero bias (released configuration)."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
