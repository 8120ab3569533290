"""The characters that a recognizer knows."""

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
    """How a corpus and a charset fit.

    Attributes:
        unused: characters of the charset that the texts never use, in the charset's order.
        outside: characters of the texts that the charset lacks, with how often each occurs.
        discarded: texts that hold such a character.
        total: texts that were looked at.
    """

    unused: tuple[str, ...]
    out_of_charset: dict[str, int]
    discarded_texts: int
    total: int


@dataclass(frozen=True)
class Charset:
    """An ordered set of characters; character k is class k + 1 of a CTC head, class 0 is the blank.

    A charset that has lower-case letters and not one upper-case letter reads text without regard to case: `fold`
    lowers it.

    Attributes:
        characters: each one code point, all different.

    Raises:
        InputError: a repeated character, an entry that is not one code point, or no character at all.
    """

    characters: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.characters:
            raise InputError("a charset needs at least one character")
        long = [entry for entry in self.characters if len(entry) != 1]
        if long:
            raise InputError(f"a charset has one character an entry, but there is {long[0]!r}")
        repeated = [character for character, count in Counter(self.characters).items() if count > 1]
        if repeated:
            raise InputError(f"a charset has each character once, but {repeated[0]!r} is there twice")

    def __len__(self) -> int:
        return len(self.characters)

    def __iter__(self) -> Iterator[str]:
        return iter(self.characters)

    def __contains__(self, character: object) -> bool:
        return character in self.index

    @cached_property
    def index(self) -> dict[str, int]:
        """Position of every character, from 0."""
        return {character: position for position, character in enumerate(self.characters)}

    @cached_property
    def folds_case(self) -> bool:
        """Whether text is read without regard to case."""
        return any(c.islower() for c in self.characters) and not any(c.isupper() for c in self.characters)

    @classmethod
    def named(cls, name: str) -> "Charset":
        """One of the charsets of `charset_names()`.

        Raises:
            InputError: there is none of that name.
        """
        if name not in _NAMED:
            raise InputError(f"there is no charset {name!r}; known are {', '.join(_NAMED)}, or name a dictionary file")
        return cls(tuple(_NAMED[name]))

    @classmethod
    def from_file(cls, path: Path, *, add_space: bool = True) -> "Charset":
        """Read a dictionary file: UTF-8, one character a line, as PaddleOCR has them (LF or CRLF, with or without BOM).

        Args:
            path: of the file.
            add_space: append the space if the file lacks it (PaddleOCR's `use_space_char`); a file that has it already
                is not given another one.

        Raises:
            InputError: the file is missing, is not UTF-8 text, or a line is not one character.
        """
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except FileNotFoundError:
            raise InputError(f"charset {str(path)!r}: there is no such file, nor a charset of that name") from None
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"charset {str(path)!r} cannot be read as UTF-8 text: {error}") from None
        lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
        for number, line in enumerate(lines, 1):
            if len(line) != 1:
                raise InputError(f"charset {str(path)!r}, line {number}: one character a line, but there is {line!r}")
        if add_space and " " not in lines:
            lines.append(" ")
        try:
            return cls(tuple(lines))
        except InputError as error:
            raise InputError(f"charset {str(path)!r}: {error}") from None

    def write(self, path: Path) -> None:
        """Write one character a line, the space as a line of one space; `from_file(..., add_space=False)` reads it."""
        path.write_bytes("".join(f"{character}\n" for character in self.characters).encode())

    def fold(self, text: str) -> str:
        """The text as this charset writes it: NFC, and lowered when the charset has no upper-case letter."""
        text = text if text.isascii() else unicodedata.normalize("NFC", text)
        return text.lower() if self.folds_case else text

    def covers(self, text: str) -> bool:
        """Whether every character of the text, as it is, is in the charset."""
        return self.index.keys() >= set(text)

    def compare_with(self, texts: Iterable[str]) -> CorpusCoverage:
        """Compare the charset with texts, folded."""
        seen: Counter[str] = Counter()
        discarded = total = 0
        for text in texts:
            folded = self.fold(text)
            seen.update(folded)
            total += 1
            discarded += not self.covers(folded)
        outside = {character: count for character, count in seen.most_common() if character not in self.index}
        unseen = tuple(character for character in self.characters if character not in seen)
        return CorpusCoverage(unseen, outside, discarded, total)


def charset_names() -> tuple[str, ...]:
    """The named charsets."""
    return tuple(_NAMED)
