"""Loss of detail in pictures that were small."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np

from synthtext.core import Image, InputError, Parameters, Range, Size, check_range

Resampling: TypeAlias = Literal["area", "nearest", "linear", "cubic", "lanczos"]
_FLAGS = {
    "area": cv2.INTER_AREA,
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}
_PICKED = 1.5  # times smaller: a resampling that looks at few pixels may do this much; more would drop whole strokes


@dataclass(frozen=True)
class Downscale:
    """Loses detail as a small picture does that was enlarged.

    All ways down but "area" look at a few pixels around a place and pass over the others. They do the last step, to two
    thirds of the size; what comes before is averaged.

    Attributes:
        factor_range: size of the small picture as a share of this one, 0.05 to 1.
        shrinking: ways down, of "area", "nearest", "linear", "cubic", "lanczos", each as likely as the others; a name
            may stand there twice.
        enlarging: ways back, of the same; "area" shows the pixels as "nearest" does.
    """

    factor_range: Range = (0.4, 0.9)
    shrinking: tuple[Resampling, ...] = ("area", "area", "area", "linear", "cubic", "nearest")
    enlarging: tuple[Resampling, ...] = ("linear", "linear", "linear", "cubic", "nearest")

    def __post_init__(self) -> None:
        check_range("factor_range", self.factor_range, 0.05, 1)
        for name, ways in (("shrinking", self.shrinking), ("enlarging", self.enlarging)):
            if not ways or not set(ways) <= set(_FLAGS):
                raise InputError(f"{name} {list(ways)} must name at least one of {', '.join(_FLAGS)}, and nothing else")

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the factor, and the ways down and back."""
        return {
            "factor": rng.uniform(*self.factor_range),
            "shrinking": self.shrinking[int(rng.integers(len(self.shrinking)))],
            "enlarging": self.enlarging[int(rng.integers(len(self.enlarging)))],
        }

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture, made small and large again."""
        height, width = image.shape[:2]
        factor, way = parameters["factor"], parameters["shrinking"]
        small = (max(1, round(width * factor)), max(1, round(height * factor)))
        if way != "area" and factor * _PICKED < 1:
            between = (min(width, math.ceil(small[0] * _PICKED)), min(height, math.ceil(small[1] * _PICKED)))
            image = np.asarray(cv2.resize(image, between, interpolation=cv2.INTER_AREA), np.uint8)
        shrunk = cv2.resize(image, small, interpolation=_FLAGS[way])
        return np.asarray(cv2.resize(shrunk, (width, height), interpolation=_FLAGS[parameters["enlarging"]]), np.uint8)


_BLOCK = 8  # pixels that are compressed together


@dataclass(frozen=True)
class Jpeg:
    """The traces of JPEG compression, once or several times, as in pictures that were cut and saved again.

    Each time but the first, the blocks of 8 pixels stand elsewhere: the edge goes on to the left and above, and is cut
    off again.

    Attributes:
        quality_range: 1 to 100, drawn for each time.
        passes_range: how many times, 1 to 4. Each costs as much as the first.
    """

    quality_range: tuple[int, int] = (20, 80)
    passes_range: tuple[int, int] = (1, 2)

    def __post_init__(self) -> None:
        check_range("quality_range", self.quality_range, 1, 100)
        check_range("passes_range", self.passes_range, 1, 4, "two whole numbers")

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the qualities, and for each time how far the blocks stand to the left and above, in pixels."""
        passes = int(rng.integers(*self.passes_range, endpoint=True))
        qualities = rng.integers(*self.quality_range, size=passes, endpoint=True).tolist()
        shifts = rng.integers(_BLOCK, size=(passes, 2)).tolist() if passes > 1 else [[0, 0]]
        return {"qualities": qualities, "shifts": [[0, 0], *shifts[1:]]}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture, compressed and read again."""
        bgr = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)
        for quality, (left, top) in zip(parameters["qualities"], parameters["shifts"], strict=True):
            bgr = _compressed(bgr, quality, left, top)
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _compressed(bgr: Image, quality: int, left: int, top: int) -> Image:
    shifted = cv2.copyMakeBorder(bgr, top, 0, left, 0, cv2.BORDER_REPLICATE) if left or top else bgr
    _, data = cv2.imencode(".jpg", shifted, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[top:, left:]
