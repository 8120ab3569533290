"""Ink in colours that were seen together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthtext.core import Image, check_number
from synthtext.ink.contrast import Colour
from synthtext.ink.shades import of_luminance
from synthtext.ink.source import CANDIDATES

# The colours, dark to light, of the medoids of 32 clusters of some 1,800 photographs: word crops of signs, labels and
# covers for the most part (IIIT5K, SVT, ICDAR 2015), screens and views. Colours by median cut; near ones are left out.
_MEASURED = (
    "342c2c 544a48 807568 c9b89c",
    "414441 6d675e 807c76 958f87 b3a69c",
    "898989 dfdfdf fcfcfc",
    "272420 3d3b3b 8c8a77",
    "161616 404041 c5c5c5",
    "040101 231e1e 8d8989",
    "362f35 4a4147 9f8e91 e3d0d3",
    "475551 8d9b9d aeafae",
    "434143 d4d4d6 f4f6f9",
    "6e676d c2bec4 d3d2d8",
    "191723 484654 b0afba e8e9e8",
    "494949 6c6c6c 878787 d6d6d6 fafafa",
    "465a6a 929da6 f7fcfd",
    "563213 ab7332 c69844 d3b352",
    "060606 232323 757575 e6e6e6",
    "225691 0d64ae 2265a6 407fb5 abd4f3",
    "577a83 6b8f9b aecad0 cce3e9",
    "27282d 98999e c7c8cf",
    "0f1826 262c3c afb1b6 f9fcfb",
    "81592a d7ae6a edc376",
    "1c1c1c 959595 f0f0f0",
    "a07f72 b9a898 d0b8a8 e9e0d9 fdfdfd",
    "a12f33 e3a6a8 fdf7f7",
    "c62d16 db2419 b75128 f6c38a",
    "76374a 8c4f62 bd96a9 d1b9cb",
    "221d19 7c7719 fef205",
    "3d6598 688fc0 76afe7 87cffb aae8fd",
    "8e4952 c38f9d bfacc3",
    "ac514c db3d39 dda9a3 fdf2ee",
    "c63649 b14156 bd6c83 f1b4cb",
    "fa6832 f58041 f9b570 fdeba3",
)
_PALETTES = tuple(
    tuple(tuple(float(part) for part in bytes.fromhex(colour)) for colour in row.split()) for row in _MEASURED
)


@dataclass(frozen=True)
class Palettes:
    """Colours of one of the palettes that were measured on photographs of signs, labels and covers.

    Attributes:
        variation: how far each channel may be from the palette's, 0 to 100 steps.
    """

    variation: float = 12

    def __post_init__(self) -> None:
        check_number("variation", self.variation, 0, 100)

    def candidates(self, rng: np.random.Generator, paper: Image) -> list[Colour]:
        """The colours of a palette, and darker and lighter ones of them."""
        return offer(rng, _PALETTES[int(rng.integers(len(_PALETTES)))], self.variation)


def offer(rng: np.random.Generator, palette: Sequence[Sequence[float]], variation: float) -> list[Colour]:
    """A dozen colours: those of a palette in a drawn order, moved by up to `variation`, then others of their hues."""
    numbers = rng.random((CANDIDATES, 4)).tolist()
    order = sorted(range(len(palette)), key=lambda i: numbers[i % CANDIDATES][3])
    offered: list[Colour] = []
    for i, (*moves, level) in enumerate(numbers):
        red, green, blue = (
            min(255.0, max(0.0, part + variation * (2 * move - 1)))
            for part, move in zip(palette[order[i % len(order)]], moves, strict=True)
        )
        offered.append((red, green, blue) if i < len(order) else of_luminance((red, green, blue), 255 * level))
    return offered
