"""Which fonts there are."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points, files
from pathlib import Path
from typing import ClassVar

from synthtext.core import InputError, check_number, check_range
from synthtext.fonts.file import SUFFIXES, FontFile, read_font_file


@dataclass(frozen=True)
class FontOptions:
    """Where fonts come from and how large text is set.

    Attributes:
        folders: the user's own, searched with all that is below them. A broken font in one is an error.
        system: the system's folders as well; a broken font in one is left out.
        embedded: the free fonts that are installed with the project.
        size_range: em size in pixels of the finished picture; a line that does not fit is set smaller.
        pool: how many fonts each block of 256 samples draws from.
        vary_axes: variable fonts are drawn along their axes; false: as their default.
        weights: how much more often than others a font is drawn, by the name of a face ("Lato Bold") or of a family
            ("Lato"), times those of all patterns ("*mono*") that fit the face's name; 1 for other fonts. A family is
            drawn by the mean of its faces' factors, a face within it by its own. 0: never, as if it were not there.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # an unknown key in a recipe is an error

    folders: tuple[Path, ...] = ()
    system: bool = False
    bundled: bool = True
    size_range: tuple[float, float] = (28, 44)
    pool: int = 16
    vary_axes: bool = True
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_range("size_range", self.size_range, 4, 1000)
        check_number("pool", self.pool, 1, 4096)
        for name, weight in self.weights.items():
            check_number(f"weights: {name!r}", weight, 0, 1e6)


@dataclass(frozen=True)
class FontInventory:
    """What was found.

    Attributes:
        fonts: usable faces, each content once, in the order of their digests: the same on every machine that has the
            same fonts, wherever they lie.
        left_out: why a file of the system was left out, by path.
        vary: whether variable fonts are drawn along their axes.
    """

    fonts: tuple[FontFile, ...]
    skipped: dict[str, str]
    vary_axes: bool = True


def find_fonts(options: FontOptions) -> FontInventory:
    """Search the folders of the options.

    Raises:
        InputError: a folder of the user's is missing or has no font, a font in it is broken, or nothing was found.
    """
    found: dict[tuple[str, int], FontFile] = {}
    left_out: dict[str, str] = {}
    for folder in options.folders:
        for path in _user_fonts(folder):
            _keep(found, read_font_file(path))
    shared = [*(bundled_fonts() if options.bundled else ()), *(system_fonts() if options.system else ())]
    for path in shared:
        try:
            _keep(found, read_font_file(path))
        except InputError as error:
            left_out[str(path)] = str(error)
    if not found:
        raise InputError("fonts: nothing was found; name a folder in fonts.folders, or set fonts.embedded=true")
    return FontInventory(tuple(found[key] for key in sorted(found)), left_out, options.vary_axes)


def bundled_fonts() -> list[Path]:
    """The free fonts that came with the installation: wheels that register font files, and imgaug's DejaVu Sans."""
    registered: list[Path] = []
    for entry in sorted(entry_points(group="fonts_ttf"), key=lambda entry: entry.value):
        registered += [Path(path) for path in entry.load().values()]
    # Found through the wheel's list of files: importing imgaug for a font would cost a second.
    quick = [Path(str(path.locate())) for path in files("imgaug") or () if path.suffix == ".ttf"]
    return sorted(registered + quick)


def system_fonts() -> list[Path]:
    """The fonts in the system's and the account's font folders."""
    return [path for folder in _system_folders() if folder.is_dir() for path in _font_paths(folder)]


def _system_folders() -> Iterator[Path]:
    home = Path.home()
    if sys.platform == "win32":
        yield Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"
    elif sys.platform == "darwin":
        yield from (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    else:
        yield from (
            Path("/usr/share/fonts"),
            Path("/usr/local/share/fonts"),
            home / ".local/share/fonts",
            home / ".fonts",
        )


def _font_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def _user_fonts(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError(f"fonts: folder {str(folder)!r} does not exist")
    paths = _font_paths(folder)
    if not paths:
        raise InputError(f"fonts: folder {str(folder)!r} holds no font ({', '.join(SUFFIXES)})")
    return paths


def _keep(found: dict[tuple[str, int], FontFile], faces: Iterable[FontFile]) -> None:
    for face in faces:
        found.setdefault((face.digest, face.face_index), face)
