"""Warps that keep all of a picture in its frame."""

import math

import numpy as np

from synthtext.core import Box, Size, Warp

_MOST = 256  # places along a side that are looked at


def fitted(warp: Warp, size: Size, step: float) -> Warp:
    """A warp, and then what brings all of a picture into its frame again, and fills it: nothing is cut off.

    Args:
        warp: that does not fold.
        size: of the picture, pixels.
        step: pixels along the sides in which the warp bends little.
    """
    parts = min(_MOST, max(1, math.ceil(max(size) / step)))
    shares = np.linspace(0, 1, parts + 1)
    corners = Box(0, 0, size.width, size.height).polygon().astype(np.float64)
    sides = corners[:, None] + (np.roll(corners, -1, axis=0) - corners)[:, None] * shares[:, None]
    seen = sides.reshape(-1, 2)
    for part in warp.maps:
        seen = part.forward(seen)
    (left, top), (right, bottom) = seen.min(axis=0), seen.max(axis=0)
    wide, high = size.width / (right - left), size.height / (bottom - top)
    return warp.then(Warp.of_matrix(np.array([[wide, 0, -left * wide], [0, high, -top * high], [0, 0, 1]])))
