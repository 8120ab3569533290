"""Charsets written into settings: characters with ranges, or a dictionary file, and the space where it is asked for."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from synthtext.core import Charset, InputError


@dataclass(frozen=True)
class CharsetOptions:
    """A charset as settings write it: `{characters: "0-9A-Z-"}` or `{file: dictionary.txt, space: true}`.

    Attributes:
        characters: The characters; `A-Z` is a range, and a hyphen at the beginning or the end is a hyphen.
        file: A dictionary file instead, one character a line.
        space: Add the space.

    Raises:
        InputError: Both or none of `characters` and `file` are given, or a range runs backwards.

    Example:
        >>> "".join(CharsetOptions("0-3A-C-").charset(Path()))
        '0123ABC-'
    """

    characters: str | None = None
    file: str | None = None
    space: bool = False

    def __post_init__(self) -> None:
        if (self.characters is None) == (self.file is None):
            raise InputError('give either characters, such as {characters: "0-9A-Z-"}, or file')
        if self.characters is not None:
            _expand(self.characters)

    def charset(self, folder: Path) -> Charset:
        """Return the charset; relative files start in `folder`. Raises InputError if the file is no dictionary."""
        if self.characters is None:
            return Charset.from_file(folder / str(self.file), add_space=self.space)
        characters = _expand(self.characters)
        return Charset((*characters, " ") if self.space and " " not in characters else characters)


def _expand(text: str) -> tuple[str, ...]:
    """Return the distinct characters of a text with ranges, in order."""
    found: list[str] = []
    position, text = 0, unicodedata.normalize("NFC", text)
    if not text:
        raise InputError("characters is empty: a charset needs at least one")
    while position < len(text):
        if text[position + 1 : position + 2] == "-" and position + 2 < len(text):
            first, last = text[position], text[position + 2]
            if first > last:
                raise InputError(f"characters: the range {first}-{last} runs backwards; write a hyphen first or last")
            found += map(chr, range(ord(first), ord(last) + 1))
            position += 3
        else:
            found.append(text[position])
            position += 1
    return tuple(dict.fromkeys(found))
