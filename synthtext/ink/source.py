"""Where the colours of ink come from."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from synthtext.core import Image
from synthtext.ink.contrast import Colour

CANDIDATES = 12
"""Colours that are tried on a ground before black and white are."""


class ColourSource(Protocol):
    """Offers colours; the first that keeps the contrast floor is taken.

    A new one is a frozen dataclass with this one method, named by its dotted path in a recipe.
    """

    def candidates(self, rng: np.random.Generator, paper: Image) -> Sequence[Colour]:
        """Colours in the order in which they should be tried.

        Args:
            rng: draws them.
            paper: (H, W, 3) RGB, what the ink comes to lie on.
        """
        ...
