"""Ink in the colours of its paper."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import Image
from synthtext.ink.contrast import Colour
from synthtext.ink.shades import of_luminance
from synthtext.ink.source import CANDIDATES


@dataclass(frozen=True)
class PaperColours:
    """Colours of places on the paper, as they are or made darker or lighter: dark brown on tan, pale blue on navy.

    On a photograph these are colours that were seen together.
    """

    def candidates(self, rng: np.random.Generator, paper: Image) -> list[Colour]:
        """A dozen colours: the first third as they are, the others of drawn luminances."""
        height, width = paper.shape[:2]
        rows, columns, levels = rng.random((3, CANDIDATES))
        picked = paper[(rows * height).astype(int), (columns * width).astype(int)].tolist()
        return [
            (float(red), float(green), float(blue)) if i < CANDIDATES // 3 else of_luminance((red, green, blue), level)
            for i, ((red, green, blue), level) in enumerate(zip(picked, (levels * 255).tolist(), strict=True))
        ]
