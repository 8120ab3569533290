"""Discovery of fonts in folders, wheels and the system."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points, files
from pathlib import Path
from typing import ClassVar

from synthtext.core import InputError, check_number, check_range
from synthtext.fonts.file import SUFFIXES, FontFile, read_font_file
from synthtext.fonts.lookalikes import Distinguished


@dataclass(frozen=True)
class FontOptions:
    """Sources and sizes of fonts.

    Attributes:
        folders: User's folders, searched recursively; a broken font in one is an error.
        system: Search the system's folders; broken fonts are skipped.
        bundled: Use the free fonts that are installed with the project.
        size_range: Font size in pixels of the finished image; a line that does not fit is made smaller.
        pool: Number of fonts for each block of 256 samples.
        vary_axes: Draw variable fonts at random positions on their axes; otherwise at the default.
        weights: Relative frequencies of fonts, by name of a face ("Lato Bold") or family ("Lato"), multiplied by those
            of all patterns ("*mono*") that match the face's name; the default is 1. A family's weight is the mean
            weight of its faces, among which one is drawn by its own weight. Fonts of weight 0 are ignored.
        distinguish: Groups of characters, such as "0O" and "1Il", or "all" for all characters of the charset: a text
            with a character that looks in a font like another one of its group is set in another font.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # reject unknown keys of a recipe

    folders: tuple[Path, ...] = ()
    system: bool = False
    bundled: bool = True
    size_range: tuple[float, float] = (28, 44)
    pool: int = 16
    vary_axes: bool = True
    weights: Mapping[str, float] = field(default_factory=dict)
    distinguish: Distinguished = ()

    def __post_init__(self) -> None:
        check_range("size_range", self.size_range, 4, 1000)
        check_number("pool", self.pool, 1, 4096)
        for name, weight in self.weights.items():
            check_number(f"weights: {name!r}", weight, 0, 1e6)
        for group in self.distinguish if self.distinguish != "all" else ():
            if len(set(group)) < 2:
                raise InputError(f'distinguish: {group!r} must be two or more different characters, such as "0O"')


@dataclass(frozen=True)
class FontInventory:
    """The fonts that were found.

    Attributes:
        fonts: Usable faces without duplicates, sorted by digest: the same on every machine with the same fonts.
        skipped: Why a font of the system was skipped, by path.
    """

    fonts: tuple[FontFile, ...]
    skipped: dict[str, str]


def find_fonts(options: FontOptions) -> FontInventory:
    """Find the fonts of the options.

    Raises:
        InputError: A user's folder does not exist or has no font, a font in it is broken, or no font was found.
    """
    faces: list[FontFile] = []
    skipped: dict[str, str] = {}
    for folder in options.folders:
        for path in _user_fonts(folder):
            faces += read_font_file(path)
    for path in (*(bundled_fonts() if options.bundled else ()), *(system_fonts() if options.system else ())):
        try:
            faces += read_font_file(path)
        except InputError as error:
            skipped[str(path)] = str(error)
    if not faces:
        raise InputError("fonts: no font was found; add a folder to fonts.folders, or set fonts.bundled=true")
    distinct = {face.key: face for face in reversed(faces)}  # the first of equal ones remains
    return FontInventory(tuple(distinct[key] for key in sorted(distinct)), skipped)


def bundled_fonts() -> list[Path]:
    """Return the free fonts of the installation: from wheels that register fonts, and imgaug's DejaVu Sans."""
    return list(_bundled_fonts())


@cache
def _bundled_fonts() -> tuple[Path, ...]:  # asking every installed package takes a twentieth of a second
    registered = [Path(path) for entry in entry_points(group="fonts_ttf") for path in entry.load().values()]
    # By the list of files of the wheel: importing imgaug takes a second.
    from_imgaug = [Path(str(path.locate())) for path in files("imgaug") or () if path.suffix == ".ttf"]
    return tuple(sorted(registered + from_imgaug))


def system_fonts() -> list[Path]:
    """Return the fonts in the font folders of the system and the user."""
    return [path for folder in _system_folders() if folder.is_dir() for path in _font_paths(folder)]


def _system_folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts"]


def _font_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def _user_fonts(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError(f"fonts: folder {str(folder)!r} does not exist")
    paths = _font_paths(folder)
    if not paths:
        raise InputError(f"fonts: folder {str(folder)!r} contains no font ({', '.join(SUFFIXES)})")
    return paths
