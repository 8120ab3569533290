"""Charsets: ordered sets of the characters that a recognizer can output."""

import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from synthtext.core.errors import InputError

_NAMED = {
    "digits": string.digits,
    "lowercase": string.ascii_lowercase,
    "letters": string.ascii_letters,
    "alphanumeric": string.digits + string.ascii_letters,
    "alphanumeric_lower": string.digits + string.ascii_lowercase,
    "ascii": "".join(map(chr, range(33, 127))) + " ",
    "latin1": "".join(map(chr, [*range(33, 127), *range(161, 173), *range(174, 256)])) + " ",
}


@dataclass(frozen=True)
class CorpusCoverage:
    """Result of comparing a charset with texts."""

    unused: tuple[str, ...]  # characters of the charset that do not occur in the texts, in the charset's order
    out_of_charset: dict[str, int]  # characters that the charset lacks, with their counts
    discarded_texts: int  # number of texts with such a character
    total: int  # number of texts


@dataclass(frozen=True)
class Charset:
    """An ordered set of characters; character k is class k + 1 of a CTC head, class 0 is the blank.

    A charset that has lower-case letters and no upper-case letter is case-insensitive: `fold` converts text to lower
    case.

    Attributes:
        characters: Distinct single code points.

    Raises:
        InputError: A character is repeated, an entry is not a single code point, or there is no character.
    """

    characters: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.characters:
            raise InputError("a charset needs at least one character")
        long = [entry for entry in self.characters if len(entry) != 1]
        if long:
            raise InputError(f"every entry of a charset is one character, but there is {long[0]!r}")
        repeated = [character for character, count in Counter(self.characters).items() if count > 1]
        if repeated:
            raise InputError(f"a charset has every character once, but {repeated[0]!r} is there twice")

    def __len__(self) -> int:
        return len(self.characters)

    def __iter__(self) -> Iterator[str]:
        return iter(self.characters)

    def __contains__(self, character: object) -> bool:
        return character in self.index

    @cached_property
    def index(self) -> dict[str, int]:
        """Index of every character, from 0."""
        return {character: position for position, character in enumerate(self.characters)}

    @cached_property
    def folds_case(self) -> bool:
        """Whether text is compared without regard to case."""
        return any(c.islower() for c in self.characters) and not any(c.isupper() for c in self.characters)

    @classmethod
    def named(cls, name: str) -> "Charset":
        """Return one of the predefined charsets, `charset_names()`.

        Raises:
            InputError: There is no such charset.
        """
        if name not in _NAMED:
            raise InputError(f"there is no charset {name!r}; known are {', '.join(_NAMED)}, or name a dictionary file")
        return cls(tuple(_NAMED[name]))

    @classmethod
    def from_file(cls, path: Path, *, add_space: bool = True) -> "Charset":
        """Read a dictionary file in PaddleOCR's format: UTF-8, one character a line (LF or CRLF, with or without BOM).

        Args:
            path: The file.
            add_space: Append the space if the file lacks it (PaddleOCR's `use_space_char`).

        Raises:
            InputError: The file does not exist, is not UTF-8 text, or has a line that is not one character.
        """
        name = f"charset {str(path)!r}"
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except FileNotFoundError:
            raise InputError(f"{name}: there is neither a file nor a predefined charset of that name") from None
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{name} cannot be read as UTF-8 text: {error}") from None
        lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
        for number, line in enumerate(lines, 1):
            if len(line) != 1:
                raise InputError(f"{name}, line {number}: expected one character, got {line!r}")
        try:
            return cls((*lines, " ") if add_space and " " not in lines else tuple(lines))
        except InputError as error:
            raise InputError(f"{name}: {error}") from None

    def write(self, path: Path) -> None:
        """Write one character a line, including the space; read it with `from_file(..., add_space=False)`."""
        path.write_bytes("".join(f"{character}\n" for character in self.characters).encode())

    def fold(self, text: str) -> str:
        """Normalize a text to NFC, and to lower case if the charset has no upper-case letter."""
        text = text if text.isascii() else unicodedata.normalize("NFC", text)
        return text.lower() if self.folds_case else text

    def covers(self, text: str) -> bool:
        """Whether the charset contains every character of a text, without folding."""
        return self.index.keys() >= set(text)

    def compare_with(self, texts: Iterable[str]) -> CorpusCoverage:
        """Compare the charset with folded texts."""
        counts: Counter[str] = Counter()
        discarded = total = 0
        for text in map(self.fold, texts):
            counts.update(text)
            total += 1
            discarded += not self.covers(text)
        out_of_charset = {character: count for character, count in counts.most_common() if character not in self.index}
        unused = tuple(character for character in self.characters if character not in counts)
        return CorpusCoverage(unused, out_of_charset, discarded, total)


def charset_names() -> tuple[str, ...]:
    """Return the names of the predefined charsets."""
    return tuple(_NAMED)
