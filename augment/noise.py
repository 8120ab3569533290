"""Noise of sensors and of transmission."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import BoundedSettings, Image, Parameters, Range, Size, bounded

_POOL = 1 << 20
_POOL_SIGMA, _POOL_MEAN = 32, 128  # a byte holds four standard deviations
_DEVIATION_SCALE = 256  # fixed-point units per grey level
_LEVELS = np.arange(256, dtype=np.float32)
_CENTRED = np.arange(-_POOL_MEAN, 256 - _POOL_MEAN, dtype=np.int16)


@dataclass(frozen=True)
class Noise(BoundedSettings):
    """Adds Gaussian sensor noise, the same in all channels or independent in each.

    Attributes:
        sigma_range: standard deviation in grey levels (of 255), 0 to 128.
        colour_probability: probability of independent noise in each channel.
    """

    sigma_range: Range = bounded((2, 12), 0, 128)
    colour_probability: float = bounded(0.5, 0, 1)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the standard deviation, whether the noise is coloured, and the offset in the noise pool."""
        return {"sigma": rng.uniform(*self.sigma_range), **_sample_noise_source(rng, self.colour_probability)}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the image with noise."""
        factor = parameters["sigma"] / _POOL_SIGMA
        return np.asarray(cv2.addWeighted(image, 1, _noise(image, parameters), factor, -_POOL_MEAN * factor), np.uint8)


@dataclass(frozen=True)
class ShotNoise(BoundedSettings):
    """Adds Poisson noise: its variance is proportional to the brightness, and black stays black.

    It is sampled as normal noise of that variance, which is indistinguishable at the photon counts of legible images.

    Attributes:
        sigma_range: standard deviation at white in grey levels (of 255), 0 to 40.
        colour_probability: probability of independent noise in each channel.
    """

    sigma_range: Range = bounded((4, 18), 0, 40)
    colour_probability: float = bounded(0.7, 0, 1)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the deviation at white, whether the noise is coloured, and the offset in the noise pool."""
        return {"sigma": rng.uniform(*self.sigma_range), **_sample_noise_source(rng, self.colour_probability)}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the image with noise."""
        deviations = np.sqrt(_LEVELS / 255) * np.float32(parameters["sigma"] * _DEVIATION_SCALE)
        scaled = cv2.LUT(image, np.rint(deviations).astype(np.int16))
        centred = cv2.LUT(_noise(image, parameters), _CENTRED)
        noise = cv2.multiply(centred, scaled, scale=1 / (_POOL_SIGMA * _DEVIATION_SCALE))
        return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)


@dataclass(frozen=True)
class SaltAndPepper(BoundedSettings):
    """Sets random pixels to white or black: dead pixels, dust of a scan, transmission errors.

    Attributes:
        share_range: fraction of the pixels, 0 to 0.2.
    """

    share_range: Range = bounded((0.002, 0.03), 0, 0.2)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the fraction of pixels, the part of them that is white, and a seed for their positions."""
        return {"share": rng.uniform(*self.share_range), "salt": rng.random(), "seed": int(rng.integers(2**32))}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the image with white and black pixels."""
        speckled = image.copy()
        pixels = speckled.reshape(-1, 3)
        count = round(parameters["share"] * len(pixels))
        white = round(count * parameters["salt"])
        positions = np.random.default_rng(parameters["seed"]).integers(len(pixels), size=count)
        pixels[positions[:white]] = 255
        pixels[positions[white:]] = 0
        return speckled


def _sample_noise_source(rng: np.random.Generator, colour_probability: float) -> Parameters:
    return {"coloured": bool(rng.random() < colour_probability), "offset": int(rng.integers(_POOL))}


def _noise(image: Image, parameters: Parameters) -> Image:
    """Return noise around `_POOL_MEAN` in the shape of an image."""
    height, width = image.shape[:2]
    if parameters["coloured"]:
        return _noise_slice(parameters["offset"], height * width * 3).reshape(height, width, 3)
    grey = _noise_slice(parameters["offset"], height * width).reshape(height, width)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


@cache
def _noise_pool() -> NDArray[np.uint8]:
    """Return normal noise around `_POOL_MEAN`, sampled once: a slice costs a thirtieth of new samples."""
    drawn = np.random.default_rng(0).standard_normal(_POOL, np.float32) * _POOL_SIGMA + _POOL_MEAN
    return np.clip(np.round(drawn), 0, 255).astype(np.uint8)


def _noise_slice(offset: int, count: int) -> NDArray[np.uint8]:
    pool = _noise_pool()
    if offset + count <= _POOL:
        return pool[offset : offset + count]
    return np.take(pool, np.arange(offset, offset + count), mode="wrap")
