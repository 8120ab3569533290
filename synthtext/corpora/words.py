"""Words of a language, as often as people use them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from synthtext.core import InputError, Weighted, check_number
from synthtext.corpora.case import Case, in_case
from synthtext.corpora.language import has_spaces, language_words

_MOST_WORDS = 1000


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
        if high > _MOST_WORDS:
            raise InputError(f"count_range {[low, high]}: a text has at most {_MOST_WORDS} words")
        if self.size < 1:
            raise InputError(f"size {self.size} must be at least 1")
        check_number("exponent", self.exponent, 0, 2)
        if any(not 0 <= weight < float("inf") for weight in self.case.values()) or not sum(self.case.values()) > 0:
            raise InputError(f"case {dict(self.case)}: weights must be numbers from 0, at least one of them above")

    def draw(self, rng: np.random.Generator) -> str:
        """One or several words.

        Raises:
            InputError: wordfreq has no list for the language.
        """
        low, high = self.count_range
        count = low if low == high else int(rng.integers(low, high + 1))
        words, weighted = self._lexicon
        drawn = [words[weighted.draw(rng)] for _ in range(count)]
        cases, by_weight = self._cases
        case = cases[by_weight.draw(rng)] if len(cases) > 1 else cases[0]
        return self._between.join(in_case(word, case, self.language) for word in drawn)

    @cached_property
    def _between(self) -> str:
        if self.separator is not None:
            return self.separator
        return " " if has_spaces(self.language) else ""

    @cached_property
    def _lexicon(self) -> tuple[tuple[str, ...], Weighted]:
        words, frequencies = language_words(self.language, self.size)
        return words, Weighted(np.power(frequencies, self.exponent))

    @cached_property
    def _cases(self) -> tuple[tuple[Case, ...], Weighted]:
        cases = sorted(self.case)  # a mapping's order must not matter
        return tuple(cases), Weighted([self.case[case] for case in cases])
