"""Effects on colours."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from synthtext.core import BoundedSettings, Image, Parameters, Range, Size, bounded, lerp


@dataclass(frozen=True)
class Colour(BoundedSettings):
    """Changes brightness, contrast, saturation and hue with one linear map of the colours.

    The hue rotates about the axis of greys, so greys do not change.

    Attributes:
        brightness_range: offset as a fraction of full white, -1 to 1.
        contrast_range: factor of the distance from middle grey, 0 to 4.
        saturation_range: factor of the distance from the grey of equal luminance, 0 to 4; 0 removes all colour.
        hue_range: rotation in degrees, -180 to 180.
    """

    brightness_range: Range = bounded((-0.15, 0.15), -1, 1)
    contrast_range: Range = bounded((0.7, 1.3), 0, 4)
    saturation_range: Range = bounded((0.5, 1.5), 0, 4)
    hue_range: Range = bounded((-15, 15), -180, 180)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the four amounts."""
        return self.uniform(rng, "brightness", "contrast", "saturation", "hue")

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the recoloured image."""
        saturation, contrast = parameters["saturation"], parameters["contrast"]
        saturated = saturation * np.eye(3) + (1 - saturation) * _LUMA_WEIGHTS
        # A rotation about the axis of greys (1, 1, 1).
        rotation, _ = cv2.Rodrigues(np.full(3, 1 / np.sqrt(3)) * np.deg2rad(parameters["hue"]))
        linear = contrast * saturated @ rotation
        shift = 127.5 * (1 - contrast) + 255 * parameters["brightness"]
        matrix = np.concatenate([linear, np.full((3, 1), shift)], axis=1)
        return np.asarray(cv2.transform(image, matrix.astype(np.float32)), np.uint8)


@dataclass(frozen=True)
class Invert:
    """Inverts the colours of the image (PP-OCRv2, RecAug: reverse)."""

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Return no parameters."""
        return {}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the inverted image."""
        return np.asarray(cv2.bitwise_not(image), np.uint8)


_LINEAR_FRACTION = 0.35  # of a gamma curve: adjacent grey levels keep at least this fraction of their difference
_NEUTRAL_KELVIN = 6500  # assumed colour temperature of an image
_DISPLAY_GAMMA = 2.2  # approximate display exponent of stored images
_LUMA_WEIGHTS = np.array([0.299, 0.587, 0.114])  # luminance of R, G, B (ITU-R BT.601)
_LEVELS = np.arange(256, dtype=np.float32) / np.float32(255)
# XYZ to linear sRGB (IEC 61966-2-1).
_TO_RGB = ((3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570))


@dataclass(frozen=True)
class Gamma(BoundedSettings):
    """Brightens or darkens the middle tones; black and white do not change.

    A third of the curve is linear, so that dark letters on a darker background, or light ones on a lighter background,
    remain distinct.

    Attributes:
        gamma_range: exponent, 0.25 to 4; values below 1 brighten. Sampled uniformly in its logarithm.
    """

    gamma_range: Range = bounded((0.5, 2.0), 0.25, 4)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the exponent."""
        return {"gamma": math.exp(rng.uniform(math.log(self.gamma_range[0]), math.log(self.gamma_range[1])))}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the image after the gamma curve."""
        curve = (1 - _LINEAR_FRACTION) * _LEVELS ** np.float32(parameters["gamma"]) + _LINEAR_FRACTION * _LEVELS
        return np.asarray(cv2.LUT(image, np.rint(curve * 255).astype(np.uint8)), np.uint8)


@dataclass(frozen=True)
class WhiteBalance(BoundedSettings):
    """Changes the colour of the light: warm (lamps), cold (shade), green or magenta (fluorescent tubes).

    Channels are scaled so that greys keep their luminance, unless a channel saturates.

    Attributes:
        temperature_range: colour temperature in kelvin, 2000 to 15000; low values are warm, 6500 is neutral. Sampled
            uniformly in its inverse, which matches perception.
        tint_range: relative gain of the green channel, -0.2 to 0.2; negative values are magenta.
    """

    temperature_range: Range = bounded((3300, 10000), 2000, 15000, "kelvin")
    tint_range: Range = bounded((-0.04, 0.04), -0.2, 0.2)

    def draw(self, rng: np.random.Generator, size: Size) -> Parameters:
        """Sample the factors of red, green and blue."""
        low, high = self.temperature_range
        kelvin = 1 / rng.uniform(1 / high, 1 / low)
        tint = 1 + lerp(self.tint_range, rng.random())
        pairs = zip(_white_point(kelvin), _NEUTRAL_WHITE, (1.0, tint, 1.0), strict=True)
        factors = [(light / neutral) ** (1 / _DISPLAY_GAMMA) * gain for light, neutral, gain in pairs]
        level = sum(weight * factor for weight, factor in zip(_LUMA_WEIGHTS.tolist(), factors, strict=True))
        return {"factors": [factor / level for factor in factors]}

    def apply(self, image: Image, parameters: Parameters) -> Image:
        """Return the image in the sampled light."""
        return np.asarray(cv2.transform(image, np.diag(parameters["factors"]).astype(np.float32)), np.uint8)


def _white_point(kelvin: float) -> list[float]:
    """Return the linear sRGB colour of daylight or, below 4000 kelvin, of a black body.

    Sources: CIE 15 for daylight; Kang et al. 2002, "Design of advanced color temperature control system", for black
    bodies.
    """
    t = 1000 / kelvin
    if kelvin >= 7000:
        x = 0.237040 + t * (0.24748 + t * (1.9018 - t * 2.0064))
    elif kelvin >= 4000:
        x = 0.244063 + t * (0.09911 + t * (2.9678 - t * 4.6070))
    else:
        x = 0.179910 + t * (0.8776956 + t * (-0.2343589 - t * 0.2661239))
    if kelvin >= 4000:
        y = -3 * x**2 + 2.870 * x - 0.275
    elif kelvin >= 2222:
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    return [max(a * x / y + b + c * (1 - x - y) / y, 0.01) for a, b, c in _TO_RGB]


_NEUTRAL_WHITE = _white_point(_NEUTRAL_KELVIN)
