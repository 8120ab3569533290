"""What a backbone provides, and the registries of backbones."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from models.registry import Registry


class RecognizerBackbone(nn.Module, ABC):
    """A network that turns line images (B, 3, H, W) into features (B, channels, 1, T), one column per time step.

    Subclasses take one argument, `scale`, which multiplies the channels.

    Attributes:
        heights: heights H of the images that the network accepts, pixels.
        channels: channels of the output.
    """

    heights: ClassVar[tuple[int, ...]] = (32, 48)
    channels: int

    @staticmethod
    @abstractmethod
    def time_steps(width: int) -> int:
        """Return the number of time steps T for an image `width` pixels wide."""

    @staticmethod
    @abstractmethod
    def valid_steps(widths: Tensor, steps: int) -> Tensor:
        """Return how many time steps cover each line; later ones cover only its padding.

        Args:
            widths: (B,) int, columns of the line without padding.
            steps: time steps of the padded images.

        Returns:
            (B,) int, 1 to `steps`.
        """


class QuarterWidthBackbone(RecognizerBackbone):
    """A recognizer backbone whose width strides are 2 in the first convolution and 2 in the last pooling layer."""

    @staticmethod
    def time_steps(width: int) -> int:
        """Return the number of time steps: about a quarter of the width."""
        return (width + 1) // 2 // 2

    @staticmethod
    def valid_steps(widths: Tensor, steps: int) -> Tensor:
        """Return how many time steps cover each line."""
        return ((widths + 3) // 4).clamp(min=1, max=steps)


class DetectorBackbone(nn.Module, ABC):
    """A network that turns images (B, 3, H, W) into four feature maps, at strides of 4, 8, 16 and 32.

    Subclasses take one argument, `scale`, which multiplies the channels.

    Attributes:
        channels: channels of the four maps.
    """

    channels: tuple[int, ...]


RECOGNIZER_BACKBONES: Registry[type[RecognizerBackbone]] = Registry("backbone of recognizers", "models.backbones")
DETECTOR_BACKBONES: Registry[type[DetectorBackbone]] = Registry("backbone of detectors", "models.backbones")
