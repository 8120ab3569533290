"""ResNet-18 "vd": the backbone of the teacher among the PP-OCRv2 detectors."""

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.backbones.base import DETECTOR_BACKBONES, DetectorBackbone
from models.conv import ConvNormAct, forward_stages, init_weights

RESNET_STAGE_CHANNELS = (64, 128, 256, 512)
RESNET_BLOCKS_PER_STAGE = 2


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut: average pooling where the stride is 2, a 1x1 convolution in first blocks."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, *, is_first: bool) -> None:
        super().__init__()
        self.conv1 = ConvNormAct(in_channels, out_channels, 3, (stride, stride), activation="relu")
        self.conv2 = ConvNormAct(out_channels, out_channels, 3, activation="none")
        parts: list[nn.Module] = []
        if stride > 1:
            # "vd": average pooling uses all pixels; a 1x1 convolution with a stride would skip three of four.
            parts.append(nn.AvgPool2d(stride, ceil_mode=True))
        if is_first:
            parts.append(ConvNormAct(in_channels, out_channels, 1, activation="none"))
        self.shortcut = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, out_channels, H / stride, W / stride)."""
        return F.relu(self.conv2(self.conv1(x)) + self.shortcut(x))


@DETECTOR_BACKBONES.register("resnet18")
class ResNet18vd(DetectorBackbone):
    """The teacher's backbone (PP-OCRv2, section 2.1.1; released configuration: `ResNet_vd`, 18 layers).

    Args:
        scale: ignored; this network has one width.
    """

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            ConvNormAct(3, 32, 3, (2, 2), activation="relu"),
            ConvNormAct(32, 32, 3, activation="relu"),
            ConvNormAct(32, 64, 3, activation="relu"),
            nn.MaxPool2d(3, 2, 1),
        )
        stages, in_channels = [], RESNET_STAGE_CHANNELS[0]
        for number, channels in enumerate(RESNET_STAGE_CHANNELS):
            first = BasicBlock(in_channels, channels, 2 if number else 1, is_first=True)
            rest = [BasicBlock(channels, channels, 1, is_first=False) for _ in range(RESNET_BLOCKS_PER_STAGE - 1)]
            stages.append(nn.Sequential(first, *rest))
            in_channels = channels
        self.stages = nn.ModuleList(stages)
        self.channels = RESNET_STAGE_CHANNELS
        self.apply(init_weights)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(B, 3, H, W) normalised images, sides multiples of 32 -> four maps (B, channels[k], H / 4, W / 4) to / 32."""
        return forward_stages(self.stem(images), self.stages)
