"""PP-LCNet as the PP-OCRv2 recognizer uses it: separable convolutions, hard swish, squeeze and excite at the end."""

from typing import NamedTuple

from torch import Tensor, nn

from models.conv import ConvNormAct, init_weights, scale_channels
from models.squeeze import SqueezeExcitation
from synthtext.core import InputError

SUPPORTED_HEIGHTS = (32, 48)


class SeparableBlockConfig(NamedTuple):
    """One depthwise separable block, its widths at scale 1."""

    kernel: int
    in_channels: int
    out_channels: int
    stride: tuple[int, int]  # down, across
    squeeze: bool


LCNET_BLOCKS = (
    SeparableBlockConfig(3, 32, 64, (1, 1), False),
    SeparableBlockConfig(3, 64, 128, (1, 1), False),
    SeparableBlockConfig(3, 128, 128, (1, 1), False),
    SeparableBlockConfig(3, 128, 256, (2, 1), False),
    SeparableBlockConfig(3, 256, 256, (1, 1), False),
    SeparableBlockConfig(3, 256, 512, (2, 1), False),
    *[SeparableBlockConfig(5, 512, 512, (1, 1), False)] * 5,
    SeparableBlockConfig(5, 512, 1024, (2, 1), True),
    SeparableBlockConfig(5, 1024, 1024, (1, 1), True),
)


class SeparableBlock(nn.Module):
    """Depthwise convolution, squeeze and excite if asked for, pointwise convolution; no residual."""

    def __init__(self, shape: SeparableBlockConfig, scale: float) -> None:
        super().__init__()
        inputs, outputs = scale_channels(shape.in_channels, scale), scale_channels(shape.out_channels, scale)
        self.depthwise = ConvNormAct(inputs, inputs, shape.kernel, shape.stride, depthwise=True)
        self.squeeze = SqueezeExcitation(inputs) if shape.squeeze else nn.Identity()
        self.pointwise = ConvNormAct(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / down, W / across)."""
        out: Tensor = self.pointwise(self.squeeze(self.depthwise(x)))
        return out


class PPLCNet(nn.Module):
    """The backbone of the PP-OCRv2 recognizer (PP-OCRv2, section 2.2.1: PP-LCNet with strides that keep the width).

    Args:
        scale: multiplies the widths; 0.5 is the published recognizer (1,016,160 parameters).

    Attributes:
        channels: of the output, 1024 at scale 1.
    """

    def __init__(self, scale: float = 0.5) -> None:
        super().__init__()
        if not 0 < scale <= 4:
            raise InputError(f"scale: a factor above 0 and at most 4, not {scale}")
        self.channels = scale_channels(LCNET_BLOCKS[-1].out_channels, scale)
        self.conv1 = ConvNormAct(3, scale_channels(LCNET_BLOCKS[0].in_channels, scale), 3, (2, 2))
        self.blocks = nn.Sequential(*(SeparableBlock(shape, scale) for shape in LCNET_BLOCKS))
        self.pool = nn.MaxPool2d(2)
        self.apply(init_weights)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) normalised images, H 32 or 48 -> (B, channels, 1, T), T = `time_steps(W)`."""
        out: Tensor = self.pool(self.blocks(self.conv1(images)))
        return out


def time_steps(width: int) -> int:
    """Steps that the backbone makes of an image `width` pixels wide: about a quarter."""
    return (width + 1) // 2 // 2


def valid_steps(widths: Tensor, steps: int) -> Tensor:
    """Steps (B,) of `steps` that see a line of so many columns (B,); the others see its padding alone."""
    return ((widths + 3) // 4).clamp(min=1, max=steps)
