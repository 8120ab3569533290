"""Compositing of colours and images."""

from collections.abc import Sequence

import cv2
import numpy as np

from synthtext.core.geometry import Image


def composite(background: Image, coverage: Image, colour: Sequence[float]) -> Image:
    """Composite a colour (RGB, 0 to 255) over an image (H, W, 3).

    Returns:
        A new image: the background where the coverage (H, W) is 0, the colour where it is 255.
    """
    return _over(background, coverage, cv2.merge([cv2.convertScaleAbs(coverage, alpha=part / 255) for part in colour]))


def composite_image(background: Image, coverage: Image, image: Image) -> Image:
    """Composite an image (H, W, 3) over another one; see `composite`."""
    inked = cv2.multiply(image, cv2.cvtColor(coverage, cv2.COLOR_GRAY2BGR), scale=1 / 255)
    return _over(background, coverage, inked)


def _over(background: Image, coverage: Image, inked: cv2.typing.MatLike) -> Image:
    rest = cv2.cvtColor(cv2.bitwise_not(coverage), cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.add(inked, cv2.multiply(background, rest, scale=1 / 255)), np.uint8)


def with_opacity(coverage: Image, opacity: float) -> Image:
    """Return a coverage multiplied by an opacity from 0 to 1."""
    return coverage if opacity >= 1 else np.asarray(cv2.convertScaleAbs(coverage, alpha=opacity), np.uint8)


def translate(layer: Image, right: int, down: int) -> Image:
    """Return a layer (H, W) translated by whole pixels, filled with 0."""
    height, width = layer.shape
    moved = np.zeros_like(layer)
    if abs(right) < width and abs(down) < height:
        moved[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = layer[
            max(0, -down) : height + min(0, -down), max(0, -right) : width + min(0, -right)
        ]
    return moved


def colour_ramp(index: Image, first: Sequence[float], second: Sequence[float]) -> Image:
    """Map an index (H, W) uint8 to colours between two colours: 0 is the first, 255 the second."""
    ends = [(min(max(start, 0.0), 255.0), min(max(end, 0.0), 255.0)) for start, end in zip(first, second, strict=True)]
    channels = [cv2.convertScaleAbs(index, alpha=(end - start) / 255, beta=start) for start, end in ends]
    return np.asarray(cv2.merge(channels), np.uint8)


def cut_clearance(layer: Image, letters: Image, distance: float) -> Image:
    """Erase a layer (H, W) within `distance` pixels, at least one, of letters (H, W)."""
    size = 2 * max(1, round(distance)) + 1
    dilated = cv2.dilate(letters, np.ones((size, size), np.uint8))
    return np.asarray(cv2.subtract(layer, dilated), np.uint8)
