"""How a picture becomes a detector's input."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detector import STRIDE
from pipelines.preprocessing.stored import StoredAsJson
from synthtext.core import Image, InputError

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class DetectorPreprocessing(StoredAsJson):
    """Resize to a size that text can be found at, sides multiples of 32; pixels become (x / 255 - mean) / std.

    The released evaluation enlarges a picture whose shorter side is below 736 pixels, however small it is, and leaves
    any other as it is; what the released reading does is `rule="max"` with 960. Here nothing is enlarged more than
    `max_enlargement` times, and no picture is given more than `max_area` pixels.

    Attributes:
        side: pixels of the side that `rule` names.
        rule: "min": the shorter side is enlarged to `side` if it is below it. "max": the longer side is shrunk to
            `side` if it is above it.
        max_enlargement: at least 1.
        max_area: pixels of the input; larger pictures are shrunk.
        channels: the order of the colours.
        mean: of the colours in that order, of 0 to 1 (the released code applies those of ImageNet's red, green and blue
            to blue, green and red).
        std: as `mean`.

    Raises:
        InputError: a size that cannot be, or an unknown rule or order of colours.
    """

    side: int = 736
    rule: Literal["min", "max"] = "min"
    max_enlargement: float = 1.5
    max_area: int = 4_000_000
    channels: Literal["bgr", "rgb"] = "bgr"
    mean: Colour = (0.485, 0.456, 0.406)
    std: Colour = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        if self.side < STRIDE or self.max_area < STRIDE**2:
            raise InputError(f"preprocessing: side must be at least {STRIDE} pixels, and max_area {STRIDE**2}")
        if self.rule not in ("min", "max"):
            raise InputError(f"preprocessing: rule must be 'min' or 'max', not {self.rule!r}")
        if self.channels not in ("bgr", "rgb"):
            raise InputError(f"preprocessing: channels must be 'bgr' or 'rgb', not {self.channels!r}")
        if not self.max_enlargement >= 1 or not all(value > 0 for value in self.std):
            raise InputError("preprocessing: max_enlargement must be at least 1, and std above 0")

    def __str__(self) -> str:
        if self.rule == "max":
            return f"looked at with at most {self.side} pixels on the longer side"
        most = f"enlarged {self.max_enlargement:g} times at most"
        return f"looked at with at least {self.side} pixels on the shorter side, {most}"

    def input_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height in pixels of the input for a picture of this size."""
        if self.rule == "min":
            factor = min(max(self.side / min(width, height), 1.0), self.max_enlargement)
        else:
            factor = min(self.side / max(width, height), 1.0)
        factor = min(factor, (self.max_area / (width * height)) ** 0.5)
        # Whole pixels first, as released: half a pixel can decide what a side is rounded to.
        wide, high = (max(round(int(side * factor) / STRIDE), 1) * STRIDE for side in (width, height))
        return wide, high

    def prepare(self, image: Image) -> NDArray[np.float32]:
        """A picture (H, W, 3) uint8 RGB as an input (1, 3, h, w) float32."""
        size = self.input_size(image.shape[1], image.shape[0])
        resized = image if size == image.shape[1::-1] else cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        mean, std = (np.array(values, np.float32) for values in (self.mean, self.std))
        planes = cv2.split(resized)[:: -1 if self.channels == "bgr" else 1]
        result = np.empty((1, 3, size[1], size[0]), np.float32)
        for place, plane, scale, shift in zip(result[0], planes, 1 / (255 * std), -mean / std, strict=True):
            np.multiply(plane, scale, out=place)
            place += shift
        return result
