"""Sources of ink colours."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image as Pictures

from synthtext.background.photos import decode_photo, list_photos
from synthtext.core import BoundedSettings, Image, Range, bounded
from synthtext.ink.contrast import Colour, InkColour, luminance

CANDIDATES = 12
"""Number of colours that are tried before black and white."""


class ColourSource(Protocol):
    """Proposes colours; the first one that reaches the contrast floor is used.

    A custom source is a frozen dataclass with this method, named by its dotted path in a recipe.
    """

    def candidates(self, rng: np.random.Generator, background: Image) -> Iterable[Colour]:
        """Return colours for a background (H, W, 3) RGB, in the order in which to try them.

        Only few of them are tried. An iterator, which computes the next one on demand, must not use `rng`.
        """


def with_luminance(tint: Sequence[float], level: float) -> Colour:
    """Blend a colour (RGB, 0 to 255) with black or white such that it gets a luminance from 0 to 255."""
    red, green, blue = tint
    current = luminance((red, green, blue))
    if current >= level:
        scale = level / max(current, 1e-6)
        return red * scale, green * scale, blue * scale
    fraction = (level - current) / (255 - current)
    return red + (255 - red) * fraction, green + (255 - green) * fraction, blue + (255 - blue) * fraction


def colour_pair_around(ink: InkColour, tint: Colour, distance: float) -> tuple[Colour, Colour]:
    """Return two colours around an ink colour: one farther from the background, and one nearer to it.

    The farther colour has the hue of the ink, the nearer one that of `tint`. Their luminances differ by `distance`, or
    less if the farther colour would exceed black or white; mixtures lose at most half of it of the ink's contrast.
    """
    level, half = luminance(ink.colour), (-distance if ink.is_darker else distance) / 2
    far = with_luminance(ink.colour, min(255.0, max(0.0, level + half)))
    return far, with_luminance(tint, min(255.0, max(0.0, level - half)))


def draw_colour(rng: np.random.Generator) -> list[int]:
    """Draw a uniformly distributed colour, as JSON."""
    return [int(256 * part) for part in rng.random(3).tolist()]


def shade_of(tint: Sequence[float], level: float) -> list[int]:
    """Return a colour like `with_luminance`, as JSON."""
    return [round(part) for part in with_luminance(tint, level)]


@dataclass(frozen=True)
class AnyColour:
    """Uniformly distributed greys and colours in turn."""

    def candidates(self, rng: np.random.Generator, background: Image) -> Iterator[Colour]:
        """Draw twelve colours."""
        coin, *channels = (rng.random(1 + 3 * CANDIDATES) * 255).tolist()
        return (
            (channels[i],) * 3 if (i % 2 == 0) == (coin < 128) else (channels[i], channels[i + 1], channels[i + 2])
            for i in range(0, 3 * CANDIDATES, 3)
        )


@dataclass(frozen=True)
class Tones(BoundedSettings):
    """Greys of a lightness range, slightly tinted: printing ink, faded thermal print, text on a screen.

    Attributes:
        lightness_range: Lightness, 0 to 255.
        tint: Maximum difference of the channels from the lightness, 0 to 255.
    """

    lightness_range: Range = bounded((0, 70), 0, 255)
    tint: float = bounded(12, 0, 255)

    def candidates(self, rng: np.random.Generator, background: Image) -> list[Colour]:
        """Draw twelve colours."""
        lightness = rng.uniform(*self.lightness_range, (CANDIDATES, 1))
        shades = np.clip(lightness + rng.uniform(-self.tint, self.tint, (CANDIDATES, 3)), 0, 255)
        return [(red, green, blue) for red, green, blue in shades.tolist()]


@dataclass(frozen=True)
class SampledColours:
    """Colours of random pixels of the background, some with another luminance: dark brown on tan, pale blue on navy.

    On a photograph, these are colours that occur together.
    """

    def candidates(self, rng: np.random.Generator, background: Image) -> Iterator[Colour]:
        """Draw twelve colours: the first third is unchanged, the others have random luminances."""
        height, width = background.shape[:2]
        rows, columns, levels = rng.random((3, CANDIDATES))
        picked = background[(rows * height).astype(int), (columns * width).astype(int)].tolist()
        shaded = zip(picked[CANDIDATES // 3 :], (levels * 255).tolist()[CANDIDATES // 3 :], strict=True)
        return chain(
            ((float(red), float(green), float(blue)) for red, green, blue in picked[: CANDIDATES // 3]),
            (with_luminance(colour, level) for colour, level in shaded),
        )


# Colours, dark to light, of the medoids of 32 clusters of about 1,800 photographs, mostly word crops of signs, labels
# and covers (IIIT5K, SVT, ICDAR 2015), also screens and landscapes. Median cut without similar colours.
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
class Palettes(BoundedSettings):
    """Colours of a palette measured on photographs of signs, labels and covers.

    Attributes:
        variation: Maximum deviation of each channel, 0 to 100.
    """

    variation: float = bounded(12, 0, 100)

    def candidates(self, rng: np.random.Generator, background: Image) -> Iterator[Colour]:
        """Draw colours of a palette, then darker and lighter ones."""
        return sample_palette(rng, _PALETTES[int(rng.random() * len(_PALETTES))], self.variation)


def sample_palette(rng: np.random.Generator, palette: Sequence[Sequence[float]], variation: float) -> Iterator[Colour]:
    """Draw twelve colours: a palette in random order, varied by up to `variation`, then others of their hues."""
    numbers = rng.random((CANDIDATES, 4)).tolist()
    order = sorted(range(len(palette)), key=lambda i: numbers[i % CANDIDATES][3])
    return (_varied(i, palette[order[i % len(order)]], numbers[i], variation, len(order)) for i in range(CANDIDATES))


def _varied(number: int, colour: Sequence[float], moves: Sequence[float], variation: float, kept: int) -> Colour:
    """Vary a colour; those from number `kept` on get a random luminance, too."""
    red, green, blue = (
        min(255.0, max(0.0, channel + variation * (2 * move - 1)))
        for channel, move in zip(colour, moves[:3], strict=True)
    )
    return (red, green, blue) if number < kept else with_luminance((red, green, blue), 255 * moves[3])


_THUMBNAIL = 64  # pixels of the longer side of the image that is measured


@dataclass(frozen=True)
class PhotoColours(BoundedSettings):
    """Colours of a photograph, drawn for every line.

    Attributes:
        folder: Folder with at least one photograph, also in subfolders; a broken one is an error.
        count: Number of colours per photograph, 2 to 32.
    """

    folder: Path
    count: int = bounded(6, 2, 32)

    def check(self) -> None:
        """Read every photograph once.

        Raises:
            InputError: The folder does not exist or is empty, or a photograph is broken; the message names it.
        """
        for path in self._paths:
            _cached_palette(path, path.stat().st_mtime_ns, self.count)

    def candidates(self, rng: np.random.Generator, background: Image) -> Iterator[Colour]:
        """Draw colours of a photograph, then darker and lighter ones."""
        path = self._paths[int(rng.integers(len(self._paths)))]
        return sample_palette(rng, _cached_palette(path, path.stat().st_mtime_ns, self.count), 0.0)

    @cached_property
    def _paths(self) -> tuple[Path, ...]:
        return list_photos(self.folder)


def measure_palette(photo: Image, count: int) -> tuple[Colour, ...]:
    """Compute at most `count` colours of an image (H, W, 3) by median cut, most frequent first."""
    small = Pictures.fromarray(photo)
    small.thumbnail((_THUMBNAIL, _THUMBNAIL), Pictures.Resampling.BOX)
    cut = small.quantize(count, Pictures.Quantize.MEDIANCUT, dither=Pictures.Dither.NONE)
    palette = cut.getpalette() or []
    frequent = sorted(cut.getcolors() or [], reverse=True)
    colours = [palette[3 * int(str(entry)) : 3 * int(str(entry)) + 3] for _, entry in frequent]
    return tuple((float(red), float(green), float(blue)) for red, green, blue in colours)


@lru_cache(maxsize=65536)
def _cached_palette(path: Path, modified: int, count: int) -> tuple[Colour, ...]:
    """The colours of a file; `modified` is its modification time, which detects changed files."""
    return measure_palette(decode_photo(path), count)
