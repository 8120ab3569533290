"""Ink of a chosen lightness."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import Image, Range, check_range
from synthtext.ink.contrast import Colour
from synthtext.ink.source import CANDIDATES


@dataclass(frozen=True)
class Tones:
    """Greys of a lightness, or colours near to them: printer's black, faded thermal print, text on a screen.

    Attributes:
        lightness_range: 0 to 255.
        tint: how far channels may differ from the lightness, 0 to 255.
    """

    lightness_range: Range = (0, 70)
    tint: float = 12

    def __post_init__(self) -> None:
        check_range("lightness_range", self.lightness_range, 0, 255)
        check_range("tint", (0, self.tint), 0, 255)

    def candidates(self, rng: np.random.Generator, paper: Image) -> list[Colour]:
        """A dozen shades."""
        lightness = rng.uniform(*self.lightness_range, (CANDIDATES, 1))
        shades = np.clip(lightness + rng.uniform(-self.tint, self.tint, (CANDIDATES, 3)), 0, 255)
        return [(red, green, blue) for red, green, blue in shades.tolist()]
