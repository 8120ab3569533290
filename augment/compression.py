"""Loss of detail by low resolution and by compression."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np

from synthtext.core import BoundedSettings, Image, InputError, Parameters, Range, Size, bounded

Resampling: TypeAlias = Literal["area", "nearest", "linear", "cubic", "lanczos"]
_FLAGS = {
    "area": cv2.INTER_AREA,
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}
_MAX_SUBSAMPLING = 1.5  # methods other than "area" would skip whole strokes at larger factors
_BLOCK = 8  # pixels along the side of a JPEG block


@dataclass(frozen=True)
class Downscale(BoundedSettings):
    """Downscales the image and enlarges it again.

    All methods but "area" read only few pixels around each target pixel. They therefore do only the last step, to two
    thirds of the size; "area" does the rest.

    Attributes:
        factor_range: size of the downscaled image as a fraction of the original size, 0.05 to 1.
        shrinking: methods of downscaling: "area", "nearest", "linear", "cubic" or "lanczos". One is chosen uniformly; a
            repeated name is more likely.
        enlarging: methods of enlarging, of the same names; "area" acts as "nearest".
    """

    factor_range: Range = bounded((0.4, 0.9), 0.05, 1)
    shrinking: tuple[Resampling, ...] = ("area", "area", "area", "linear", "cubic", "nearest")
    enlarging: tuple[Resampling, ...] = ("linear", "linear", "linear", "cubic", "nearest")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, methods in (("shrinking", self.shrinking), ("enlarging", self.enlarging)):
            if not methods or not set(methods) <= set(_FLAGS):
                raise InputError(f"{name} {list(methods)} must list one or more of {', '.join(_FLAGS)}")

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the factor and the two methods."""
        return {
            "factor": rng.uniform(*self.factor_range),
            "shrinking": self.shrinking[int(rng.integers(len(self.shrinking)))],
            "enlarging": self.enlarging[int(rng.integers(len(self.enlarging)))],
        }

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the downscaled and enlarged image."""
        height, width = image.shape[:2]
        factor, method = parameters["factor"], parameters["shrinking"]
        small = (max(1, round(width * factor)), max(1, round(height * factor)))
        if method != "area" and factor * _MAX_SUBSAMPLING < 1:
            area_size = (
                min(width, math.ceil(small[0] * _MAX_SUBSAMPLING)),
                min(height, math.ceil(small[1] * _MAX_SUBSAMPLING)),
            )
            image = np.asarray(cv2.resize(image, area_size, interpolation=cv2.INTER_AREA), np.uint8)
        shrunk = cv2.resize(image, small, interpolation=_FLAGS[method])
        return np.asarray(cv2.resize(shrunk, (width, height), interpolation=_FLAGS[parameters["enlarging"]]), np.uint8)


@dataclass(frozen=True)
class Jpeg(BoundedSettings):
    """Applies JPEG compression one or more times, as for images that are edited and saved again.

    From the second time on, the grid of 8-pixel blocks is shifted by a random offset.

    Attributes:
        quality_range: JPEG quality, 1 to 100, sampled for each pass.
        passes_range: number of passes, 1 to 4. Each pass costs as much as the first.
    """

    quality_range: tuple[int, int] = bounded((20, 80), 1, 100)
    passes_range: tuple[int, int] = bounded((1, 2), 1, 4, "two whole numbers")

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the qualities and, for each pass, the offset of the block grid to the left and above, in pixels."""
        passes = int(rng.integers(*self.passes_range, endpoint=True))
        qualities = rng.integers(*self.quality_range, size=passes, endpoint=True).tolist()
        shifts = rng.integers(_BLOCK, size=(passes, 2)).tolist() if passes > 1 else [[0, 0]]
        return {"qualities": qualities, "shifts": [[0, 0], *shifts[1:]]}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the compressed and decoded image."""
        bgr = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)
        for quality, (left, top) in zip(parameters["qualities"], parameters["shifts"], strict=True):
            bgr = _compressed(bgr, quality, left, top)
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _compressed(bgr: Image, quality: int, left: int, top: int) -> Image:
    shifted = cv2.copyMakeBorder(bgr, top, 0, left, 0, cv2.BORDER_REPLICATE) if left or top else bgr
    _, data = cv2.imencode(".jpg", shifted, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[top:, left:]
