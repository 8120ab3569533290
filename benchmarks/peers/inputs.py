"""Inputs that all generators share: English lines of 20 to 25 characters, eight fonts, and photographs without text."""

import shutil
from pathlib import Path

import numpy as np
import skimage.data
import wordfreq
from PIL import Image

from synthtext.fonts import FontOptions, find_fonts

LINES, FONTS, BACKGROUNDS = "lines.txt", "fonts", "backgrounds"
_LENGTHS = (20, 25)  # characters of a line
_COUNT = 1000  # lines
_WORDS = 5000  # the most frequent ones
_NAMES = (
    "Lato Regular", "Lato Bold Italic", "Source Sans Pro Regular", "Source Sans Pro Bold", "Source Serif Pro Regular",
    "Caladea Regular", "Amatic SC Regular", "Intuitive Regular",
)  # fmt: skip
_PHOTOS = ("astronaut", "coffee", "rocket", "brick", "grass", "gravel", "camera", "moon", "hubble_deep_field")


def write_inputs(folder: Path, photos: Path | None = None) -> None:
    """Write `lines.txt`, `fonts/` and `backgrounds/` into a folder; what exists is kept.

    Args:
        folder: Folder of the comparison.
        photos: Folder of photographs to take the first nine of, by name; None: those that scikit-image contains.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / LINES).exists():
        (folder / LINES).write_text("".join(f"{line}\n" for line in _lines()), encoding="utf-8")
    if not (folder / FONTS).exists():
        _copy_fonts(folder / FONTS)
    if not (folder / BACKGROUNDS).exists():
        _write_photos(folder / BACKGROUNDS, photos)


def _lines() -> list[str]:
    rng = np.random.default_rng(0)
    words = [word for word in wordfreq.top_n_list("en", _WORDS) if word.isascii() and word.isalpha()]
    lines = []
    while len(lines) < _COUNT:
        line = str(rng.choice(words))
        while len(line) < _LENGTHS[0]:
            line += f" {rng.choice(words)}"
        if len(line) <= _LENGTHS[1]:
            lines.append(line)
    return lines


def _copy_fonts(folder: Path) -> None:
    """Copy eight fonts of the package."""
    fonts = find_fonts(FontOptions(system=False, bundled=True)).fonts
    unfinished = folder.with_suffix(".part")
    unfinished.mkdir(exist_ok=True)
    for font in fonts:
        if font.name in _NAMES:
            shutil.copy(font.path, unfinished)
    unfinished.rename(folder)


def _write_photos(folder: Path, photos: Path | None) -> None:
    unfinished = folder.with_suffix(".part")
    unfinished.mkdir(exist_ok=True)
    if photos is not None:
        for path in sorted(photos.glob("*.jpg"))[: len(_PHOTOS)]:
            shutil.copy(path, unfinished)
    else:
        for name in _PHOTOS:
            Image.fromarray(getattr(skimage.data, name)()).convert("RGB").save(unfinished / f"{name}.jpg", quality=90)
    unfinished.rename(folder)
