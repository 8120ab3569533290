"""Measures of a text in an image: height, angle, contrast, and distance to other texts."""

from collections.abc import Sequence

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from pipelines.datasets.rectify import VERTICAL_RATIO, line_size, to_line_polygon
from synthtext.core import Image, Polygon

_VERTICAL_ANGLE = 90.0  # degrees between a vertical text and the top side of its outline


def height_and_angle(polygon: Polygon, text: str) -> tuple[int, float]:
    """Measure the height of a text's characters and the direction of the text.

    Args:
        polygon: (P, 2) clockwise from the top-left of the text.
        text: the transcription. More than two characters in an outline that is `VERTICAL_RATIO` times as high as wide
            are a vertical text, whose character height is the width of the outline.

    Returns:
        The height in pixels, and the absolute angle to the horizontal direction from left to right, 0 to 180 degrees.
    """
    line = to_line_polygon(polygon)
    width, height = line_size(line)
    along = line[len(line) // 2 - 1] - line[0]
    angle = float(np.rad2deg(np.arctan2(along[1], along[0])))
    if len(text) > 2 and height >= VERTICAL_RATIO * width:
        height, angle = width, angle + _VERTICAL_ANGLE
    return height, abs((angle + 180) % 360 - 180)


def short_side_and_tilt(polygon: Polygon) -> tuple[float, float]:
    """Measure the minimum-area rectangle around an outline.

    Returns:
        The shorter side in pixels, and the angle between the longer side and the horizontal, 0 to 90 degrees.
    """
    (_, (width, height), angle) = cv2.minAreaRect(np.asarray(polygon, np.float32))
    tilt = angle if width >= height else angle + 90
    return float(min(width, height)), abs((tilt + 90) % 180 - 90)


def outline_distances(polygons: Sequence[Polygon]) -> NDArray[np.float64]:
    """Return (N,) the distance from each outline to the nearest other one in pixels; infinite for a single outline."""
    shapes = np.array([shapely.Polygon(polygon) for polygon in polygons], object)
    if len(shapes) < 2:
        return np.full(len(shapes), np.inf)
    distances = np.asarray(shapely.distance(shapes[:, None], shapes[None]), np.float64)
    np.fill_diagonal(distances, np.inf)
    return np.asarray(distances.min(axis=1))


def otsu_contrast(luminance: NDArray[np.uint8], polygon: Polygon | None = None) -> float:
    """Measure the contrast of ink and background: the difference between the means on both sides of Otsu's threshold.

    Noise of standard deviation s without any ink has a contrast of about 1.6 s.

    Args:
        luminance: (H, W).
        polygon: (P, 2) outline of the measured area, pixels; None: the whole image.

    Returns:
        0 to 255; NaN if the area contains no pixel.
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
    """Return the luminance (H, W) of an image (H, W, 3) RGB."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _inside(luminance: NDArray[np.uint8], polygon: Polygon) -> NDArray[np.uint8]:
    """Return the pixels inside a polygon."""
    height, width = luminance.shape
    low = np.floor(polygon.min(axis=0)).astype(int).clip(0, (width, height))
    high = np.ceil(polygon.max(axis=0)).astype(int).clip(0, (width, height))
    window = luminance[low[1] : high[1], low[0] : high[0]]
    if not window.size:
        return np.empty(0, np.uint8)
    mask = np.zeros(window.shape, np.uint8)
    points = np.rint((polygon - low - 0.5) * 16).astype(np.int32)  # OpenCV: relative to pixel centres, in 16ths
    cv2.fillPoly(mask, [points], 255, cv2.LINE_8, 4)
    return np.asarray(window[mask > 0], np.uint8)
