"""Effects on colours alone."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, Size, check_range

_GREY = np.array([0.299, 0.587, 0.114])  # luminance of R, G, B (ITU-R BT.601)


@dataclass(frozen=True)
class Colour:
    """Brightness, contrast, saturation and hue, as one linear map of the colours.

    The hue turns about the axis of greys, which keeps the mean of the channels: greys stay as they are.

    Attributes:
        brightness_range: what is added, as a share of full white, -1 to 1.
        contrast_range: factor of the distance from middle grey, 0 to 4.
        saturation_range: factor of the distance from the grey of the same luminance, 0 to 4; 0 is a grey picture.
        hue_range: degrees, -180 to 180.
    """

    brightness_range: Range = (-0.15, 0.15)
    contrast_range: Range = (0.7, 1.3)
    saturation_range: Range = (0.5, 1.5)
    hue_range: Range = (-15, 15)

    def __post_init__(self) -> None:
        check_range("brightness_range", self.brightness_range, -1, 1)
        check_range("contrast_range", self.contrast_range, 0, 4)
        check_range("saturation_range", self.saturation_range, 0, 4)
        check_range("hue_range", self.hue_range, -180, 180)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the four amounts."""
        return {
            "brightness": rng.uniform(*self.brightness_range),
            "contrast": rng.uniform(*self.contrast_range),
            "saturation": rng.uniform(*self.saturation_range),
            "hue": rng.uniform(*self.hue_range),
        }

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture in other colours."""
        saturation, contrast = parameters["saturation"], parameters["contrast"]
        colours = saturation * np.eye(3) + (1 - saturation) * _GREY
        linear = contrast * colours @ _hue_rotation(parameters["hue"])
        shift = 127.5 * (1 - contrast) + 255 * parameters["brightness"]
        matrix = np.concatenate([linear, np.full((3, 1), shift)], axis=1)
        return np.asarray(cv2.transform(image, matrix.astype(np.float32)), np.uint8)


def _hue_rotation(degrees: float) -> NDArray[np.float64]:
    """The (3, 3) rotation of colours about (1, 1, 1)."""
    axis = np.full(3, 1 / np.sqrt(3))
    rotation, _ = cv2.Rodrigues(axis * np.deg2rad(degrees))
    return np.asarray(rotation, np.float64)


@dataclass(frozen=True)
class Invert:
    """The negative: light text on dark becomes dark text on light (PP-OCRv2, RecAug: reverse)."""

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """There is nothing to draw."""
        return {}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The negative."""
        return np.asarray(cv2.bitwise_not(image), np.uint8)
