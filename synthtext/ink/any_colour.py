"""Ink of any colour."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import Image
from synthtext.ink.contrast import Colour
from synthtext.ink.source import CANDIDATES


@dataclass(frozen=True)
class AnyColour:
    """Greys and colours in turn, every one as likely as any other."""

    def candidates(self, rng: np.random.Generator, paper: Image) -> list[Colour]:
        """A dozen colours."""
        coin, *drawn = (rng.random(1 + 3 * CANDIDATES) * 255).tolist()
        return [
            (drawn[i],) * 3 if (i % 2 == 0) == (coin < 128) else (drawn[i], drawn[i + 1], drawn[i + 2])
            for i in range(0, 3 * CANDIDATES, 3)
        ]
