"""Words by frequency, with an index of their characters."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError, WeightedSampler, check_number
from synthtext.corpora.case import Case, CaseMixture, to_case
from synthtext.corpora.language import has_spaces, language_words


class Lexicon:
    """Draws words by weight.

    Args:
        words: Distinct words.
        weights: (N,) weights of the words, above 0.
    """

    def __init__(self, words: tuple[str, ...], weights: NDArray[np.float64]) -> None:
        self._words, self._weights = words, weights
        self._narrowed: dict[tuple[str, bool], tuple[Sequence[int], WeightedSampler] | None] = {}

    def draw(self, rng: np.random.Generator) -> str:
        """Draw a word."""
        return self._words[self._weighted.draw(rng)]

    def has(self, character: str) -> bool:
        """Whether a word contains a character."""
        return character in self._index[False]

    def draw_containing(self, rng: np.random.Generator, character: str, *, first: bool = False) -> str | None:
        """Draw a word that contains (starts with, if `first`) a character, by weight; None if there is none."""
        key = character, first
        if key not in self._narrowed:
            found = self._index[first].get(character)
            self._narrowed[key] = None if found is None else (found, WeightedSampler(self._weights[found]))
        narrowed = self._narrowed[key]
        return None if narrowed is None else self._words[narrowed[0][narrowed[1].draw(rng)]]

    @cached_property
    def _index(self) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        return _index_of(self._words)

    @cached_property
    def _weighted(self) -> WeightedSampler:
        return WeightedSampler(self._weights)


@lru_cache(maxsize=2)
def _index_of(words: tuple[str, ...]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Indices of the words that contain each character, and of those that start with it; takes a tenth of a second."""
    within: defaultdict[str, list[int]] = defaultdict(list)
    at_start: defaultdict[str, list[int]] = defaultdict(list)
    for number, word in enumerate(words):
        for character in set(word):
            within[character].append(number)
        at_start[word[0]].append(number)
    return dict(within), dict(at_start)


MAX_WORDS = 1000
"""Maximum number of words of a text."""

_CASE_DRAWS = 8  # in search of one in which the character occurs


@dataclass(frozen=True)
class Words:
    """Draws words of a language from wordfreq's lists: those in its own scripts, without numbers.

    Attributes:
        language: Language code of wordfreq ("en").
        size: Number of the most frequent words to draw from.
        exponent: The weight of a word is its frequency to this power: 1 is the natural distribution, 0 is uniform.
        count_range: Number of words of a text.
        case: Weights of letter cases; scripts without case are unchanged.
        separator: Separator between words; None for that of the language: nothing in Chinese and Japanese, else a
            space.
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
        if high > MAX_WORDS:
            raise InputError(f"count_range {[low, high]}: a text has at most {MAX_WORDS} words")
        if self.size < 1:
            raise InputError(f"size {self.size} must be at least 1")
        check_number("exponent", self.exponent, 0, 2)
        CaseMixture(self.case, self.language)

    def draw(self, rng: np.random.Generator) -> str:
        """Draw one or several words.

        Raises:
            InputError: wordfreq has no list for the language.
        """
        return self._join(self._draw_words(rng), self._cases.draw(rng))

    def draw_containing(self, rng: np.random.Generator, character: str) -> str | None:
        """Draw words of which one contains a character, in a case in which it does; None if there is none.

        Raises:
            InputError: wordfreq has no list for the language.
        """
        if character in self._separator and self.count_range[1] > 1:
            return self._join(self._draw_words(rng, 2), self._cases.draw(rng))
        spellings = dict.fromkeys((character, to_case(character, "lower", self.language)))
        known = [written for written in spellings if self._lexicon.has(written)]
        for _ in range(_CASE_DRAWS if known else 0):
            case = self._cases.draw(rng)
            for written in known:
                first = case == "title" and written != character
                word = self._lexicon.draw_containing(rng, written, first=first)
                if word is not None and character in to_case(word, case, self.language):
                    drawn = self._draw_words(rng)
                    drawn[int(rng.integers(len(drawn)))] = word
                    return self._join(drawn, case)
        return None

    def _join(self, words: list[str], case: Case) -> str:
        return self._separator.join(to_case(word, case, self.language) for word in words)

    def _draw_words(self, rng: np.random.Generator, least: int = 1) -> list[str]:
        low, high = self.count_range
        low = max(low, least)
        count = low if low == high else int(rng.integers(low, high + 1))
        return [self._lexicon.draw(rng) for _ in range(count)]

    @cached_property
    def _separator(self) -> str:
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
