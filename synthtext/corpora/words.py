"""Words of a language, as often as people use them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal, TypeAlias

import numpy as np
import wordfreq

from synthtext.core import InputError, Weighted

Case: TypeAlias = Literal["as_is", "lower", "title", "upper"]


_MOST_WORDS = 1000


@dataclass(frozen=True)
class Words:
    """Draws words of a language from wordfreq's lists.

    Attributes:
        language: a code that wordfreq knows ("en").
        size: how many of the most frequent words to draw from.
        exponent: a word's weight is its frequency to this power: 1 draws as people write, 0 draws every word alike.
        count_range: how many words a text has, joined by single spaces.
        case: weights of the ways to write a text.
    """

    language: str = "en"
    size: int = 50_000
    exponent: float = 0.6
    count_range: tuple[int, int] = (1, 1)
    case: Mapping[Case, float] = field(default_factory=lambda: {"as_is": 1.0})

    def __post_init__(self) -> None:
        low, high = self.count_range
        if not 1 <= low <= high:
            raise InputError(f"count_range {[low, high]} must be two numbers from 1 up, the smaller one first")
        if high > _MOST_WORDS:
            raise InputError(f"count_range {[low, high]}: a text has at most {_MOST_WORDS} words")
        if self.size < 1:
            raise InputError(f"size {self.size} must be at least 1")
        if not 0 <= self.exponent <= 2:
            raise InputError(f"exponent {self.exponent} must be from 0 to 2")
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
        text = " ".join(words[weighted.draw(rng)] for _ in range(count))
        cases, by_weight = self._cases
        return _written(text, cases[by_weight.draw(rng)]) if len(cases) > 1 else _written(text, cases[0])

    @cached_property
    def _lexicon(self) -> tuple[tuple[str, ...], Weighted]:
        words, frequencies = _frequencies(self.language, self.size)
        return words, Weighted(np.power(frequencies, self.exponent))

    @cached_property
    def _cases(self) -> tuple[tuple[Case, ...], Weighted]:
        cases = sorted(self.case)  # a mapping's order must not matter
        return tuple(cases), Weighted([self.case[case] for case in cases])


def _written(text: str, case: Case) -> str:
    if case == "as_is":
        return text
    if case == "title":
        return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))
    return text.upper() if case == "upper" else text.lower()


@lru_cache(maxsize=4)
def _frequencies(language: str, size: int) -> tuple[tuple[str, ...], np.typing.NDArray[np.float64]]:
    if language not in wordfreq.available_languages():
        known = ", ".join(sorted(wordfreq.available_languages()))
        raise InputError(f"words: there is no word list for language {language!r}; known are {known}")
    frequencies = wordfreq.get_frequency_dict(language)
    words = tuple(word for word, _ in sorted(frequencies.items(), key=lambda entry: (-entry[1], entry[0]))[:size])
    return words, np.array([frequencies[word] for word in words])
