"""Chinese words of jieba's dictionary, by frequency."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError, check_number, package_file
from synthtext.corpora.words import MAX_WORDS, Lexicon

_HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff]+")
_MAX_SIZE = 10_000_000


@dataclass(frozen=True)
class JiebaWords:
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
        low, high = self.count_range
        if not 1 <= low <= high <= MAX_WORDS:
            raise InputError(f"count_range {[low, high]} must be counts from 1 to {MAX_WORDS}, in order")
        check_number("size", self.size, 1, _MAX_SIZE)
        check_number("exponent", self.exponent, 0, 2)

    def draw(self, rng: np.random.Generator) -> str:
        """Draw one or several words.

        Raises:
            InputError: jieba is not installed.
        """
        return self.separator.join(self._draw_words(rng))

    def draw_containing(self, rng: np.random.Generator, character: str) -> str | None:
        """Draw words of which one has a character; None if there is none. Raises the same as `draw`."""
        word = self._lexicon.draw_containing(rng, character)
        if word is None:
            return None
        drawn = self._draw_words(rng)
        drawn[int(rng.integers(len(drawn)))] = word
        return self.separator.join(drawn)

    def check(self) -> None:
        """Read the dictionary.

        Raises:
            InputError: jieba is not installed.
        """
        _ = self._lexicon

    def _draw_words(self, rng: np.random.Generator) -> list[str]:
        low, high = self.count_range
        return [self._lexicon.draw(rng) for _ in range(low if low == high else int(rng.integers(low, high + 1)))]

    @cached_property
    def _lexicon(self) -> Lexicon:
        words, frequencies = _dictionary()
        return Lexicon(words[: self.size], np.power(frequencies[: self.size], self.exponent))

    def __getstate__(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("size", "exponent", "count_range", "separator")}


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
