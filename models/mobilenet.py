"""MobileNetV3-large without squeeze and excite: the backbone of the PP-OCRv2 detector."""

from torch import Tensor, nn

from models.bottleneck import InvertedResidual, InvertedResidualConfig
from models.conv import ConvNormAct, forward_stages, init_weights, scale_channels
from synthtext.core import InputError

MOBILENET_LARGE_STAGES = (
    (
        InvertedResidualConfig(3, 16, 16, "relu", (1, 1)),
        InvertedResidualConfig(3, 64, 24, "relu", (2, 2)),
        InvertedResidualConfig(3, 72, 24, "relu", (1, 1)),
    ),
    (
        InvertedResidualConfig(5, 72, 40, "relu", (2, 2)),
        InvertedResidualConfig(5, 120, 40, "relu", (1, 1)),
        InvertedResidualConfig(5, 120, 40, "relu", (1, 1)),
    ),
    (
        InvertedResidualConfig(3, 240, 80, "hardswish", (2, 2)),
        InvertedResidualConfig(3, 200, 80, "hardswish", (1, 1)),
        InvertedResidualConfig(3, 184, 80, "hardswish", (1, 1)),
        InvertedResidualConfig(3, 184, 80, "hardswish", (1, 1)),
        InvertedResidualConfig(3, 480, 112, "hardswish", (1, 1)),
        InvertedResidualConfig(3, 672, 112, "hardswish", (1, 1)),
    ),
    (
        InvertedResidualConfig(5, 672, 160, "hardswish", (2, 2)),
        InvertedResidualConfig(5, 960, 160, "hardswish", (1, 1)),
        InvertedResidualConfig(5, 960, 160, "hardswish", (1, 1)),
    ),
)
LARGE_STEM_CHANNELS, LARGE_LAST_CHANNELS = 16, 960


class MobileNetV3Large(nn.Module):
    """The detector's backbone (PP-OCRv2, section 2.1: MobileNetV3-large x0.5; released configuration: `disable_se`).

    Args:
        scale: multiplies the widths; 0.5 is the published detector.

    Attributes:
        channels: of the four maps.
    """

    def __init__(self, scale: float = 0.5) -> None:
        super().__init__()
        if not 0 < scale <= 4:
            raise InputError(f"scale: a factor above 0 and at most 4, not {scale}")
        self.stem = ConvNormAct(3, scale_channels(LARGE_STEM_CHANNELS, scale), 3, (2, 2))
        inputs, stages, channels = scale_channels(LARGE_STEM_CHANNELS, scale), [], []
        for shapes in MOBILENET_LARGE_STAGES:
            blocks: list[nn.Module] = []
            for shape in shapes:
                blocks.append(block := InvertedResidual(inputs, shape, scale))
                inputs = block.channels
            stages.append(blocks)
            channels.append(inputs)
        channels[-1] = scale_channels(LARGE_LAST_CHANNELS, scale)
        stages[-1].append(ConvNormAct(inputs, channels[-1], 1))
        self.stages = nn.ModuleList(nn.Sequential(*blocks) for blocks in stages)
        self.channels = tuple(channels)
        self.apply(init_weights)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(B, 3, H, W) normalised images, sides multiples of 32 -> four maps (B, channels[k], H / 4, W / 4) to / 32."""
        return forward_stages(self.stem(images), self.stages)
