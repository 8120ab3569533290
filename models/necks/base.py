"""What a neck provides, and the registries of necks."""

from abc import ABC
from collections.abc import Sequence

from torch import nn

from models.registry import Registry


class RecognizerNeck(nn.Module, ABC):
    """A network over the time steps: (B, in_channels, 1, T) -> (B, T, out_channels).

    Args:
        in_channels: channels of the backbone.
        hidden: width of the neck; `RecognizerConfig.neck_hidden`.

    Attributes:
        out_channels: channels of the output.
    """

    out_channels: int

    def __init__(self, in_channels: int, hidden: int) -> None:
        super().__init__()


class DetectorNeck(nn.Module, ABC):
    """A network that merges the four maps of a backbone into one: (B, channels, H / 4, W / 4).

    Args:
        in_channels: channels of the four maps, from the finest to the coarsest.
        channels: channels of the output.
    """

    def __init__(self, in_channels: Sequence[int], channels: int) -> None:
        super().__init__()


RECOGNIZER_NECKS: Registry[type[RecognizerNeck]] = Registry("neck of recognizers", "models.necks")
DETECTOR_NECKS: Registry[type[DetectorNeck]] = Registry("neck of detectors", "models.necks")
