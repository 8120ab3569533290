"""Smooth noise without chance: the same place of one fixed field gives the same noise in every process."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from synthtext.core import Size

PLACES = 512
"""Columns and rows at which noise may begin: whole numbers below this."""


def grain(size: Size, cell: float, place: tuple[int, int]) -> NDArray[np.uint8]:
    """Noise whose neighbouring values flow into each other.

    Args:
        size: whole pixels.
        cell: how many pixels lie between independent values, at least 1.
        place: column and row of the field at which it begins, each from 0 to `PLACES` - 1.

    Returns:
        (H, W), 0 to 255; around 128 on average.
    """
    width, height = int(size.width), int(size.height)
    cell = max(1.0, cell)
    wide, high = int(np.ceil(width / cell)) + 1, int(np.ceil(height / cell)) + 1
    x, y = place
    field = _field()
    if wide > PLACES or high > PLACES:
        field = np.tile(field, (-(-high // PLACES), -(-wide // PLACES)))
    values = field[y : y + high, x : x + wide]
    if cell == 1:
        return np.ascontiguousarray(values[:height, :width])
    shown = (max(width, round(wide * cell)), max(height, round(high * cell)))
    return np.asarray(cv2.resize(values, shown, interpolation=cv2.INTER_CUBIC), np.uint8)[:height, :width]


def draw_place(rng: np.random.Generator) -> list[int]:
    """A place in the field, as JSON."""
    return [int(part) for part in rng.integers(PLACES, size=2)]


@cache
def _field() -> NDArray[np.uint8]:
    """The field twice in both directions, so that noise may begin anywhere in the first one."""
    field = np.random.default_rng(20).integers(0, 256, (PLACES, PLACES), np.uint8)
    return np.tile(field, (2, 2))
