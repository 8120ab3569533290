"""The unit that every backbone is made of: convolution, batch normalisation, activation."""

from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.depthwise import DepthwiseConv2d

Activation: TypeAlias = Literal["hardswish", "relu", "none"]

_FUNCTIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "hardswish": F.hardswish,
    "relu": F.relu,
    "none": lambda x: x,
}


class ConvNormAct(nn.Module):
    """Convolution without bias, batch normalisation, an activation; half the kernel is padded.

    Args:
        inputs: channels that come in.
        outputs: channels that go out.
        kernel: side of the kernel, odd.
        stride: down and across.
        depthwise: every channel is convolved alone; `outputs` equals `inputs`.
        activation: the last step.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: tuple[int, int] = (1, 1),
        *,
        depthwise: bool = False,
        activation: Activation = "hardswish",
    ) -> None:
        super().__init__()
        self.conv = _convolution(inputs, outputs, kernel, stride, depthwise)
        self.norm = nn.BatchNorm2d(outputs)
        self._activate = _FUNCTIONS[activation]

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / down, W / across)."""
        return self._activate(self.norm(self.conv(x)))


def _convolution(inputs: int, outputs: int, kernel: int, stride: tuple[int, int], depthwise: bool) -> nn.Conv2d:
    if depthwise and stride[1] == 1:
        return DepthwiseConv2d(inputs, kernel, stride[0])
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=inputs if depthwise else 1, bias=False)


def forward_stages(x: Tensor, stages: Iterable[nn.Module]) -> list[Tensor]:
    """What comes out of every stage, one after the other."""
    maps: list[Tensor] = []
    for stage in stages:
        x = stage(x)
        maps.append(x)
    return maps


def scale_channels(channels: int, scale: float) -> int:
    """A width at a scale: rounded to the nearest multiple of 8, never more than a tenth below what was asked for."""
    wanted = channels * scale
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def init_weights(module: nn.Module) -> None:
    """Released configuration: normal with variance 2 / fan-in, no bias."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
