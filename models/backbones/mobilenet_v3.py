"""MobileNetV3: "large" in the PP-OCRv2 detector, "small" with strides that keep the width in the first recognizer."""

from collections.abc import Iterable
from typing import NamedTuple

from torch import Tensor, nn

from models.backbones.base import DETECTOR_BACKBONES, RECOGNIZER_BACKBONES, DetectorBackbone, QuarterWidthBackbone
from models.conv import (
    Activation,
    ConvNormAct,
    SqueezeExcitation,
    forward_stages,
    init_weights,
    scale_channels,
)


class InvertedResidualConfig(NamedTuple):
    """One inverted residual block with its channels at scale 1."""

    kernel: int
    expanded_channels: int
    out_channels: int
    activation: Activation
    stride: tuple[int, int]  # vertical, horizontal
    use_se: bool = False


class InvertedResidual(nn.Module):
    """Expand, depthwise convolution, optional squeeze-and-excitation, project; residual where the shapes agree."""

    def __init__(self, in_channels: int, config: InvertedResidualConfig, scale: float) -> None:
        super().__init__()
        hidden, self.channels = (scale_channels(c, scale) for c in (config.expanded_channels, config.out_channels))
        act = config.activation
        self.expand = ConvNormAct(in_channels, hidden, 1, activation=act)
        self.depthwise = ConvNormAct(hidden, hidden, config.kernel, config.stride, depthwise=True, activation=act)
        self.squeeze = SqueezeExcitation(hidden) if config.use_se else nn.Identity()
        self.project = ConvNormAct(hidden, self.channels, 1, activation="none")
        self._is_residual = config.stride == (1, 1) and in_channels == self.channels

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, channels, H / stride[0], W / stride[1])."""
        out: Tensor = self.project(self.squeeze(self.depthwise(self.expand(x))))
        return x + out if self._is_residual else out


def _residual_blocks(
    in_channels: int, configs: Iterable[InvertedResidualConfig], scale: float
) -> list[InvertedResidual]:
    blocks: list[InvertedResidual] = []
    for config in configs:
        blocks.append(InvertedResidual(in_channels, config, scale))
        in_channels = blocks[-1].channels
    return blocks


MOBILENET_LARGE_STAGES = (
    (
        InvertedResidualConfig(3, 16, 16, "relu", (1, 1)),
        InvertedResidualConfig(3, 64, 24, "relu", (2, 2)),
        InvertedResidualConfig(3, 72, 24, "relu", (1, 1)),
    ),
    (
        InvertedResidualConfig(5, 72, 40, "relu", (2, 2)),
        *[InvertedResidualConfig(5, 120, 40, "relu", (1, 1))] * 2,
    ),
    (
        InvertedResidualConfig(3, 240, 80, "hardswish", (2, 2)),
        InvertedResidualConfig(3, 200, 80, "hardswish", (1, 1)),
        *[InvertedResidualConfig(3, 184, 80, "hardswish", (1, 1))] * 2,
        InvertedResidualConfig(3, 480, 112, "hardswish", (1, 1)),
        InvertedResidualConfig(3, 672, 112, "hardswish", (1, 1)),
    ),
    (
        InvertedResidualConfig(5, 672, 160, "hardswish", (2, 2)),
        *[InvertedResidualConfig(5, 960, 160, "hardswish", (1, 1))] * 2,
    ),
)
LARGE_STEM_CHANNELS, LARGE_LAST_CHANNELS = 16, 960


@DETECTOR_BACKBONES.register("mobilenet_v3")
class MobileNetV3Large(DetectorBackbone):
    """The detector's backbone (PP-OCRv2, section 2.1: MobileNetV3-large x0.5; released configuration: `disable_se`).

    Args:
        scale: multiplies the channels; 0.5 is the published detector.
    """

    def __init__(self, scale: float = 0.5) -> None:
        super().__init__()
        stages, channels = [], [scale_channels(LARGE_STEM_CHANNELS, scale)]
        self.stem = ConvNormAct(3, channels[0], 3, (2, 2))
        for configs in MOBILENET_LARGE_STAGES:
            blocks = _residual_blocks(channels[-1], configs, scale)
            stages.append(nn.Sequential(*blocks))
            channels.append(blocks[-1].channels)
        last = scale_channels(LARGE_LAST_CHANNELS, scale)
        stages[-1].append(ConvNormAct(channels[-1], last, 1))
        self.stages = nn.ModuleList(stages)
        self.channels = (*channels[1:-1], last)
        self.apply(init_weights)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(B, 3, H, W) normalised images, sides multiples of 32 -> four maps (B, channels[k], H / 4, W / 4) to / 32."""
        return forward_stages(self.stem(images), self.stages)


MOBILENET_SMALL_BLOCKS = (
    InvertedResidualConfig(3, 16, 16, "relu", (1, 1), use_se=True),
    InvertedResidualConfig(3, 72, 24, "relu", (2, 1)),
    InvertedResidualConfig(3, 88, 24, "relu", (1, 1)),
    InvertedResidualConfig(5, 96, 40, "hardswish", (2, 1), use_se=True),
    *[InvertedResidualConfig(5, 240, 40, "hardswish", (1, 1), use_se=True)] * 2,
    InvertedResidualConfig(5, 120, 48, "hardswish", (1, 1), use_se=True),
    InvertedResidualConfig(5, 144, 48, "hardswish", (1, 1), use_se=True),
    InvertedResidualConfig(5, 288, 96, "hardswish", (2, 1), use_se=True),
    *[InvertedResidualConfig(5, 576, 96, "hardswish", (1, 1), use_se=True)] * 2,
)
SMALL_STEM_CHANNELS, SMALL_LAST_CHANNELS = 16, 576


@RECOGNIZER_BACKBONES.register("mobilenet_v3")
class MobileNetV3Small(QuarterWidthBackbone):
    """The backbone of the first PP-OCR recognizer (PP-OCR, section 2.3: MobileNetV3-small; MobileNetV3, table 2).

    Args:
        scale: multiplies the channels, 576 at scale 1; 0.5 is the published recognizer.
    """

    def __init__(self, scale: float = 0.5) -> None:
        super().__init__()
        in_channels = scale_channels(SMALL_STEM_CHANNELS, scale)
        self.stem = ConvNormAct(3, in_channels, 3, (2, 2))
        blocks = _residual_blocks(in_channels, MOBILENET_SMALL_BLOCKS, scale)
        self.channels = scale_channels(SMALL_LAST_CHANNELS, scale)
        self.blocks = nn.Sequential(*blocks)
        self.last = ConvNormAct(blocks[-1].channels, self.channels, 1)
        self.pool = nn.MaxPool2d(2)
        self.apply(init_weights)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) normalised images, H 32 or 48 -> (B, channels, 1, T), T = `time_steps(W)`."""
        out: Tensor = self.pool(self.last(self.blocks(self.stem(images))))
        return out
