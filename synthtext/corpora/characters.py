"""Strings of uniformly distributed characters, in which rare ones are as frequent as common ones."""

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from synthtext.core import InputError, check_range
from synthtext.corpora.corpus import PicklesSettings, clean_text
from synthtext.corpora.language import resolve_charset

_MAX_CHARACTERS = 1000


@dataclass(frozen=True)
class Characters(PicklesSettings):
    """Draws strings of uniformly distributed characters.

    White space, characters that NFC replaces, and marks and joiners (which need a letter) are excluded.

    Attributes:
        characters: Characters to draw; exclusive with `charset`.
        charset: Name of a charset, or a dictionary file.
        count_range: Number of characters of a text, 1 to 1000.
        exclude: Characters that are never drawn.
    """

    characters: str = ""
    charset: str | Path | None = None
    count_range: tuple[int, int] = (1, 8)
    exclude: str = ""

    def __post_init__(self) -> None:
        check_range("count_range", self.count_range, 1, _MAX_CHARACTERS)
        if bool(self.characters) == (self.charset is not None):
            raise InputError("the corpus needs exactly one of 'characters' and 'charset'")

    def draw(self, rng: np.random.Generator) -> str:
        """Draw a string.

        Raises:
            InputError: The charset cannot be read, or no character is left.
        """
        count = int(rng.integers(*self.count_range, endpoint=True))
        return "".join(self.alphabet[i] for i in rng.integers(len(self.alphabet), size=count))

    def draw_containing(self, rng: np.random.Generator, character: str) -> str | None:
        """Draw a string with a character; None if it is not among those drawn. Raises the same as `draw`."""
        if character not in self._alphabet_set:
            return None
        text = self.draw(rng)
        position = int(rng.integers(len(text)))
        return text[:position] + character + text[position + 1 :]

    def check(self) -> None:
        """Read the charset; raises the same as `draw`."""
        _ = self.alphabet

    @cached_property
    def alphabet(self) -> tuple[str, ...]:
        """The distinct characters to draw."""
        given = resolve_charset(self.charset, Path.cwd()) if self.charset is not None else self.characters
        found = tuple(c for c in dict.fromkeys(given) if c not in self.exclude and _stands_alone(c))
        if not found:
            raise InputError("the corpus of characters is empty: all characters are blank, marks or excluded")
        return found

    @cached_property
    def _alphabet_set(self) -> frozenset[str]:
        return frozenset(self.alphabet)


def _stands_alone(character: str) -> bool:
    return clean_text(character) == character and unicodedata.category(character)[0] not in "MC"
