"""Drawing crops by weight."""

import numpy as np
from numpy.typing import NDArray


class CropDraw:
    """Draws numbers by weight from one array: a bank may have millions of crops.

    Args:
        weights: (N,), none negative, their sum above 0.
    """

    def __init__(self, weights: NDArray[np.float64]) -> None:
        self._cumulative = np.cumsum(weights)

    def draw(self, rng: np.random.Generator) -> int:
        """A number from 0 to N - 1 whose weight is above 0."""
        at = rng.random() * self._cumulative[-1]
        return min(int(np.searchsorted(self._cumulative, at, side="right")), len(self._cumulative) - 1)
