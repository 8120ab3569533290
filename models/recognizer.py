"""The recognizer of PP-OCRv2: a convolutional backbone, a neck over the time steps, a CTC head."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn

from models.backbones.base import RECOGNIZER_BACKBONES
from models.necks.base import RECOGNIZER_NECKS
from synthtext.core import InputError


@dataclass(frozen=True)
class RecognizerConfig:
    """Sizes of a recognizer; the defaults are the published ones.

    Attributes:
        num_classes: characters and the blank.
        backbone_scale: multiplies the channels of the backbone.
        height: height of the input images, pixels.
        neck_hidden: width of the neck: of each direction of "lstm", or of the attention of "svtr".
        head_dim: width between the two linear layers of the head.
        blank_bias: initial bias of the blank's logit. A negative value makes the network predict characters from the
            start, which shortens the initial plateau of CTC; the published network has 0.
        backbone: registered name: "lcnet" (PP-OCRv2) or "mobilenet_v3" (PP-OCR).
        neck: registered name: "lstm" (PP-OCRv2) or "svtr" (PP-OCRv3).
    """

    num_classes: int
    backbone_scale: float = 0.5
    height: int = 32
    neck_hidden: int = 64
    head_dim: int = 96
    blank_bias: float = 0.0
    backbone: str = "lcnet"
    neck: str = "lstm"

    def __post_init__(self) -> None:
        heights = RECOGNIZER_BACKBONES[self.backbone].heights
        if self.height not in heights:
            raise InputError(
                f"height: backbone {self.backbone} accepts lines {' or '.join(map(str, heights))} pixels high, "
                f"not {self.height}"
            )
        RECOGNIZER_NECKS.check(self.neck)
        if self.num_classes < 2:
            raise InputError(f"num_classes must be at least 2 (the blank and one character), not {self.num_classes}")


class RecognizerOutput(NamedTuple):
    """Output of a recognizer for a batch, with the features that U-DML and Enhanced CTC need."""

    logits: Tensor  # (B, T, num_classes), before softmax
    features: Tensor  # (B, T, head_dim), output of the first linear layer
    backbone: Tensor  # (B, channels, 1, T)


class CTCHead(nn.Module):
    """Two linear layers without an activation between them: a factorisation that makes the wide second one cheap."""

    def __init__(self, in_channels: int, head_dim: int, num_classes: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(in_channels, head_dim)
        self.fc2 = nn.Linear(head_dim, num_classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, in_channels) -> features (B, T, head_dim) and logits (B, T, num_classes)."""
        features = self.fc1(x)
        return features, self.fc2(features)


class Recognizer(nn.Module):
    """PP-OCRv2's recognizer (section 2.2; 2,066,433 parameters with the published 6625 classes)."""

    def __init__(self, config: RecognizerConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = RECOGNIZER_BACKBONES[config.backbone](config.backbone_scale)
        self.neck = RECOGNIZER_NECKS[config.neck](self.backbone.channels, config.neck_hidden)
        self.head = CTCHead(self.neck.out_channels, config.head_dim, config.num_classes)
        nn.init.constant_(self.head.fc2.bias[:1].detach(), config.blank_bias)

    def forward(self, images: Tensor) -> RecognizerOutput:
        """Recognize normalised line images (B, 3, height, W) float32, see `normalise`."""
        maps = self.backbone(images)
        features, logits = self.head(self.neck(maps))
        return RecognizerOutput(logits, features, maps)
