"""Ink in the colours of the user's photographs."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image as Pictures

from synthtext.core import Image, check_number
from synthtext.ink.contrast import Colour
from synthtext.ink.palettes import offer
from synthtext.paper.photos import decode_photo, photo_paths

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
        return offer(rng, _measured(path, path.stat().st_mtime_ns, self.count), 0.0)

    @cached_property
    def _paths(self) -> tuple[Path, ...]:
        return photo_paths(self.folder)


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
