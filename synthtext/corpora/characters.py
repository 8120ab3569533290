"""Strings of characters that are all as likely: rare ones are seen as often as common ones."""

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from synthtext.core import InputError, check_range
from synthtext.corpora.corpus import clean_text
from synthtext.corpora.language import resolve_charset

_MOST_CHARACTERS = 1000


@dataclass(frozen=True)
class Characters:
    """Draws strings of characters, each as likely as any other.

    White space, what the normal form NFC replaces, and marks and joiners (which need a letter) are not drawn.

    Attributes:
        characters: to draw from; give this or `charset`.
        charset: a charset's name or a dictionary file.
        count_range: how many characters a text has, 1 to 1000.
        exclude: characters that are not drawn.
    """

    characters: str = ""
    charset: str | Path | None = None
    count_range: tuple[int, int] = (1, 8)
    exclude: str = ""

    def __post_init__(self) -> None:
        check_range("count_range", self.count_range, 1, _MOST_CHARACTERS)
        if bool(self.characters) == (self.charset is not None):
            raise InputError("the corpus needs either 'characters' or 'charset'")

    def draw(self, rng: np.random.Generator) -> str:
        """A string.

        Raises:
            InputError: the charset cannot be read, or nothing is left of it to draw.
        """
        low, high = self.count_range
        count = int(rng.integers(low, high + 1))
        return "".join(self.alphabet[i] for i in rng.integers(len(self.alphabet), size=count))

    def draw_containing(self, rng: np.random.Generator, character: str) -> str | None:
        """A string that has a character; None if it is not among those that are drawn. Raises as `draw` does."""
        if character not in self._members:
            return None
        text = self.draw(rng)
        place = int(rng.integers(len(text)))
        return text[:place] + character + text[place + 1 :]

    def check(self) -> None:
        """Read the charset.

        Raises:
            InputError: it cannot be read, or nothing is left of it to draw.
        """
        _ = self.alphabet

    @cached_property
    def alphabet(self) -> tuple[str, ...]:
        """What is drawn from, each character once."""
        given = resolve_charset(self.charset, Path.cwd()) if self.charset is not None else self.characters
        found = tuple(c for c in dict.fromkeys(given) if c not in self.exclude and _stands_alone(c))
        if not found:
            raise InputError("the corpus of characters has nothing to draw: all are blank, marks or excluded")
        return found

    @cached_property
    def _members(self) -> frozenset[str]:
        return frozenset(self.alphabet)

    def __getstate__(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("characters", "charset", "count_range", "exclude")}


def _stands_alone(character: str) -> bool:
    return clean_text(character) == character and unicodedata.category(character)[0] not in "MC"
