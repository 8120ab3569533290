"""What a text in a picture is like: how high, which way, how far its ink is from its ground."""

from collections.abc import Sequence

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from pipelines.datasets.rectify import VERTICAL_RATIO, line_size, to_line_polygon
from synthtext.core import Image, Polygon

_DOWN = 90.0  # degrees that a text which runs downwards is turned by, against one that runs along its top


def height_and_angle(polygon: Polygon, text: str) -> tuple[int, float]:
    """Height of a text's letters in pixels, and the direction in which it runs.

    Args:
        polygon: (P, 2) from the text's top-left, clockwise.
        text: what it says. More than two characters in an outline that is `TALL` times as high as wide run downwards:
            their height is its width.

    Returns:
        The height, and the angle to the right-hand direction, 0 to 180 degrees, either way round.
    """
    line = to_line_polygon(polygon)
    width, height = line_size(line)
    along = line[len(line) // 2 - 1] - line[0]
    angle = float(np.rad2deg(np.arctan2(along[1], along[0])))
    if len(text) > 2 and height >= VERTICAL_RATIO * width:
        height, angle = width, angle + _DOWN
    return height, abs((angle + 180) % 360 - 180)


def short_side_and_tilt(polygon: Polygon) -> tuple[float, float]:
    """Shorter side in pixels of the smallest rectangle around an outline, and the tilt of the longer one.

    The tilt is against the horizontal, 0 to 90 degrees: which way the text inside runs is not known.
    """
    (_, (width, height), angle) = cv2.minAreaRect(np.asarray(polygon, np.float32))
    turned = angle if width >= height else angle + 90
    return float(min(width, height)), abs((turned + 90) % 180 - 90)


def outline_distances(polygons: Sequence[Polygon]) -> NDArray[np.float64]:
    """(N,) pixels between each outline and the nearest of the others, 0 where they touch; infinite for one alone."""
    shapes = np.array([shapely.Polygon(polygon) for polygon in polygons], object)
    if len(shapes) < 2:
        return np.full(len(shapes), np.inf)
    apart = np.asarray(shapely.distance(shapes[:, None], shapes[None]), np.float64)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(apart.min(axis=1))


def otsu_contrast(luminance: NDArray[np.uint8], polygon: Polygon | None = None) -> float:
    """How far ink and ground are apart: Otsu's threshold parts the pixels, and the means of the two parts are compared.

    Nothing needs to be known about the ink. Noise alone, of standard deviation s, gives about 1.6 s.

    Args:
        luminance: (H, W).
        polygon: (P, 2) around what is looked at, pixels; None: everything.

    Returns:
        0 to 255; NaN if no pixel lies inside.
    """
    pixels = luminance.ravel() if polygon is None else _inside(luminance, polygon)
    if not len(pixels):
        return float("nan")
    threshold, _ = cv2.threshold(pixels.reshape(1, -1), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    light = pixels > threshold
    if light.all() or not light.any():
        return 0.0
    return float(pixels[light].mean() - pixels[~light].mean())


def to_grey(image: Image) -> NDArray[np.uint8]:
    """Luminance (H, W) of a picture (H, W, 3) RGB."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _inside(luminance: NDArray[np.uint8], polygon: Polygon) -> NDArray[np.uint8]:
    """The pixels inside a polygon."""
    height, width = luminance.shape
    low = np.floor(polygon.min(axis=0)).astype(int).clip(0, (width, height))
    high = np.ceil(polygon.max(axis=0)).astype(int).clip(0, (width, height))
    window = luminance[low[1] : high[1], low[0] : high[0]]
    if not window.size:
        return np.empty(0, np.uint8)
    mask = np.zeros(window.shape, np.uint8)
    points = np.rint((polygon - low - 0.5) * 16).astype(np.int32)  # OpenCV counts from pixel centres, here in 16ths
    cv2.fillPoly(mask, [points], 255, cv2.LINE_8, 4)
    return np.asarray(window[mask > 0], np.uint8)
