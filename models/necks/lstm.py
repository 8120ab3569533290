"""The neck of the PP-OCRv2 recognizer: bidirectional LSTM layers."""

from torch import Tensor, nn

from models.necks.base import RECOGNIZER_NECKS, RecognizerNeck


@RECOGNIZER_NECKS.register("lstm")
class SequenceEncoder(RecognizerNeck):
    """Two bidirectional LSTM layers over the time steps; `hidden` is the width of an LSTM direction."""

    def __init__(self, in_channels: int, hidden: int) -> None:
        super().__init__(in_channels, hidden)
        self.lstm = nn.LSTM(in_channels, hidden, num_layers=2, bidirectional=True, batch_first=True)
        self.out_channels = 2 * hidden

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, 1, T) -> (B, T, 2 hidden)."""
        out: Tensor = self.lstm(x.squeeze(2).transpose(1, 2))[0]
        return out
