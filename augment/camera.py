"""Effects of lenses, sensors and files: they change colours and move nothing."""

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, Size, check_range, check_share

_POOL = 1 << 20
_POOL_SIGMA, _POOL_MEAN = 32, 128  # bytes hold it to four deviations


@dataclass(frozen=True)
class Blur:
    """Gaussian blur.

    Attributes:
        strength_range: standard deviation as a share of the picture's shorter side, 0 to 0.2: of a letter's size,
            whichever way the line runs.
    """

    strength_range: Range = (0.005, 0.03)

    def __post_init__(self) -> None:
        check_range("strength_range", self.strength_range, 0, 0.2)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the standard deviation in pixels."""
        return {"sigma": rng.uniform(*self.strength_range) * min(size)}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The blurred picture."""
        sigma = max(parameters["sigma"], 1e-3)
        kernel = cv2.getGaussianKernel(2 * max(1, math.ceil(2 * sigma)) + 1, sigma)
        # Two thirds of the time of `cv2.GaussianBlur`, which wants bits that nobody sees.
        return np.asarray(cv2.sepFilter2D(image, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)


@dataclass(frozen=True)
class Noise:
    """Gaussian noise of the sensor, the same in all channels or one for each.

    Attributes:
        sigma_range: standard deviation, in steps of 255.
        colour_probability: of one noise for each channel.
    """

    sigma_range: Range = (2, 12)
    colour_probability: float = 0.5

    def __post_init__(self) -> None:
        check_range("sigma_range", self.sigma_range, 0, 128)
        check_share("colour_probability", self.colour_probability)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the standard deviation, whether it is coloured, and where in the noise pool it starts."""
        return {
            "sigma": rng.uniform(*self.sigma_range),
            "coloured": bool(rng.random() < self.colour_probability),
            "offset": int(rng.integers(_POOL)),
        }

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture with noise."""
        height, width = image.shape[:2]
        if parameters["coloured"]:
            noise = _noise_slice(parameters["offset"], height * width * 3).reshape(height, width, 3)
        else:
            grey = _noise_slice(parameters["offset"], height * width).reshape(height, width)
            noise = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
        factor = parameters["sigma"] / _POOL_SIGMA
        return np.asarray(cv2.addWeighted(image, 1, noise, factor, -_POOL_MEAN * factor), np.uint8)


@dataclass(frozen=True)
class Downscale:
    """Loses detail as a small picture does that was enlarged.

    Attributes:
        factor_range: size of the small picture as a share of this one, 0.05 to 1.
    """

    factor_range: Range = (0.4, 0.9)

    def __post_init__(self) -> None:
        check_range("factor_range", self.factor_range, 0.05, 1)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the factor, and whether the enlargement shows its pixels."""
        return {"factor": rng.uniform(*self.factor_range), "blocky": bool(rng.random() < 0.2)}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture, made small and large again."""
        height, width = image.shape[:2]
        small = (max(1, round(width * parameters["factor"])), max(1, round(height * parameters["factor"])))
        way_back = cv2.INTER_NEAREST if parameters["blocky"] else cv2.INTER_LINEAR
        shrunk = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(shrunk, (width, height), interpolation=way_back), np.uint8)


@dataclass(frozen=True)
class Jpeg:
    """The traces of JPEG compression.

    Attributes:
        quality_range: 1 to 100.
    """

    quality_range: tuple[int, int] = (20, 80)

    def __post_init__(self) -> None:
        check_range("quality_range", self.quality_range, 1, 100)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the quality."""
        return {"quality": int(rng.integers(*self.quality_range, endpoint=True))}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture, compressed and read again."""
        bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, parameters["quality"]])
        decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


@cache
def _noise_pool() -> NDArray[np.uint8]:
    """Normal noise about `_POOL_MEAN`, drawn once: a slice of it costs a thirtieth of new draws."""
    drawn = np.random.default_rng(0).standard_normal(_POOL, np.float32) * _POOL_SIGMA + _POOL_MEAN
    return np.clip(np.round(drawn), 0, 255).astype(np.uint8)


def _noise_slice(offset: int, count: int) -> NDArray[np.uint8]:
    pool = _noise_pool()
    if offset + count <= _POOL:
        return pool[offset : offset + count]
    return np.take(pool, np.arange(offset, offset + count), mode="wrap")
