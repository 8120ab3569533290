"""Which texts can occur: those that a lexicon or a pattern allows."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipelines.io.paths import wrap_read_errors
from synthtext.core import InputError

_MARKS = re.compile(r"^\W+|\W+$")
_NUMBER = re.compile(r"[\W\d]+")


@dataclass(frozen=True)
class TextFilter:
    """Texts that may occur.

    Attributes:
        lexicon: Text file with a word or a text on each line; None: any. Case does not matter.
        pattern: Regular expression for whole texts; None: any.
    """

    lexicon: Path | None = None
    pattern: str | None = None

    def allows(self, text: str) -> bool:
        """Return whether a text may occur.

        The lexicon allows its entries, and texts whose words, without punctuation around them, are entries or numbers.
        The pattern must match, too. An empty text never may.

        Raises:
            InputError: The lexicon cannot be read, or is empty.
        """
        if not text.strip() or (self._expression and not self._expression.fullmatch(text)):
            return False
        return self.lexicon is None or text.casefold() in self._entries or all(map(self._is_word, text.split()))

    def _is_word(self, word: str) -> bool:
        return bool(_NUMBER.fullmatch(word)) or _MARKS.sub("", word).casefold() in self._entries

    @cached_property
    def _expression(self) -> re.Pattern[str] | None:
        return None if self.pattern is None else re.compile(self.pattern)

    @cached_property
    def _entries(self) -> frozenset[str]:
        assert self.lexicon is not None
        with wrap_read_errors(self.lexicon):
            try:
                lines = self.lexicon.read_text(encoding="utf-8-sig").splitlines()
            except UnicodeDecodeError:
                raise InputError(f"{self.lexicon} is not a lexicon: it is not UTF-8 text") from None
        entries = frozenset(line.strip().casefold() for line in lines if line.strip())
        if not entries:
            raise InputError(f"the lexicon {self.lexicon} is empty: write a word on each line, or leave out --lexicon")
        return entries
