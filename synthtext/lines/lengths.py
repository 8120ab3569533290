"""How often texts of a length are wanted against others."""

import re
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from synthtext.core import InputError, check_number, probe_stream
from synthtext.core.errors import Rejection
from synthtext.corpora import CorpusMixture, SampledText

_KEY = re.compile(r"(\d{1,6})-(\d{1,6})")
_MOST_FACTOR = 1000
_TRIES = 32  # texts that are drawn to find one of a wanted length
_PROBES = 400  # texts that tell which lengths there are


def parse_length_weights(weights: Mapping[str, float]) -> list[tuple[int, int, float]]:
    """Shortest and longest length, and the factor, of every range.

    Args:
        weights: factors by range, "4-8".

    Raises:
        InputError: a key is no range, ranges overlap, or a factor is out of bounds.
    """
    found: list[tuple[int, int, float]] = []
    for key, factor in weights.items():
        match = _KEY.fullmatch(key)
        low, high = map(int, match.groups()) if match else (0, 0)
        if not 1 <= low <= high:
            raise InputError(
                f"length_weights: {key!r} is no range of lengths; write it as '4-8', the smaller one first"
            )
        check_number(f"length_weights: the factor of {key!r},", factor, 0, _MOST_FACTOR)
        found.append((low, high, float(factor)))
    found.sort()
    for (low, high, _), (start, stop, _) in pairwise(found):
        if start <= high:
            raise InputError(f"length_weights: '{low}-{high}' and '{start}-{stop}' overlap; a length has one factor")
    return found


class LengthSampler:
    """Draws texts so that each length is as much more frequent as its factor says.

    Texts are rejected in proportion to their factors; after 32 of them one of these is chosen by the factors. The
    greatest factor is that of lengths which are seen among 400 texts: one that no text has costs nothing.

    Args:
        weights: factors by range; lengths in none of them have the factor 1.
        lengths: fewest and most characters of a text; others count as having the factor 0.
        corpora: to draw from.
    """

    def __init__(self, weights: Mapping[str, float], lengths: tuple[int, int], corpora: CorpusMixture) -> None:
        ranges = parse_length_weights(weights)
        self._shortest, self._longest = lengths
        self._factors = np.ones(max((high for _, high, _ in ranges), default=0) + 1)
        for low, high, factor in ranges:
            self._factors[low : high + 1] = factor
        self._corpora = corpora
        rng = probe_stream(1)
        seen = [self.factor(corpora.draw(rng).text) for _ in range(_PROBES)]
        self._greatest = max(seen)
        if not self._greatest:
            raise InputError("layout.length_weights: no text of the corpora has a length whose factor is above 0")

    def factor(self, text: str) -> float:
        """How often such a text is wanted; 0 is never."""
        if not self._shortest <= len(text) <= self._longest:
            return 0.0
        return float(self._factors[len(text)]) if len(text) < len(self._factors) else 1.0

    def accepts(self, rng: np.random.Generator, text: str) -> bool:
        """Whether a text that was drawn is taken; chance decides in proportion to its factor."""
        return rng.random() * self._greatest < self.factor(text)

    def draw(self, rng: np.random.Generator) -> tuple[SampledText, bool]:
        """A text, and whether it was found; if not, it is one of those that were drawn, chosen by their factors.

        Raises:
            Rejection: all of these have the factor 0.
        """
        drawn: list[SampledText] = []
        for _ in range(_TRIES):
            drawn.append(self._corpora.draw(rng))
            if self.accepts(rng, drawn[-1].text):
                return drawn[-1], True
        factors = np.cumsum([self.factor(text.text) for text in drawn])
        if not factors[-1]:
            raise Rejection("no text of a wanted length")
        return drawn[int(np.searchsorted(factors, rng.random() * factors[-1], side="right"))], False
