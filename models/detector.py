"""The detectors of PP-OCRv2: a backbone, a feature pyramid and a DB head."""

from dataclasses import dataclass

from torch import Tensor, nn

from models.backbones.base import DETECTOR_BACKBONES
from models.db.head import DBHead, DBMaps
from models.necks.base import DETECTOR_NECKS

STRIDE = 32
"""Sides of the input are multiples of this."""


@dataclass(frozen=True)
class DetectorConfig:
    """Sizes of a detector; the defaults are those of the published student.

    Attributes:
        backbone: registered name: "mobilenet_v3" (student) or "resnet18" (teacher).
        backbone_scale: multiplies the channels of MobileNetV3; ResNet-18 has one width.
        neck_channels: channels of the neck, 96 in the student and 256 in the teacher.
        neck: registered name: "db_fpn".
    """

    backbone: str = "mobilenet_v3"
    backbone_scale: float = 0.5
    neck_channels: int = 96
    neck: str = "db_fpn"


class Detector(nn.Module):
    """A DB detector (PP-OCRv2, section 2.1; 583,234 parameters as published, 559,977 without the threshold map)."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = DETECTOR_BACKBONES[config.backbone](config.backbone_scale)
        self.neck = DETECTOR_NECKS[config.neck](self.backbone.channels, config.neck_channels)
        self.head = DBHead(config.neck_channels)

    def forward(self, images: Tensor) -> DBMaps:
        """Normalised images (B, 3, H, W) float32, H and W multiples of `STRIDE` -> maps (B, H, W)."""
        maps: DBMaps = self.head(self.neck(self.backbone(images)))
        return maps

    def probability(self, images: Tensor) -> Tensor:
        """Compute only the probability map (B, H, W), which is all that inference needs."""
        out: Tensor = self.head.probability(self.neck(self.backbone(images)))
        return out
