"""The recognizer of PP-OCRv2: PP-LCNet (before it MobileNetV3), two bidirectional LSTM layers, two linear ones, CTC."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from torch import Tensor, nn

from models.lcnet import SUPPORTED_HEIGHTS, PPLCNet
from models.line_mobilenet import MobileNetV3Small
from synthtext.core import InputError

RecognizerBackbone: TypeAlias = Literal["lcnet", "mobilenet_v3"]


@dataclass(frozen=True)
class RecognizerConfig:
    """Sizes of a recognizer; the defaults are the published ones.

    Attributes:
        classes: characters and the blank.
        scale: width of the backbone.
        height: of the input images, 32 or 48 pixels.
        hidden: width of an LSTM direction.
        mid: width between the two linear layers of the head.
        blank_bias: starting value of the blank's logit offset. Below zero the network starts by spelling rather than by
            saying nothing, which shortens the plateau that CTC begins with; the published network has 0.
        backbone: PP-LCNet, or MobileNetV3-small as the first PP-OCR had it.
    """

    num_classes: int
    backbone_scale: float = 0.5
    height: int = 32
    lstm_hidden: int = 64
    head_dim: int = 96
    blank_bias: float = 0.0
    backbone: RecognizerBackbone = "lcnet"

    def __post_init__(self) -> None:
        if self.height not in SUPPORTED_HEIGHTS:
            raise InputError(
                f"height: the backbone reads lines {' or '.join(map(str, SUPPORTED_HEIGHTS))} high, not {self.height}"
            )
        if self.num_classes < 2:
            raise InputError(f"classes: at least the blank and one character, not {self.num_classes}")


class RecognizerOutput(NamedTuple):
    """What a recognizer says about a batch, and what the losses of U-DML and Enhanced CTC need."""

    logits: Tensor  # (B, T, classes), before softmax
    features: Tensor  # (B, T, mid), output of the first linear layer
    backbone: Tensor  # (B, channels, 1, T)


class SequenceEncoder(nn.Module):
    """Two bidirectional LSTM layers over the columns."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, num_layers=2, bidirectional=True, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, 1, T) -> (B, T, 2 hidden)."""
        out: Tensor = self.lstm(x.squeeze(2).transpose(1, 2))[0]
        return out


class CTCHead(nn.Module):
    """Two linear layers without an activation between them: the second is wide, so the first makes it cheap."""

    def __init__(self, inputs: int, mid: int, classes: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(inputs, mid)
        self.fc2 = nn.Linear(mid, classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, inputs) -> features (B, T, mid) and logits (B, T, classes)."""
        features = self.fc1(x)
        return features, self.fc2(features)


class Recognizer(nn.Module):
    """PP-OCRv2's recognizer (section 2.2; 2,066,433 parameters with the published 6625 classes)."""

    def __init__(self, config: RecognizerConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = (MobileNetV3Small if config.backbone == "mobilenet_v3" else PPLCNet)(config.backbone_scale)
        self.neck = SequenceEncoder(self.backbone.channels, config.lstm_hidden)
        self.head = CTCHead(2 * config.lstm_hidden, config.head_dim, config.num_classes)
        nn.init.constant_(self.head.fc2.bias[:1].detach(), config.blank_bias)

    def forward(self, images: Tensor) -> RecognizerOutput:
        """Read normalised line images.

        Args:
            images: (B, 3, height, W) float32, see `normalise`.
        """
        maps = self.backbone(images)
        features, logits = self.head(self.neck(maps))
        return RecognizerOutput(logits, features, maps)
