"""Preprocessing as JSON: in a RUN's `preprocessing.json`, and in the metadata of an ONNX file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, overload

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detector import STRIDE
from pipelines.config import validate_dataclass
from synthtext.core import Image, InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Stored = TypeVar("Stored", bound="DataclassInstance")


class JsonDataclass:
    """A frozen dataclass of JSON scalars and lists of them that is stored as it is."""

    def to_json(self: "DataclassInstance") -> str:
        """As the `preprocessing.json` of a run has it."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str = "") -> Self:
        """Undo `to_json`.

        Args:
            text: JSON.
            where: begins errors, such as "folder/file: ".

        Raises:
            InputError: the text is no JSON object of these fields.
        """
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise InputError(f"{where}preprocessing: this is no JSON: {error}") from None
        try:
            return validate_dataclass(cls, fields, "preprocessing")  # type: ignore[type-var]
        except InputError as error:
            sentence = str(error).replace("preprocessing: preprocessing: ", "preprocessing: ")
            raise InputError(f"{where}{sentence}") from None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a `preprocessing.json`.

        Raises:
            InputError: it is missing or wrong.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: {error}") from None
        return cls.from_json(text, f"{path}: ")


ChannelValues = tuple[float, float, float]


@dataclass(frozen=True)
class DetectorPreprocessing(JsonDataclass):
    """Resize to a size that text can be found at, sides multiples of 32; pixels become (x / 255 - mean) / std.

    The released evaluation enlarges a picture whose shorter side is below 736 pixels, however small it is, and leaves
    any other as it is; what the released reading does is `rule="max"` with 960. Here nothing is enlarged more than
    `max_enlargement` times, and no picture is given more than `max_area` pixels.

    Attributes:
        limit_side_len: pixels of the side that `rule` names.
        limit_type: "min": the shorter side is enlarged to `side` if it is below it. "max": the longer side is shrunk to
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

    limit_side_len: int = 736
    limit_type: Literal["min", "max"] = "min"
    max_enlargement: float = 1.5
    max_area: int = 4_000_000
    channels: Literal["bgr", "rgb"] = "bgr"
    mean: ChannelValues = (0.485, 0.456, 0.406)
    std: ChannelValues = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        if self.limit_side_len < STRIDE or self.max_area < STRIDE**2:
            raise InputError(f"preprocessing: side must be at least {STRIDE} pixels, and max_area {STRIDE**2}")
        if self.limit_type not in ("min", "max"):
            raise InputError(f"preprocessing: rule must be 'min' or 'max', not {self.limit_type!r}")
        if self.channels not in ("bgr", "rgb"):
            raise InputError(f"preprocessing: channels must be 'bgr' or 'rgb', not {self.channels!r}")
        if not self.max_enlargement >= 1 or not all(value > 0 for value in self.std):
            raise InputError("preprocessing: max_enlargement must be at least 1, and std above 0")

    def __str__(self) -> str:
        if self.limit_type == "max":
            return f"looked at with at most {self.limit_side_len} pixels on the longer side"
        most = f"enlarged {self.max_enlargement:g} times at most"
        return f"looked at with at least {self.limit_side_len} pixels on the shorter side, {most}"

    def input_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height in pixels of the input for a picture of this size."""
        if self.limit_type == "min":
            factor = min(max(self.limit_side_len / min(width, height), 1.0), self.max_enlargement)
        else:
            factor = min(self.limit_side_len / max(width, height), 1.0)
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


@dataclass(frozen=True)
class RecognizerPreprocessing(JsonDataclass):
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
