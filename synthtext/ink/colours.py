"""Where the colours of ink come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image as Pictures

from synthtext.background.photos import decode_photo, list_photos
from synthtext.core import Image, Range, check_number, check_range
from synthtext.ink.contrast import Colour, InkColour, luminance

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


def with_luminance(tint: Colour, level: float) -> Colour:
    """A colour made darker or lighter until it has a luminance of 0 to 255, towards black or white.

    Args:
        tint: RGB, 0 to 255.
        level: of the result.
    """
    given = luminance(tint)
    if given >= level:
        scale = level / max(given, 1e-6)
        return tint[0] * scale, tint[1] * scale, tint[2] * scale
    share = (level - given) / (255 - given)
    return tuple(part + (255 - part) * share for part in tint)  # type: ignore[return-value]


def colour_pair_around(ink: InkColour, tint: Colour, distance: float) -> tuple[Colour, Colour]:
    """Two colours to both sides of an ink: one that is farther from the ground, and one that is nearer.

    Any mixture of the two loses at most half of the distance of the ink's contrast.

    Args:
        ink: in the middle; the farther one has its hue.
        tint: RGB, 0 to 255: the hue of the nearer one.
        distance: of their luminances, in steps of 255; less where the farther one would be beyond black or white.
    """
    level, half = luminance(ink.colour), (-distance if ink.is_darker else distance) / 2
    far = with_luminance(ink.colour, min(255.0, max(0.0, level + half)))
    return far, with_luminance(tint, min(255.0, max(0.0, level - half)))


def draw_colour(rng: np.random.Generator) -> list[int]:
    """Any colour, as JSON."""
    return [int(part) for part in rng.integers(0, 256, 3)]


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


@dataclass(frozen=True)
class SampledColours:
    """Colours of places on the paper, as they are or made darker or lighter: dark brown on tan, pale blue on navy.

    On a photograph these are colours that were seen together.
    """

    def candidates(self, rng: np.random.Generator, paper: Image) -> list[Colour]:
        """A dozen colours: the first third as they are, the others of drawn luminances."""
        height, width = paper.shape[:2]
        rows, columns, levels = rng.random((3, CANDIDATES))
        picked = paper[(rows * height).astype(int), (columns * width).astype(int)].tolist()
        return [
            (float(red), float(green), float(blue))
            if i < CANDIDATES // 3
            else with_luminance((red, green, blue), level)
            for i, ((red, green, blue), level) in enumerate(zip(picked, (levels * 255).tolist(), strict=True))
        ]


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
        return sample_palette(rng, _PALETTES[int(rng.integers(len(_PALETTES)))], self.variation)


def sample_palette(rng: np.random.Generator, palette: Sequence[Sequence[float]], variation: float) -> list[Colour]:
    """A dozen colours: those of a palette in a drawn order, moved by up to `variation`, then others of their hues."""
    numbers = rng.random((CANDIDATES, 4)).tolist()
    order = sorted(range(len(palette)), key=lambda i: numbers[i % CANDIDATES][3])
    offered: list[Colour] = []
    for i, (*moves, level) in enumerate(numbers):
        red, green, blue = (
            min(255.0, max(0.0, part + variation * (2 * move - 1)))
            for part, move in zip(palette[order[i % len(order)]], moves, strict=True)
        )
        offered.append((red, green, blue) if i < len(order) else with_luminance((red, green, blue), 255 * level))
    return offered


_THUMBNAIL = 64  # pixels of the longer side from which colours are taken


@dataclass(frozen=True)
class PhotoColours:
    """Colours that were seen together: those of one photograph, drawn for every line.

    Attributes:
        folder: with at least one picture, in it or below it; a broken one is an error.
        count: how many colours are taken of a photograph, 2 to 32.
    """

    folder: Path
    count: int = 6

    def __post_init__(self) -> None:
        check_number("count", self.count, 2, 32)

    def check(self) -> None:
        """Read every photograph once.

        Raises:
            InputError: the folder is missing or empty, or a photograph is broken; the message names it.
        """
        for path in self._paths:
            _measured(path, path.stat().st_mtime_ns, self.count)

    def candidates(self, rng: np.random.Generator, paper: Image) -> list[Colour]:
        """The colours of a photograph, and darker and lighter ones of them."""
        path = self._paths[int(rng.integers(len(self._paths)))]
        return sample_palette(rng, _measured(path, path.stat().st_mtime_ns, self.count), 0.0)

    @cached_property
    def _paths(self) -> tuple[Path, ...]:
        return list_photos(self.folder)


def measure_palette(photo: Image, count: int) -> tuple[Colour, ...]:
    """The colours of a picture (H, W, 3) by median cut, at most `count`; the most frequent one first."""
    small = Pictures.fromarray(photo)
    small.thumbnail((_THUMBNAIL, _THUMBNAIL), Pictures.Resampling.BOX)
    cut = small.quantize(count, Pictures.Quantize.MEDIANCUT, dither=Pictures.Dither.NONE)
    palette = cut.getpalette() or []
    frequent = sorted(cut.getcolors() or [], reverse=True)
    colours = [palette[3 * int(str(entry)) : 3 * int(str(entry)) + 3] for _, entry in frequent]
    return tuple((float(red), float(green), float(blue)) for red, green, blue in colours)


@lru_cache(maxsize=65536)
def _measured(path: Path, modified: int, count: int) -> tuple[Colour, ...]:
    """The colours of a file in the state that it had when it was modified."""
    return measure_palette(decode_photo(path), count)
