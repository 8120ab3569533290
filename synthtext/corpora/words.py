"""Words of a language, as often as people use them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from synthtext.core import InputError, check_number
from synthtext.corpora.case import Case, CaseMixture, in_case
from synthtext.corpora.language import has_spaces, language_words
from synthtext.corpora.lexicon import Lexicon

MOST_WORDS = 1000
"""Of a text."""

_CASES_TRIED = 8  # in search of one that gives a capital, or leaves a small letter


@dataclass(frozen=True)
class Words:
    """Draws words of a language from wordfreq's lists: those written in its own script, numbers left out.

    Attributes:
        language: a code that wordfreq knows ("en").
        size: how many of the most frequent words to draw from.
        exponent: a word's weight is its frequency to this power: 1 draws as people write, 0 draws every word alike.
        count_range: how many words a text has.
        case: weights of the ways to write a text; a script without case stays as it is.
        separator: stands between words; None is what the language has: nothing in Chinese and Japanese, else a space.
    """

    language: str = "en"
    size: int = 50_000
    exponent: float = 0.6
    count_range: tuple[int, int] = (1, 1)
    case: Mapping[Case, float] = field(default_factory=lambda: {"as_is": 1.0})
    separator: str | None = None

    def __post_init__(self) -> None:
        low, high = self.count_range
        if not 1 <= low <= high:
            raise InputError(f"count_range {[low, high]} must be two numbers from 1 up, the smaller one first")
        if high > MOST_WORDS:
            raise InputError(f"count_range {[low, high]}: a text has at most {MOST_WORDS} words")
        if self.size < 1:
            raise InputError(f"size {self.size} must be at least 1")
        check_number("exponent", self.exponent, 0, 2)
        CaseMixture(self.case, self.language)

    def draw(self, rng: np.random.Generator) -> str:
        """One or several words.

        Raises:
            InputError: wordfreq has no list for the language.
        """
        return self._written(self._draw_words(rng), self._cases.draw(rng))

    def draw_with(self, rng: np.random.Generator, character: str) -> str | None:
        """Words of which one has a character, in a case in which it does; None if there is no such word.

        Raises:
            InputError: wordfreq has no list for the language.
        """
        if character in self._between and self.count_range[1] > 1:
            return self._written(self._draw_words(rng, 2), self._cases.draw(rng))
        spellings = dict.fromkeys((character, in_case(character, "lower", self.language)))
        known = [written for written in spellings if self._lexicon.has(written)]
        for _ in range(_CASES_TRIED if known else 0):
            case = self._cases.draw(rng)
            for written in known:
                first = case == "title" and written != character
                word = self._lexicon.draw_with(rng, written, first=first)
                if word is not None and character in in_case(word, case, self.language):
                    drawn = self._draw_words(rng)
                    drawn[int(rng.integers(len(drawn)))] = word
                    return self._written(drawn, case)
        return None

    def _written(self, words: list[str], case: Case) -> str:
        return self._between.join(in_case(word, case, self.language) for word in words)

    def _draw_words(self, rng: np.random.Generator, least: int = 1) -> list[str]:
        low, high = self.count_range
        low = max(low, least)
        count = low if low == high else int(rng.integers(low, high + 1))
        return [self._lexicon.draw(rng) for _ in range(count)]

    @cached_property
    def _between(self) -> str:
        if self.separator is not None:
            return self.separator
        return " " if has_spaces(self.language) else ""

    @cached_property
    def _lexicon(self) -> Lexicon:
        words, frequencies = language_words(self.language, self.size)
        return Lexicon(words, np.power(frequencies, self.exponent))

    @cached_property
    def _cases(self) -> CaseMixture:
        return CaseMixture(self.case, self.language)
