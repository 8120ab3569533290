"""Words by weight, which are also found by their characters."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Weighted


class Lexicon:
    """Words that are drawn by weight.

    Args:
        words: all different.
        weights: (N,) of the words, above 0.
    """

    def __init__(self, words: tuple[str, ...], weights: NDArray[np.float64]) -> None:
        self._words, self._weights = words, weights
        self._narrowed: dict[tuple[str, bool], tuple[Sequence[int], Weighted] | None] = {}

    def draw(self, rng: np.random.Generator) -> str:
        """A word."""
        return self._words[self._weighted.draw(rng)]

    def has(self, character: str) -> bool:
        """Whether a word has a character."""
        return character in self._index[False]

    def draw_with(self, rng: np.random.Generator, character: str, *, first: bool = False) -> str | None:
        """A word that has a character (at its start, if `first`), by weight; None if no word has it."""
        key = character, first
        if key not in self._narrowed:
            found = self._index[first].get(character)
            self._narrowed[key] = None if found is None else (found, Weighted(self._weights[found]))
        narrowed = self._narrowed[key]
        return None if narrowed is None else self._words[narrowed[0][narrowed[1].draw(rng)]]

    @cached_property
    def _index(self) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        return _index_of(self._words)

    @cached_property
    def _weighted(self) -> Weighted:
        return Weighted(self._weights)


@lru_cache(maxsize=2)
def _index_of(words: tuple[str, ...]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """The numbers of the words that have a character, and of those that begin with it: a tenth of a second's work."""
    within: defaultdict[str, list[int]] = defaultdict(list)
    at_start: defaultdict[str, list[int]] = defaultdict(list)
    for number, word in enumerate(words):
        for character in set(word):
            within[character].append(number)
        at_start[word[0]].append(number)
    return dict(within), dict(at_start)
