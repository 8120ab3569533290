"""Words by frequency, of wordfreq's lists and of jieba's dictionary, with an index of their characters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError, WeightedSampler, check_number, check_range, package_file
from synthtext.corpora.corpus import PicklesSettings
from synthtext.corpora.language import Case, CaseMixture, has_spaces, language_words, to_case


class Lexicon:
    """Draws words by weight: N distinct words, and (N,) weights above 0."""

    def __init__(self, words: tuple[str, ...], weights: NDArray[np.float64]) -> None:
        self._words, self._weights, self._weighted = words, weights, WeightedSampler(weights)
        self._narrowed: dict[tuple[str, bool], tuple[NDArray[np.intp], WeightedSampler] | None] = {}

    def draw(self, rng: np.random.Generator) -> str:
        """Draw a word."""
        return self._words[self._weighted.draw(rng)]

    def draw_several(self, rng: np.random.Generator, low: int, high: int, including: str | None = None) -> list[str]:
        """Draw `low` to `high` words; `including` replaces a random one of them."""
        count = low if low == high else int(rng.integers(low, high + 1))
        drawn = [self.draw(rng) for _ in range(count)]
        if including is not None:
            drawn[int(rng.integers(len(drawn)))] = including
        return drawn

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
    def _index(self) -> tuple[dict[str, NDArray[np.intp]], dict[str, NDArray[np.intp]]]:
        return _index_of(self._words)


@lru_cache(maxsize=2)
def _index_of(words: tuple[str, ...]) -> tuple[dict[str, NDArray[np.intp]], dict[str, NDArray[np.intp]]]:
    """Indices of the words that contain each character, and of those that start with it."""
    lengths = np.fromiter(map(len, words), np.intp, len(words))
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32)
    starts = np.cumsum(lengths) - lengths
    numbers = np.arange(len(words))
    return _by_character(codes, np.repeat(numbers, lengths)), _by_character(codes[starts], numbers)


def _by_character(codes: NDArray[np.uint32], words: NDArray[np.intp]) -> dict[str, NDArray[np.intp]]:
    """Group the indices of words, in ascending order, by code points: each index once in a group."""
    order = np.argsort(codes, kind="stable")
    codes, words = codes[order], words[order]
    is_new = np.concatenate([[True], codes[1:] != codes[:-1]])
    first = is_new | np.concatenate([[True], words[1:] != words[:-1]])
    codes, words, is_new = codes[first], words[first], is_new[first]
    starts = np.flatnonzero(is_new)
    return dict(zip(map(chr, codes[starts]), np.split(words, starts[1:]), strict=True))


@lru_cache(maxsize=8)
def language_lexicon(language: str, size: int, exponent: float) -> Lexicon:
    """Return the lexicon of the `size` most frequent words of a language, weighted by frequency to an exponent.

    Raises:
        InputError: There is no word list for the language.
    """
    words, frequencies = language_words(language, size)
    return Lexicon(words, np.power(frequencies, exponent))


_MAX_SIZE = 10_000_000  # words to draw from
_MAX_WORDS = 1000  # of a text
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
        check_range("count_range", self.count_range, 1, _MAX_WORDS, "counts")
        if self.size < 1:
            raise InputError(f"size {self.size} must be at least 1")
        check_number("exponent", self.exponent, 0, 2)
        CaseMixture(self.case, self.language)

    def draw(self, rng: np.random.Generator) -> str:
        """Draw one or several words.

        Raises:
            InputError: wordfreq has no list for the language.
        """
        return self._join(self._lexicon.draw_several(rng, *self.count_range), self._cases.draw(rng))

    def draw_containing(self, rng: np.random.Generator, character: str) -> str | None:
        """Draw words of which one contains a character, in a case in which it does; None if there is none.

        Raises the same as `draw`.
        """
        low, high = self.count_range
        if character in self._separator and high > 1:
            return self._join(self._lexicon.draw_several(rng, max(low, 2), high), self._cases.draw(rng))
        spellings = dict.fromkeys((character, to_case(character, "lower", self.language)))
        known = [written for written in spellings if self._lexicon.has(written)]
        for _ in range(_CASE_DRAWS if known else 0):
            case = self._cases.draw(rng)
            for written in known:
                first = case == "title" and written != character
                word = self._lexicon.draw_containing(rng, written, first=first)
                if word is not None and character in to_case(word, case, self.language):
                    return self._join(self._lexicon.draw_several(rng, low, high, including=word), case)
        return None

    def _join(self, words: list[str], case: Case) -> str:
        return self._separator.join(to_case(word, case, self.language) for word in words)

    @cached_property
    def _separator(self) -> str:
        if self.separator is not None:
            return self.separator
        return " " if has_spaces(self.language) else ""

    @cached_property
    def _lexicon(self) -> Lexicon:
        return language_lexicon(self.language, self.size, self.exponent)

    @cached_property
    def _cases(self) -> CaseMixture:
        return CaseMixture(self.case, self.language)


_HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff]+")


@dataclass(frozen=True)
class JiebaWords(PicklesSettings):
    """Draws words of jieba's dictionary: about 350,000 that consist of Chinese characters only.

    Attributes:
        size: Number of the most frequent words to draw from.
        exponent: The weight of a word is its frequency to this power: 1 is the natural distribution, 0 is uniform.
        count_range: Number of words of a text.
        separator: Separator between words.
    """

    size: int = 100_000
    exponent: float = 0.6
    count_range: tuple[int, int] = (1, 1)
    separator: str = ""

    LIBRARIES: ClassVar[tuple[str, ...]] = ("jieba",)
    """Packages whose version determines the texts."""

    def __post_init__(self) -> None:
        check_range("count_range", self.count_range, 1, _MAX_WORDS, "counts")
        check_number("size", self.size, 1, _MAX_SIZE)
        check_number("exponent", self.exponent, 0, 2)

    def draw(self, rng: np.random.Generator) -> str:
        """Draw one or several words.

        Raises:
            InputError: jieba is not installed.
        """
        return self.separator.join(self._lexicon.draw_several(rng, *self.count_range))

    def draw_containing(self, rng: np.random.Generator, character: str) -> str | None:
        """Draw words of which one has a character; None if there is none. Raises the same as `draw`."""
        word = self._lexicon.draw_containing(rng, character)
        if word is None:
            return None
        return self.separator.join(self._lexicon.draw_several(rng, *self.count_range, including=word))

    def check(self) -> None:
        """Read the dictionary; raises the same as `draw`."""
        _ = self._lexicon

    @cached_property
    def _lexicon(self) -> Lexicon:
        words, frequencies = _dictionary()
        return Lexicon(words[: self.size], np.power(frequencies[: self.size], self.exponent))


@lru_cache(maxsize=1)
def _dictionary() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Words with their counts, most frequent first; lines of the file are `word count part-of-speech`."""
    path = package_file("jieba", "dict.txt")
    if path is None:
        raise InputError("the corpus 'jieba_words' needs the package jieba: pip install 'ocrmill[corpora]'")
    found: dict[str, int] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, count, *_ = line.split(" ")
        if _HAN.fullmatch(word):
            found[word] = max(int(count), 1)
    ordered = sorted(found, key=lambda word: (-found[word], word))
    return tuple(ordered), np.array([found[word] for word in ordered], np.float64)
