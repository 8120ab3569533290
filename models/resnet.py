"""ResNet-18 "vd": the backbone of the detector that teaches in PP-OCRv2."""

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.conv import ConvNormAct, forward_stages, init_weights

RESNET_STAGE_CHANNELS = (64, 128, 256, 512)
RESNET_BLOCKS_PER_STAGE = 2
"""Blocks in a stage."""


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a way around them: a 1x1 convolution of the halved input where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int, *, is_first: bool) -> None:
        super().__init__()
        self.conv1 = ConvNormAct(inputs, outputs, 3, (stride, stride), activation="relu")
        self.conv2 = ConvNormAct(outputs, outputs, 3, activation="none")
        parts: list[nn.Module] = []
        if stride > 1:
            # "vd": averaging keeps what a 1x1 convolution with a stride would throw away.
            parts.append(nn.AvgPool2d(stride, ceil_mode=True))
        if is_first:
            parts.append(ConvNormAct(inputs, outputs, 1, activation="none"))
        self.shortcut = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        return F.relu(self.conv2(self.conv1(x)) + self.shortcut(x))


class ResNet18vd(nn.Module):
    """The teacher's backbone (PP-OCRv2, section 2.1.1; released configuration: `ResNet_vd`, 18 layers).

    Attributes:
        channels: of the four maps.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            ConvNormAct(3, 32, 3, (2, 2), activation="relu"),
            ConvNormAct(32, 32, 3, activation="relu"),
            ConvNormAct(32, 64, 3, activation="relu"),
            nn.MaxPool2d(3, 2, 1),
        )
        stages, inputs = [], RESNET_STAGE_CHANNELS[0]
        for number, width in enumerate(RESNET_STAGE_CHANNELS):
            first = BasicBlock(inputs, width, 2 if number else 1, is_first=True)
            rest = [BasicBlock(width, width, 1, is_first=False) for _ in range(RESNET_BLOCKS_PER_STAGE - 1)]
            stages.append(nn.Sequential(first, *rest))
            inputs = width
        self.stages = nn.ModuleList(stages)
        self.channels = RESNET_STAGE_CHANNELS
        self.apply(init_weights)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(B, 3, H, W) normalised images, sides multiples of 32 -> four maps (B, channels[k], H / 4, W / 4) to / 32."""
        return forward_stages(self.stem(images), self.stages)
