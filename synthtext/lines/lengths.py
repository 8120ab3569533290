"""Weights of the lengths of texts."""

import re
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from synthtext.core import InputError, check_number, probe_stream
from synthtext.core.errors import Rejection
from synthtext.corpora import CorpusMixture, SampledText

_KEY = re.compile(r"(\d{1,6})-(\d{1,6})")
_MAX_FACTOR = 1000
_MAX_DRAWS = 32  # texts that are sampled to find one of a requested length
_PROBES = 400  # texts that are sampled to find out which lengths occur


def parse_length_weights(weights: Mapping[str, float]) -> list[tuple[int, int, float]]:
    """Parse the weights of length ranges.

    Args:
        weights: Factors by range, such as {"4-8": 2}.

    Returns:
        Minimum length, maximum length and factor of every range, sorted.

    Raises:
        InputError: A key is not a range, ranges overlap, or a factor is out of bounds.
    """
    ranges: list[tuple[int, int, float]] = []
    for key, factor in weights.items():
        match = _KEY.fullmatch(key)
        low, high = map(int, match.groups()) if match else (0, 0)
        if not 1 <= low <= high:
            raise InputError(
                f"length_weights: {key!r} is not a range of lengths; write it like '4-8', the smaller number first"
            )
        check_number(f"length_weights: the factor of {key!r},", factor, 0, _MAX_FACTOR)
        ranges.append((low, high, float(factor)))
    ranges.sort()
    for (low, high, _), (start, stop, _) in pairwise(ranges):
        if start <= high:
            raise InputError(f"length_weights: '{low}-{high}' and '{start}-{stop}' overlap; a length has one factor")
    return ranges


class LengthSampler:
    """Samples texts such that each length is more frequent by its factor.

    Texts are rejected in proportion to their factors; after 32 rejections, one of the rejected texts is chosen by its
    factor. Factors are relative to the largest one among the lengths of 400 sampled texts, so that a length which no
    text has costs no time.

    Args:
        weights: Factors by range; lengths in no range have the factor 1.
        lengths: Minimum and maximum number of characters; other lengths have the factor 0.
        corpora: Sources of the texts.
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
        """Return the factor of a text's length; 0 means never."""
        if not self._shortest <= len(text) <= self._longest:
            return 0.0
        return float(self._factors[len(text)]) if len(text) < len(self._factors) else 1.0

    def accepts(self, rng: np.random.Generator, text: str) -> bool:
        """Randomly accept a text, in proportion to its factor."""
        return rng.random() * self._greatest < self.factor(text)

    def draw(self, rng: np.random.Generator) -> tuple[SampledText, bool]:
        """Sample a text.

        Returns:
            The text, and whether it was accepted; if not, it is one of the rejected texts, chosen by their factors.

        Raises:
            Rejection: All sampled texts have the factor 0.
        """
        texts: list[SampledText] = []
        for _ in range(_MAX_DRAWS):
            texts.append(self._corpora.draw(rng))
            if self.accepts(rng, texts[-1].text):
                return texts[-1], True
        factors = np.cumsum([self.factor(text.text) for text in texts])
        if not factors[-1]:
            raise Rejection("no text of a requested length")
        return texts[int(np.searchsorted(factors, rng.random() * factors[-1], side="right"))], False
