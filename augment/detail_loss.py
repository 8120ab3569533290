"""Loss of detail: blur of lenses and moving cameras, low resolution, compression."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import (
    BoundedSettings,
    DetailBudget,
    Image,
    InputError,
    Parameters,
    Range,
    Size,
    bounded,
    draw_integer,
    lerp,
)

_MAX_DIRECT_RADIUS = 2.5  # pixels: discs up to this radius are applied at full resolution
_REDUCED_RADIUS = 3.5  # pixels: radius of larger discs at reduced resolution
_STROKE_DEVIATIONS = math.sqrt(12)  # standard deviations in the length of a stroke


@dataclass(frozen=True)
class Blur(BoundedSettings):
    """Gaussian blur.

    Attributes:
        strength_range: standard deviation as a fraction of the shorter side of the image, 0 to 0.2.
    """

    strength_range: Range = bounded((0.005, 0.03), 0, 0.2)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the standard deviation in pixels."""
        return {"sigma": lerp(self.strength_range, rng.random()) * min(size)}

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters:
        """Limit the standard deviation."""
        return {"sigma": budget.spend_blur(parameters["sigma"])}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the blurred image."""
        sigma = max(parameters["sigma"], 1e-3)
        kernel = cv2.getGaussianKernel(2 * max(1, math.ceil(2 * sigma)) + 1, sigma)
        # Takes two thirds of the time of `cv2.GaussianBlur`, whose larger kernels change nothing visible.
        return np.asarray(cv2.sepFilter2D(image, -1, kernel, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)


@dataclass(frozen=True)
class MotionBlur(BoundedSettings):
    """Blur of a moving camera or page: a point becomes a straight stroke.

    OpenCV skips zeros of a kernel, so the cost is proportional to the length of the stroke. From 11 pixels on OpenCV
    uses another algorithm of constant cost.

    Attributes:
        length_range: length of the stroke as a fraction of the shorter side of the image, 0 to 0.25.
        degrees_range: direction of the stroke in degrees, clockwise from the right, -180 to 180.
    """

    length_range: Range = bounded((0.03, 0.14), 0, 0.25)
    degrees_range: Range = bounded((0, 180), -180, 180)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the length in pixels and the direction in degrees."""
        return {
            "length": lerp(self.length_range, rng.random()) * min(size),
            "degrees": lerp(self.degrees_range, rng.random()),
        }

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters:
        """Limit the length by the standard deviation along the stroke."""
        deviation = budget.spend_blur(parameters["length"] / _STROKE_DEVIATIONS)
        return {**parameters, "length": deviation * _STROKE_DEVIATIONS}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the blurred image."""
        return _filtered(image, _stroke(parameters["length"], math.radians(parameters["degrees"])))


@dataclass(frozen=True)
class Defocus(BoundedSettings):
    """Blur of a lens that is out of focus: a point becomes a disc.

    Large discs are applied to a downscaled image; their radius is reduced by the blur of the resampling itself.

    Attributes:
        radius_range: radius of the disc as a fraction of the shorter side of the image, 0 to 0.08.
    """

    radius_range: Range = bounded((0.01, 0.05), 0, 0.08)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the radius in pixels."""
        return {"radius": lerp(self.radius_range, rng.random()) * min(size)}

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters:
        """Limit the radius, twice the standard deviation of the disc in each direction."""
        return {"radius": 2 * budget.spend_blur(parameters["radius"] / 2)}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the blurred image."""
        radius = parameters["radius"]
        if radius <= _MAX_DIRECT_RADIUS:
            return _filtered(image, _disc(radius))
        height, width = image.shape[:2]
        factor = max(2, math.ceil(radius / _REDUCED_RADIUS))
        shrinking = cv2.INTER_LINEAR if factor == 2 else cv2.INTER_AREA  # equal at factor 2, but faster
        # The scale must be the same on both axes.
        padded = cv2.copyMakeBorder(image, 0, -height % factor, 0, -width % factor, cv2.BORDER_REPLICATE)
        shape = padded.shape[1::-1]
        small = cv2.resize(padded, (shape[0] // factor, shape[1] // factor), interpolation=shrinking)
        # Downscaling averages squares of `factor` pixels, upscaling applies tents of twice that width. Their combined
        # variance is that of a disc of radius `factor`.
        blurred = _filtered(np.asarray(small, np.uint8), _disc(math.sqrt(radius**2 - factor**2) / factor))
        enlarged = cv2.resize(blurred, shape, interpolation=cv2.INTER_LINEAR)
        return np.asarray(enlarged, np.uint8)[:height, :width]


def _filtered(image: Image, kernel: NDArray[np.float32]) -> Image:
    return np.asarray(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)


def _stroke(length: float, angle: float) -> NDArray[np.float32]:
    """Return a kernel of sum 1: a centred stroke about one pixel wide with soft edges."""
    cosine, sine = math.cos(angle), math.sin(angle)
    reach_x, reach_y = (math.ceil(length / 2 * abs(part)) for part in (cosine, sine))
    x = np.arange(-reach_x, reach_x + 1, dtype=np.float32)
    y = np.arange(-reach_y, reach_y + 1, dtype=np.float32)[:, None]
    along = np.clip((length + 1) / 2 - np.abs(x * np.float32(cosine) + y * np.float32(sine)), 0, 1)
    stroke = along * np.clip(1 - np.abs(y * np.float32(cosine) - x * np.float32(sine)), 0, 1)
    return np.asarray(stroke / stroke.sum(), np.float32)


def _disc(radius: float) -> NDArray[np.float32]:
    """Return a kernel of sum 1: a disc with soft edges and the variance of a sharp disc of this radius."""
    return _soft_disc(float(np.interp(radius, *_radius_table())))


@cache
def _radius_table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return radii of sharp discs and of soft discs of equal variance; the variance of a sharp disc is r^2 / 4."""
    soft = np.linspace(0.5, 2 * _REDUCED_RADIUS, 200)
    discs = [_soft_disc(float(radius)).sum(axis=0, dtype=np.float64) for radius in soft]
    variances = [disc @ (np.arange(len(disc)) - len(disc) // 2) ** 2 for disc in discs]
    return 2 * np.sqrt(np.array(variances)), soft


def _soft_disc(radius: float) -> NDArray[np.float32]:
    reach = math.floor(radius + 0.5)
    x = np.arange(-reach, reach + 1, dtype=np.float32)
    disc = np.clip(np.float32(radius + 0.5) - np.hypot(x, x[:, None]), 0, 1)
    return np.asarray(disc / disc.sum(), np.float32)


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
_QUALITY_AT_A_PIXEL, _MAX_LOWEST_QUALITY = 90, 60  # lowest quality for details of a pixel; at any width


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
            "factor": lerp(self.factor_range, rng.random()),
            "shrinking": self.shrinking[int(rng.random() * len(self.shrinking))],
            "enlarging": self.enlarging[int(rng.random() * len(self.enlarging))],
        }

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters:
        """Limit the loss of resolution: the averages of squares are enlarged by tents of twice that width."""
        lost = math.sqrt(1 / parameters["factor"] ** 2 - 1) / 2
        return {**parameters, "factor": 1 / math.sqrt(1 + (2 * budget.spend_blur(lost)) ** 2)}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the downscaled and enlarged image."""
        height, width = image.shape[:2]
        factor, method = parameters["factor"], parameters["shrinking"]
        small = (max(1, round(width * factor)), max(1, round(height * factor)))
        if method == "area":
            shrunk = _averaged(image, small)
        else:
            if factor * _MAX_SUBSAMPLING < 1:
                columns, rows = (math.ceil(side * _MAX_SUBSAMPLING) for side in small)
                image = _averaged(image, (min(width, columns), min(height, rows)))
            shrunk = np.asarray(cv2.resize(image, small, interpolation=_FLAGS[method]), np.uint8)
        return np.asarray(cv2.resize(shrunk, (width, height), interpolation=_FLAGS[parameters["enlarging"]]), np.uint8)


def _averaged(image: Image, size: tuple[int, int]) -> Image:
    """Downscale an image to (width, height) pixels by averaging.

    The image is resampled to the size times a power of two, and then halved: averages of 2 x 2 pixels take a tenth of
    the time of averages of fractions of pixels, and the result differs by less than a grey level on average.
    """
    halvings = max(0, round(math.log2(image.shape[1] / size[0])))
    shape = (size[0] << halvings, size[1] << halvings)
    averaged = cv2.resize(image, shape, interpolation=cv2.INTER_LINEAR)
    for halving in reversed(range(halvings)):
        averaged = cv2.resize(averaged, (size[0] << halving, size[1] << halving), interpolation=cv2.INTER_AREA)
    return np.asarray(averaged, np.uint8)


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
        passes = draw_integer(rng, self.passes_range)
        qualities = [draw_integer(rng, self.quality_range) for _ in range(passes)]
        shifts = [[draw_integer(rng, (0, _BLOCK - 1)) for _ in range(2)] for _ in range(passes - 1)]
        return {"qualities": qualities, "shifts": [[0, 0], *shifts]}

    def limit(self, parameters: Parameters, budget: DetailBudget) -> Parameters:
        """Raise low qualities, the more the finer the details are."""
        lowest = min(_MAX_LOWEST_QUALITY, round(_QUALITY_AT_A_PIXEL / budget.width))
        return {**parameters, "qualities": [max(quality, lowest) for quality in parameters["qualities"]]}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the compressed and decoded image."""
        for quality, (left, top) in zip(parameters["qualities"], parameters["shifts"], strict=True):
            shifted = cv2.copyMakeBorder(image, top, 0, left, 0, cv2.BORDER_REPLICATE) if left or top else image
            _, data = cv2.imencode(
                ".jpg", cv2.cvtColor(shifted, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
            )
            image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8)[top:, left:]
        return np.ascontiguousarray(image)
