"""MobileNetV3-large without squeeze and excite: the backbone of the PP-OCRv2 detector."""

from torch import Tensor, nn

from models.bottleneck import Bottleneck, BottleneckShape
from models.conv import ConvNorm, initialise, level_maps, scaled
from synthtext.core import InputError

STAGES = (
    (
        BottleneckShape(3, 16, 16, "relu", (1, 1)),
        BottleneckShape(3, 64, 24, "relu", (2, 2)),
        BottleneckShape(3, 72, 24, "relu", (1, 1)),
    ),
    (
        BottleneckShape(5, 72, 40, "relu", (2, 2)),
        BottleneckShape(5, 120, 40, "relu", (1, 1)),
        BottleneckShape(5, 120, 40, "relu", (1, 1)),
    ),
    (
        BottleneckShape(3, 240, 80, "hardswish", (2, 2)),
        BottleneckShape(3, 200, 80, "hardswish", (1, 1)),
        BottleneckShape(3, 184, 80, "hardswish", (1, 1)),
        BottleneckShape(3, 184, 80, "hardswish", (1, 1)),
        BottleneckShape(3, 480, 112, "hardswish", (1, 1)),
        BottleneckShape(3, 672, 112, "hardswish", (1, 1)),
    ),
    (
        BottleneckShape(5, 672, 160, "hardswish", (2, 2)),
        BottleneckShape(5, 960, 160, "hardswish", (1, 1)),
        BottleneckShape(5, 960, 160, "hardswish", (1, 1)),
    ),
)
STEM, LAST = 16, 960


class MobileNetV3(nn.Module):
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
        self.stem = ConvNorm(3, scaled(STEM, scale), 3, (2, 2))
        inputs, stages, channels = scaled(STEM, scale), [], []
        for shapes in STAGES:
            blocks: list[nn.Module] = []
            for shape in shapes:
                blocks.append(block := Bottleneck(inputs, shape, scale))
                inputs = block.channels
            stages.append(blocks)
            channels.append(inputs)
        channels[-1] = scaled(LAST, scale)
        stages[-1].append(ConvNorm(inputs, channels[-1], 1))
        self.stages = nn.ModuleList(nn.Sequential(*blocks) for blocks in stages)
        self.channels = tuple(channels)
        self.apply(initialise)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(B, 3, H, W) normalised images, sides multiples of 32 -> four maps (B, channels[k], H / 4, W / 4) to / 32."""
        return level_maps(self.stem(images), self.stages)
