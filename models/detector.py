"""The detectors of PP-OCRv2: a backbone, a feature pyramid and a DB head."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from models.db.fpn import DBFPN
from models.db.head import DBHead
from models.db.maps import DBMaps
from models.mobilenet import MobileNetV3Large
from models.resnet import ResNet18vd

STRIDE = 32
"""Sides of the input are multiples of this."""


@dataclass(frozen=True)
class DetectorConfig:
    """Sizes of a detector; the defaults are those of the published student.

    Attributes:
        backbone: MobileNetV3-large, or ResNet-18 as the published teacher has it.
        backbone_scale: width of MobileNetV3; ResNet-18 has one width.
        channels: of the neck, 96 in the student and 256 in the teacher.
    """

    backbone: Literal["mobilenet_v3", "resnet18"] = "mobilenet_v3"
    backbone_scale: float = 0.5
    neck_channels: int = 96


class Detector(nn.Module):
    """A DB detector (PP-OCRv2, section 2.1; 583,234 parameters as published, 559,977 without the threshold map)."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = ResNet18vd() if config.backbone == "resnet18" else MobileNetV3Large(config.backbone_scale)
        self.neck = DBFPN(self.backbone.channels, config.neck_channels)
        self.head = DBHead(config.neck_channels)

    def forward(self, images: Tensor) -> DBMaps:
        """Find text.

        Args:
            images: (B, 3, H, W) float32 normalised, H and W multiples of `STRIDE`.

        Returns:
            Maps (B, H, W).
        """
        maps: DBMaps = self.head(self.neck(self.backbone(images)))
        return maps

    def probability(self, images: Tensor) -> Tensor:
        """The probability map alone, (B, H, W): all that reading needs."""
        out: Tensor = self.head.probability(self.neck(self.backbone(images)))
        return out
