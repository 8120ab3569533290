"""Noise of sensors and of transmission, artifacts of scanners, copiers and fax machines."""

import math
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import BoundedSettings, DetailBudget, Image, Parameters, Range, Size, bounded, lerp

_Integer = TypeVar("_Integer", np.uint8, np.int16)
_POOL = 1 << 20
_POOL_SIGMA, _POOL_MEAN = 32, 128  # a byte holds four standard deviations
_DEVIATION_SCALE = 256  # fixed-point units per grey level
_MAX_SHARE_PER_PIXEL = 0.003  # fraction of changed pixels for each pixel of the width of the finest details
_LEVELS = np.arange(256, dtype=np.float32)


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
        return {"sigma": lerp(self.sigma_range, rng.random()), **_sample_noise_source(rng, self.colour_probability)}

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters:
        """Limit the standard deviation."""
        return {**parameters, "sigma": budget.spend_noise(parameters["sigma"])}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the image with noise."""
        factor = parameters["sigma"] / _POOL_SIGMA
        noise = _noise(image, parameters, _noise_pool())
        return np.asarray(cv2.addWeighted(image, 1, noise, factor, -_POOL_MEAN * factor), np.uint8)


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
        return {"sigma": lerp(self.sigma_range, rng.random()), **_sample_noise_source(rng, self.colour_probability)}

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters:
        """Limit the standard deviation."""
        return {**parameters, "sigma": budget.spend_noise(parameters["sigma"])}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the image with noise."""
        deviations = np.sqrt(_LEVELS / 255) * np.float32(parameters["sigma"] * _DEVIATION_SCALE)
        scaled = cv2.LUT(image, np.rint(deviations).astype(np.int16))
        centred = _noise(image, parameters, _centred_pool())
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
        return {"share": lerp(self.share_range, rng.random()), "salt": rng.random(), "seed": int(rng.integers(2**32))}

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters:
        """Limit the fraction of the pixels: they must not look like the dots of letters."""
        return {**parameters, "share": min(parameters["share"], _MAX_SHARE_PER_PIXEL * budget.width)}

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
    return {"coloured": bool(rng.random() < colour_probability), "offset": int(rng.random() * _POOL)}


def _noise(image: Image, parameters: Parameters, pool: NDArray[_Integer]) -> NDArray[_Integer]:
    """Return noise of a pool in the shape of an image."""
    shape = image.shape if parameters["coloured"] else image.shape[:2]
    start, stop = parameters["offset"], parameters["offset"] + math.prod(shape)
    values = pool[start:stop] if stop <= _POOL else np.take(pool, np.arange(start, stop), mode="wrap")
    noise = values.reshape(shape)
    return noise if parameters["coloured"] else np.asarray(cv2.merge((noise, noise, noise)), pool.dtype)


@cache
def _noise_pool() -> NDArray[np.uint8]:
    """Return normal noise around `_POOL_MEAN`, sampled once: a slice costs a thirtieth of new samples."""
    drawn = np.random.default_rng(0).standard_normal(_POOL, np.float32) * _POOL_SIGMA + _POOL_MEAN
    return np.clip(np.round(drawn), 0, 255).astype(np.uint8)


@cache
def _centred_pool() -> NDArray[np.int16]:
    """Return the noise of the pool around 0."""
    return _noise_pool().astype(np.int16) - np.int16(_POOL_MEAN)


_MID_GREY = 128  # grey level of the flattened background
_GREY_LEVELS = np.arange(256)
_MIN_BINARY_WIDTH, _MAX_OFFSET = 2.0, 0.1  # for texts with a budget of details: pixels, and offset of the threshold
_MAX_DEVIATION = 2  # mean deviations from the background at which values are clipped
_MIN_AGREEMENT = 0.5  # fraction of a cell's ink variance that a global threshold must keep
_MIN_VARIANCE = 0.02  # of black and white: cells with less contain no letters


@dataclass(frozen=True)
class ScanStreaks(BoundedSettings):
    """Adds dark and light lines across the whole image: dirt on the glass of a scanner, a worn drum, a heated wire.

    Attributes:
        count_range: number of streaks, 0 to 20.
        width_range: width as a fraction of the shorter side of the image, 0 to 0.5; at least one pixel.
        strength_range: fraction of the distance to black or white, 0 to 0.7; contrast falls equally, also where streaks
            cross.
        vertical_probability: probability of vertical streaks; otherwise they are horizontal.
    """

    count_range: tuple[int, int] = bounded((1, 5), 0, 20, "two whole numbers")
    width_range: Range = bounded((0.02, 0.12), 0, 0.5)
    strength_range: Range = bounded((0.1, 0.5), 0, 0.7)
    vertical_probability: float = bounded(0.6, 0, 1)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the direction and, for each streak, position, width in pixels, strength and colour."""
        count = int(rng.integers(*self.count_range, endpoint=True))
        return {
            "vertical": bool(rng.random() < self.vertical_probability),
            "positions": rng.random(count).tolist(),
            "widths": (rng.uniform(*self.width_range, count) * min(size)).tolist(),
            "strengths": rng.uniform(*self.strength_range, count).tolist(),
            "white": (rng.random(count) < 0.5).tolist(),
        }

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the image with streaks."""
        high, wide = image.shape[:2]
        count = wide if parameters["vertical"] else high
        pixels = np.arange(count, dtype=np.float32) + np.float32(0.5)
        if not parameters["positions"]:
            return image.copy()
        # One row for each streak.
        positions, widths, strengths, white = (
            np.array(parameters[name], np.float32)[:, None] for name in ("positions", "widths", "strengths", "white")
        )
        overlap = (np.maximum(widths, 1) + 1) / 2 - np.abs(pixels - positions * count)
        fractions = overlap.clip(0, 1) * strengths
        strongest = fractions.argmax(axis=0)  # where streaks overlap, the stronger one counts
        fraction = fractions.max(axis=0)
        kept, added = (
            np.rint(part).astype(np.uint8) for part in ((1 - fraction) * 255, fraction * 255 * white[strongest, 0])
        )
        darkened = cv2.multiply(image, _repeat_profile(kept, image, parameters["vertical"]), scale=1 / 255)
        return np.asarray(cv2.add(darkened, _repeat_profile(added, image, parameters["vertical"])), np.uint8)


def _repeat_profile(profile: Image, image: Image, vertical: bool) -> Image:
    """Repeat values along one side (N,) over the whole image, in three channels."""
    lines = cv2.cvtColor(profile[None] if vertical else profile[:, None], cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.repeat(lines, image.shape[0] if vertical else 1, 1 if vertical else image.shape[1]), np.uint8)


@dataclass(frozen=True)
class Binarise(BoundedSettings):
    """Converts the image to black and white, as a fax or an archive scan.

    Otsu's threshold (1979) is computed for the whole image or, adaptive, for the difference from the local mean. Where
    a global threshold would lose letters that the adaptive one keeps, for example on a background of two colours, the
    adaptive one is used. Letters of low contrast may still be lost within half a window of a hard edge of the
    background.

    Attributes:
        adaptive_probability: probability of an adaptive threshold.
        window_range: side of the square window as a fraction of the shorter side of the image, 0.3 to 3.
        offset_range: offset of the threshold, -0.6 to 0.6, as a fraction of the distance to the mean of the dark pixels
            (below 0: strokes of dark letters become thinner) or of the light pixels.
    """

    adaptive_probability: float = bounded(0.5, 0, 1)
    window_range: Range = bounded((0.6, 1.5), 0.3, 3)
    offset_range: Range = bounded((-0.3, 0.3), -0.6, 0.6)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample whether the threshold is adaptive, the window in pixels and the offset."""
        return {
            "adaptive": bool(rng.random() < self.adaptive_probability),
            "window": lerp(self.window_range, rng.random()) * min(size),
            "offset": lerp(self.offset_range, rng.random()),
        }

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters | None:
        """Limit the offset, which closes gaps and thins strokes; leave the effect out for very fine details."""
        if budget.width < _MIN_BINARY_WIDTH:
            return None
        offset = max(-_MAX_OFFSET, min(_MAX_OFFSET, parameters["offset"]))
        return {**parameters, "offset": offset}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the black and white image."""
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
        side = max(3, round(parameters["window"]))
        shown = _binarise(_flatten_background(grey, side), parameters["offset"])
        if not parameters["adaptive"]:
            whole = _binarise(grey, parameters["offset"])
            if _keeps_ink(whole, shown, side):
                shown = whole
        return np.asarray(cv2.cvtColor(shown, cv2.COLOR_GRAY2BGR), np.uint8)


def _flatten_background(grey: Image, side: int) -> Image:
    """Return the difference of pixels from their local mean, `_MID_GREY` for none.

    Large deviations, such as the rules of a table, are clipped; otherwise they alone would count as ink.
    """
    counts = np.bincount(grey.ravel(), minlength=256)
    median = int(counts.cumsum().searchsorted(grey.size / 2))
    deviations = np.abs(_GREY_LEVELS - median)
    limit = _MAX_DEVIATION * max(float(counts @ deviations) / grey.size, 1.0)
    kept = np.clip(_GREY_LEVELS, median - limit, median + limit).astype(np.uint8)
    background = cv2.blur(cv2.LUT(grey, kept), (side, side), borderType=cv2.BORDER_REPLICATE)
    mean_deviation = max(cv2.mean(cv2.absdiff(grey, background))[0], 1.0)
    gain = _MID_GREY / (_MAX_DEVIATION * mean_deviation)
    return np.asarray(cv2.addWeighted(grey, gain, background, -gain, _MID_GREY), np.uint8)


def _binarise(grey: Image, offset: float) -> Image:
    """Set pixels below a threshold to 0 and those above it to 255."""
    threshold, light = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    if not offset:
        return np.asarray(light, np.uint8)
    end = cv2.mean(grey, light if offset > 0 else cv2.bitwise_not(light))[0]
    moved = threshold + abs(offset) * (end - threshold)
    return np.asarray(cv2.threshold(grey, moved, 255, cv2.THRESH_BINARY)[1], np.uint8)


def _keeps_ink(whole: Image, local: Image, side: int) -> bool:
    """Return whether a global binary image keeps the letters of a local one in every cell."""
    high, wide = whole.shape
    cells = (max(1, round(2 * wide / side)), max(1, round(2 * high / side)))
    joint = cv2.bitwise_and(whole, local)
    first, second, agreement = (
        cv2.resize(part, cells, interpolation=cv2.INTER_AREA).astype(np.float32) / 255 for part in (whole, local, joint)
    )
    variance = second * (1 - second)
    return bool((agreement - first * second >= _MIN_AGREEMENT * variance)[variance > _MIN_VARIANCE].all())
