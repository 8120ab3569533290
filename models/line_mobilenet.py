"""MobileNetV3-small with strides that keep the width: the backbone of the first PP-OCR recognizer."""

from torch import Tensor, nn

from models.bottleneck import Bottleneck, BottleneckShape
from models.conv import ConvNorm, initialise, scaled
from synthtext.core import InputError

BLOCKS = (
    BottleneckShape(3, 16, 16, "relu", (1, 1), squeeze=True),
    BottleneckShape(3, 72, 24, "relu", (2, 1)),
    BottleneckShape(3, 88, 24, "relu", (1, 1)),
    BottleneckShape(5, 96, 40, "hardswish", (2, 1), squeeze=True),
    *[BottleneckShape(5, 240, 40, "hardswish", (1, 1), squeeze=True)] * 2,
    BottleneckShape(5, 120, 48, "hardswish", (1, 1), squeeze=True),
    BottleneckShape(5, 144, 48, "hardswish", (1, 1), squeeze=True),
    BottleneckShape(5, 288, 96, "hardswish", (2, 1), squeeze=True),
    *[BottleneckShape(5, 576, 96, "hardswish", (1, 1), squeeze=True)] * 2,
)
STEM, LAST = 16, 576


class LineMobileNetV3(nn.Module):
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
        inputs = scaled(STEM, scale)
        self.stem = ConvNorm(3, inputs, 3, (2, 2))
        blocks: list[Bottleneck] = []
        for shape in BLOCKS:
            blocks.append(block := Bottleneck(inputs, shape, scale))
            inputs = block.channels
        self.channels = scaled(LAST, scale)
        self.blocks = nn.Sequential(*blocks)
        self.last = ConvNorm(inputs, self.channels, 1)
        self.pool = nn.MaxPool2d(2)
        self.apply(initialise)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) normalised images, H 32 or 48 -> (B, channels, 1, T), T = `models.lcnet.time_steps(W)`."""
        out: Tensor = self.pool(self.last(self.blocks(self.stem(images))))
        return out
