"""PP-LCNet as in the PP-OCRv2 recognizer: separable convolutions, hard swish, squeeze-and-excitation at the end."""

from typing import NamedTuple

from torch import Tensor, nn

from models.backbones.base import RECOGNIZER_BACKBONES, QuarterWidthBackbone
from models.conv import ConvNormAct, SqueezeExcitation, init_weights, scale_channels


class SeparableBlockConfig(NamedTuple):
    """One depthwise separable block with its channels at scale 1."""

    kernel: int
    in_channels: int
    out_channels: int
    stride: tuple[int, int]  # vertical, horizontal
    use_se: bool


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
    """Depthwise convolution, optional squeeze-and-excitation, pointwise convolution; no residual connection."""

    def __init__(self, config: SeparableBlockConfig, scale: float) -> None:
        super().__init__()
        in_channels = scale_channels(config.in_channels, scale)
        self.depthwise = ConvNormAct(in_channels, in_channels, config.kernel, config.stride, depthwise=True)
        self.squeeze = SqueezeExcitation(in_channels) if config.use_se else nn.Identity()
        self.pointwise = ConvNormAct(in_channels, scale_channels(config.out_channels, scale), 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H / stride[0], W / stride[1])."""
        out: Tensor = self.pointwise(self.squeeze(self.depthwise(x)))
        return out


@RECOGNIZER_BACKBONES.register("lcnet")
class PPLCNet(QuarterWidthBackbone):
    """The backbone of the PP-OCRv2 recognizer (PP-OCRv2, section 2.2.1: PP-LCNet with strides that keep the width).

    Args:
        scale: multiplies the channels, 1024 at scale 1; 0.5 is the published recognizer (1,016,160 parameters).
    """

    def __init__(self, scale: float = 0.5) -> None:
        super().__init__()
        self.channels = scale_channels(LCNET_BLOCKS[-1].out_channels, scale)
        self.conv1 = ConvNormAct(3, scale_channels(LCNET_BLOCKS[0].in_channels, scale), 3, (2, 2))
        self.blocks = nn.Sequential(*(SeparableBlock(config, scale) for config in LCNET_BLOCKS))
        self.pool = nn.MaxPool2d(2)
        self.apply(init_weights)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) normalised images, H 32 or 48 -> (B, channels, 1, T), T = `time_steps(W)`."""
        out: Tensor = self.pool(self.blocks(self.conv1(images)))
        return out
