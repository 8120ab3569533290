"""Noise of sensors and of transmission."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Image, Parameters, Range, Size, check_fraction, check_range

_POOL = 1 << 20
_POOL_SIGMA, _POOL_MEAN = 32, 128  # bytes hold it to four deviations
_FINE = 256  # parts of a step in which deviations are counted
_LEVELS = np.arange(256, dtype=np.float32)
_CENTRED = np.arange(-_POOL_MEAN, 256 - _POOL_MEAN, dtype=np.int16)


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
        check_fraction("colour_probability", self.colour_probability)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the standard deviation, whether it is coloured, and where in the noise pool it starts."""
        return {"sigma": rng.uniform(*self.sigma_range), **_drawn_source(rng, self.colour_probability)}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture with noise."""
        factor = parameters["sigma"] / _POOL_SIGMA
        return np.asarray(cv2.addWeighted(image, 1, _noise(image, parameters), factor, -_POOL_MEAN * factor), np.uint8)


@dataclass(frozen=True)
class ShotNoise:
    """The noise of light that comes in grains: its variance grows with the brightness (Poisson), black stays black.

    Drawn as the normal distribution of that variance, which for the counts of a picture that can be read is the same.

    Attributes:
        sigma_range: standard deviation in white, in steps of 255, 0 to 40.
        colour_probability: of one noise for each channel.
    """

    sigma_range: Range = (4, 18)
    colour_probability: float = 0.7

    def __post_init__(self) -> None:
        check_range("sigma_range", self.sigma_range, 0, 40)
        check_fraction("colour_probability", self.colour_probability)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the deviation in white, whether it is coloured, and where in the noise pool it starts."""
        return {"sigma": rng.uniform(*self.sigma_range), **_drawn_source(rng, self.colour_probability)}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture with noise."""
        deviations = np.sqrt(_LEVELS / 255) * np.float32(parameters["sigma"] * _FINE)
        here = cv2.LUT(image, np.rint(deviations).astype(np.int16))
        centred = cv2.LUT(_noise(image, parameters), _CENTRED)
        added = cv2.multiply(centred, here, scale=1 / (_POOL_SIGMA * _FINE))
        return np.asarray(cv2.add(image, added, dtype=cv2.CV_8U), np.uint8)


@dataclass(frozen=True)
class SaltAndPepper:
    """White and black pixels: dead ones of a sensor, dust of a scan, errors of a transmission.

    Attributes:
        share_range: of the pixels, 0 to 0.2.
    """

    share_range: Range = (0.002, 0.03)

    def __post_init__(self) -> None:
        check_range("share_range", self.share_range, 0, 0.2)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Draw the share, how much of it is white, and a seed for the places."""
        return {"share": rng.uniform(*self.share_range), "salt": rng.random(), "seed": int(rng.integers(2**32))}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """The picture with specks."""
        speckled = image.copy()
        pixels = speckled.reshape(-1, 3)
        count = round(parameters["share"] * len(pixels))
        white = round(count * parameters["salt"])
        places = np.random.default_rng(parameters["seed"]).integers(len(pixels), size=count)
        pixels[places[:white]] = 255
        pixels[places[white:]] = 0
        return speckled


def _drawn_source(rng: np.random.Generator, colour_probability: float) -> Parameters:
    return {"coloured": bool(rng.random() < colour_probability), "offset": int(rng.integers(_POOL))}


def _noise(image: Image, parameters: Parameters) -> Image:
    """Noise about `_POOL_MEAN` for a picture, of its shape."""
    height, width = image.shape[:2]
    if parameters["coloured"]:
        return _noise_slice(parameters["offset"], height * width * 3).reshape(height, width, 3)
    grey = _noise_slice(parameters["offset"], height * width).reshape(height, width)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


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
