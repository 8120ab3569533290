"""Layers of colour on pictures."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core.geometry import Image


def composite(paper: Image, coverage: NDArray[np.uint8], colour: Sequence[float]) -> Image:
    """Lay a colour over a picture.

    Args:
        paper: (H, W, 3) RGB.
        coverage: (H, W), 0 to 255.
        colour: RGB, 0 to 255.

    Returns:
        The new picture; where coverage is 0 it equals the paper, where it is 255 the colour.
    """
    inked = cv2.merge([cv2.convertScaleAbs(coverage, alpha=part / 255) for part in colour])
    rest = cv2.cvtColor(cv2.bitwise_not(coverage), cv2.COLOR_GRAY2BGR)
    faded = cv2.multiply(paper, rest, scale=1 / 255)
    return np.asarray(cv2.add(inked, faded), np.uint8)


def composite_image(paper: Image, coverage: NDArray[np.uint8], picture: Image) -> Image:
    """Lay a picture (H, W, 3) over another one, as `composite` does a colour."""
    inked = cv2.multiply(picture, cv2.cvtColor(coverage, cv2.COLOR_GRAY2BGR), scale=1 / 255)
    rest = cv2.cvtColor(cv2.bitwise_not(coverage), cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.add(inked, cv2.multiply(paper, rest, scale=1 / 255)), np.uint8)


def with_opacity(coverage: NDArray[np.uint8], opacity: float) -> NDArray[np.uint8]:
    """A coverage that lets through what lies below: opacity from 0 to 1."""
    return coverage if opacity >= 1 else np.asarray(cv2.convertScaleAbs(coverage, alpha=opacity), np.uint8)


def translate(layer: NDArray[np.uint8], right: int, down: int) -> NDArray[np.uint8]:
    """A layer (H, W) moved by whole pixels; what comes in is 0."""
    height, width = layer.shape
    moved = np.zeros_like(layer)
    if abs(right) < width and abs(down) < height:
        moved[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = layer[
            max(0, -down) : height + min(0, -down), max(0, -right) : width + min(0, -right)
        ]
    return moved


def colour_ramp(index: NDArray[np.uint8], first: Sequence[float], second: Sequence[float]) -> Image:
    """A picture (H, W, 3) of two colours mixed by an index (H, W): 0 is the first, 255 the second."""
    steps = np.linspace(0, 1, 256)[:, None]
    start = np.clip(np.asarray(first, np.float64), 0, 255)
    table = (start + (np.clip(np.asarray(second, np.float64), 0, 255) - start) * steps + 0.5).astype(np.uint8)
    return np.asarray(cv2.LUT(cv2.merge((index, index, index)), table[None]), np.uint8)


def cut_clearance(layer: NDArray[np.uint8], letters: NDArray[np.uint8], distance: float) -> NDArray[np.uint8]:
    """A layer (H, W) that ends `distance` pixels, at least one, before letters (H, W)."""
    side = 2 * max(1, round(distance)) + 1
    near = cv2.dilate(letters, np.ones((side, side), np.uint8))
    return np.asarray(cv2.subtract(layer, near), np.uint8)
