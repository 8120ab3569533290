"""How a picture of a line becomes a recognizer's input."""

from dataclasses import dataclass
from typing import Any, Literal, overload

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.preprocessing.stored import StoredAsJson
from synthtext.core import Image, InputError


@dataclass(frozen=True)
class RecognizerPreprocessing(StoredAsJson):
    """Resize to one height, keep the shape, pad on the right; pixels become (x / 255 - 0.5) / 0.5, padding becomes 0.

    The arithmetic on pixels happens on the device (`models.batch.normalise`); here pictures stay bytes. Wide lines are
    widened, not squashed, unless `max_width` says otherwise (the released training squashes to 320; PP-OCRv2, released
    configuration).

    Attributes:
        height: of the input, pixels.
        min_width: a batch is at least as wide, pixels (320 for the published weights, which were trained so).
        max_width: wider pictures are squashed to this width, pixels; None for no limit.
        width_step: the width of a batch is a multiple of this, so that few shapes occur.
        channels: the order of the colours.

    Raises:
        InputError: a size that cannot be, or an unknown order of colours.
    """

    height: int = 32
    min_width: int = 32
    max_width: int | None = None
    width_step: int = 16
    channels: Literal["bgr", "rgb"] = "bgr"

    def __post_init__(self) -> None:
        if min(self.height, self.min_width, self.width_step) < 1:
            raise InputError("preprocessing: height, min_width and width_step must be at least 1")
        if self.max_width is not None and self.max_width < self.min_width:
            raise InputError(f"preprocessing: max_width {self.max_width} is below min_width {self.min_width}")
        if self.channels not in ("bgr", "rgb"):
            raise InputError(f"preprocessing: channels must be 'bgr' or 'rgb', not {self.channels!r}")

    @overload
    def resized_width(self, width: int, height: int) -> int: ...
    @overload
    def resized_width(self, width: NDArray[np.int64], height: NDArray[np.int64]) -> NDArray[np.int64]: ...
    def resized_width(self, width: Any, height: Any) -> Any:
        """Width in pixels of a picture of this size once it is as high as the input: ceil(height * W / H)."""
        resized = np.maximum(-(-width * self.height // height), 1)
        if self.max_width is not None:
            resized = np.minimum(resized, self.max_width)
        return resized if isinstance(resized, np.ndarray) else int(resized)

    @overload
    def batch_width(self, width: int) -> int: ...
    @overload
    def batch_width(self, width: NDArray[np.int64]) -> NDArray[np.int64]: ...
    def batch_width(self, width: Any) -> Any:
        """Width in pixels of a batch whose widest resized picture has this width."""
        padded = -(-np.maximum(width, self.min_width) // self.width_step) * self.width_step
        return padded if isinstance(padded, np.ndarray) else int(padded)

    def resize(self, image: Image) -> Image:
        """A picture (H, W, 3) uint8 RGB as (height, w, 3) uint8 in this order of colours, w = `resized_width(W, H)`."""
        height, width = image.shape[:2]
        size = (self.resized_width(width, height), self.height)
        resized = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.cvtColor(resized, cv2.COLOR_RGB2BGR) if self.channels == "bgr" else resized, np.uint8)

    def pad(self, images: list[Image]) -> tuple[Image, NDArray[np.int32]]:
        """Put resized pictures into one array.

        Args:
            images: at least one, each (height, w, 3) uint8, as `resize` gives them.

        Returns:
            (B, height, W, 3) uint8, and the content's widths (B,) int32; what lies to the right of it is 0 here and
            is made 0 again after the arithmetic.
        """
        widths = np.fromiter((image.shape[1] for image in images), np.int32, len(images))
        batch = np.zeros((len(images), self.height, self.batch_width(int(widths.max())), 3), np.uint8)
        for row, image in zip(batch, images, strict=True):
            row[:, : image.shape[1]] = image
        return batch, widths
