"""From what a user names to the files of pictures."""

from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path

from synthtext.core import InputError

SUFFIXES = (".bmp", ".gif", ".jpe", ".jpeg", ".jpg", ".jp2", ".png", ".ppm", ".pgm", ".tif", ".tiff", ".webp")
"""Files in a folder that are taken for pictures."""


def find_pictures(names: Sequence[str]) -> list[Path]:
    """Files as they are, the pictures of folders by name, and what globs match, each once.

    Args:
        names: files, folders, and globs ("scans/**/*.png").

    Raises:
        InputError: a name stands for no file; the sentence names it.
    """
    found: dict[Path, None] = {}
    for name in names:
        found |= dict.fromkeys(_matches(name))
    return list(found)


def _matches(name: str) -> list[Path]:
    path = Path(name)
    if path.is_file():
        return [path]
    if path.is_dir():
        pictures = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in SUFFIXES and entry.is_file())
        if not pictures:
            raise InputError(f"{name}: there is no picture in this folder")
        return pictures
    matched = sorted(Path(entry) for entry in glob(name, recursive=True)) if has_magic(name) else []  # noqa: PTH207 - takes any folder
    pictures = [entry for entry in matched if entry.is_file()]
    if not pictures:
        raise InputError(f"{name}: there is no such picture or folder")
    return pictures
