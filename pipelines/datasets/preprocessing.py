"""Preprocessing of images for networks, and its JSON in `preprocessing.json` and in the metadata of ONNX files."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from models.detector import STRIDE
from pipelines.config import validate_dataclass
from synthtext.core import Image, InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class JsonDataclass:
    """A frozen dataclass of JSON scalars and lists of them, which is stored as JSON."""

    def to_json(self: "DataclassInstance") -> str:
        """Return the content of the `preprocessing.json` of a run."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str = "") -> Self:
        """Parse the output of `to_json`; messages of errors start with `where`, such as "folder/file: ".

        Raises:
            InputError: The text is not a JSON object with these fields, or a value is invalid.
        """
        try:
            settings = json.loads(text)
        except ValueError as error:
            raise InputError(f"{where}preprocessing: invalid JSON: {error}") from None
        return validate_dataclass(cls, settings, f"{where}preprocessing")  # type: ignore[type-var]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a `preprocessing.json`; raises InputError if it is missing or invalid."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: {error}") from None
        return cls.from_json(text, f"{path}: ")


WidthT = TypeVar("WidthT", int, NDArray[np.int64])
PositiveInt = Annotated[int, Field(ge=1)]
Channels = Literal["bgr", "rgb"]
_Mean = Annotated[float, Field(allow_inf_nan=False)]
_Std = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class DetectorPreprocessing(JsonDataclass):
    """Resize to a size at which text can be found, with sides that are multiples of 32; normalise by mean and std.

    Pixels become (x / 255 - mean) / std. The evaluation of PaddleOCR enlarges an image whose shorter side is below 736
    pixels, whatever its size, and its inference uses `limit_type="max"` with 960. Here no image is enlarged more than
    `max_enlargement` times or becomes larger than `max_area`.

    Attributes:
        limit_side_len: Limit of the side that `limit_type` names, pixels.
        limit_type: "min": enlarge the shorter side to the limit if it is below. "max": reduce the longer side to the
            limit if it is above.
        max_enlargement: At least 1.
        max_area: Pixels of the input; larger images are reduced.
        channels: The order of the colour channels.
        mean: Of the channels in that order, from 0 to 1 (PaddleOCR applies the values of ImageNet for red, green and
            blue to blue, green and red).
        std: Like `mean`.
    """

    limit_side_len: Annotated[int, Field(ge=STRIDE)] = 736
    limit_type: Literal["min", "max"] = "min"
    max_enlargement: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.5
    max_area: Annotated[int, Field(ge=STRIDE**2)] = 4_000_000
    channels: Channels = "bgr"
    mean: tuple[_Mean, _Mean, _Mean] = (0.485, 0.456, 0.406)
    std: tuple[_Std, _Std, _Std] = (0.229, 0.224, 0.225)

    def __str__(self) -> str:
        if self.limit_type == "max":
            return f"resized to at most {self.limit_side_len} pixels on the longer side"
        limit = f"enlarged at most {self.max_enlargement:g} times"
        return f"resized to at least {self.limit_side_len} pixels on the shorter side, {limit}"

    def input_size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height of the input for an image of this size, pixels."""
        if self.limit_type == "min":
            factor = min(max(self.limit_side_len / min(width, height), 1.0), self.max_enlargement)
        else:
            factor = min(self.limit_side_len / max(width, height), 1.0)
        factor = min(factor, (self.max_area / (width * height)) ** 0.5)
        # Truncate before rounding, as PaddleOCR does: half a pixel can decide what a side is rounded to.
        wide, high = (max(round(int(side * factor) / STRIDE), 1) * STRIDE for side in (width, height))
        return wide, high

    def prepare(self, image: Image) -> NDArray[np.float32]:
        """Convert an image (H, W, 3) uint8 RGB to an input (1, 3, h, w) float32."""
        size = self.input_size(image.shape[1], image.shape[0])
        resized = image if size == image.shape[1::-1] else cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        mean, std = (np.array(values, np.float32) for values in (self.mean, self.std))
        planes = cv2.split(resized)[:: -1 if self.channels == "bgr" else 1]
        result = np.empty((1, 3, size[1], size[0]), np.float32)
        for output, plane, scale, shift in zip(result[0], planes, 1 / (255 * std), -mean / std, strict=True):
            np.multiply(plane, scale, out=output)
            output += shift
        return result


@dataclass(frozen=True)
class RecognizerPreprocessing(JsonDataclass):
    """Resize to one height, keep the aspect ratio, and pad on the right.

    Pixels become (x / 255 - 0.5) / 0.5 and padding becomes 0 on the device (`models.batch.normalise`); here images
    stay uint8. Wide lines make wide batches unless `max_width` is set (PaddleOCR's training squashes lines to 320).

    Attributes:
        height: Of the input, pixels.
        min_width: Of a batch, pixels (320 for the published weights, which were trained so).
        max_width: Wider images are squashed to this width, pixels; None for no limit.
        width_step: The width of a batch is a multiple of it, so that few shapes occur.
        channels: The order of the colour channels.

    Raises:
        InputError: `max_width` is below `min_width`.
    """

    height: PositiveInt = 32
    min_width: PositiveInt = 32
    max_width: int | None = None
    width_step: PositiveInt = 16
    channels: Channels = "bgr"

    def __post_init__(self) -> None:
        if self.max_width is not None and self.max_width < self.min_width:
            raise InputError(f"max_width {self.max_width} is below min_width {self.min_width}")

    def resized_width(self, width: WidthT, height: WidthT) -> WidthT:
        """Return the width of an image resized to the height of the input: ceil(height * W / H), pixels."""
        resized: Any = np.clip(-(-width * self.height // height), 1, self.max_width)
        result: WidthT = resized if isinstance(width, np.ndarray) else resized.item()
        return result

    def batch_width(self, width: WidthT) -> WidthT:
        """Return the width of a batch whose widest resized image has this width, pixels."""
        padded: Any = -(-np.maximum(width, self.min_width) // self.width_step) * self.width_step
        result: WidthT = padded if isinstance(width, np.ndarray) else padded.item()
        return result

    def resize(self, image: Image) -> Image:
        """Resize an image (H, W, 3) uint8 RGB to (height, resized_width(W, H), 3) uint8 in the order `channels`."""
        height, width = image.shape[:2]
        size = (self.resized_width(width, height), self.height)
        resized = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.cvtColor(resized, cv2.COLOR_RGB2BGR) if self.channels == "bgr" else resized, np.uint8)

    def pad(self, images: list[Image]) -> tuple[Image, NDArray[np.int32]]:
        """Pad resized images to one array.

        Args:
            images: At least one, each (height, w, 3) uint8, as returned by `resize`.

        Returns:
            (B, height, W, 3) uint8, and the widths (B,) int32 of the images. The padding to their right is 0, and is
            set to 0 again after normalisation.
        """
        widths = np.fromiter((image.shape[1] for image in images), np.int32, len(images))
        batch = np.zeros((len(images), self.height, self.batch_width(int(widths.max())), 3), np.uint8)
        for row, image in zip(batch, images, strict=True):
            row[:, : image.shape[1]] = image
        return batch, widths
