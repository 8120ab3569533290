"""MobileNetV3-small with strides that keep the width: the backbone of the first PP-OCR recognizer."""

from torch import Tensor, nn

from models.bottleneck import InvertedResidual, InvertedResidualConfig
from models.conv import ConvNormAct, init_weights, scale_channels
from synthtext.core import InputError

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


class MobileNetV3Small(nn.Module):
    """What PP-OCRv2 put PP-LCNet in place of (PP-OCR, section 2.3: MobileNetV3-small x0.5; MobileNetV3, table 2).

    Args:
        scale: multiplies the widths; 0.5 is the published recognizer.

    Attributes:
        channels: of the output, 576 at scale 1.
    """

    def __init__(self, scale: float = 0.5) -> None:
        super().__init__()
        if not 0 < scale <= 4:
            raise InputError(f"scale: a factor above 0 and at most 4, not {scale}")
        inputs = scale_channels(SMALL_STEM_CHANNELS, scale)
        self.stem = ConvNormAct(3, inputs, 3, (2, 2))
        blocks: list[InvertedResidual] = []
        for shape in MOBILENET_SMALL_BLOCKS:
            blocks.append(block := InvertedResidual(inputs, shape, scale))
            inputs = block.channels
        self.channels = scale_channels(SMALL_LAST_CHANNELS, scale)
        self.blocks = nn.Sequential(*blocks)
        self.last = ConvNormAct(inputs, self.channels, 1)
        self.pool = nn.MaxPool2d(2)
        self.apply(init_weights)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) normalised images, H 32 or 48 -> (B, channels, 1, T), T = `models.lcnet.time_steps(W)`."""
        out: Tensor = self.pool(self.last(self.blocks(self.stem(images))))
        return out
