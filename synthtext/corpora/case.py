"""Letter case and spelling of words, by language."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np

from synthtext.core import InputError, WeightedSampler

Case: TypeAlias = Literal["as_is", "lower", "title", "upper"]


class CaseMixture:
    """Random letter cases.

    Args:
        weights: Weights of the cases.
        language: Language of the words.

    Raises:
        InputError: A weight is negative or not finite, or none is above 0.
    """

    def __init__(self, weights: Mapping[Case, float], language: str) -> None:
        if any(not 0 <= weight < float("inf") for weight in weights.values()) or not sum(weights.values()) > 0:
            raise InputError(f"case {dict(weights)}: weights must be finite and not negative, and at least one above 0")
        self._cases = sorted(weights)  # independent of the mapping's order
        self._weighted = WeightedSampler([weights[case] for case in self._cases])
        self.language = language

    def draw(self, rng: np.random.Generator) -> Case:
        """Draw a case."""
        return self._cases[self._weighted.draw(rng)] if len(self._cases) > 1 else self._cases[0]

    def apply(self, text: str, case: Case) -> str:
        """Convert all words of a text to a case."""
        if case == "as_is":
            return text
        return " ".join(to_case(word, case, self.language) for word in text.split(" "))


def to_case(word: str, case: Case, language: str) -> str:
    """Convert a word of a language to a case; scripts without case are unchanged.

    Turkish i has a dot in both cases; Greek capitals have no accent, except for the first one of a word in title case;
    Dutch ij is one letter.
    """
    if case == "as_is":
        return word
    if case == "lower":
        return (word.replace("İ", "i").replace("I", "ı") if language == "tr" else word).lower()
    if case == "upper":
        return _upper(word, language)
    first = 2 if language == "nl" and word.startswith("ij") else 1
    start = word[:first].replace("i", "İ") if language == "tr" else word[:first]
    return start.upper() + word[first:]


def _upper(word: str, language: str) -> str:
    if language == "tr":
        word = word.replace("i", "İ")
    if language == "el":
        decomposed = unicodedata.normalize("NFD", word).replace("\u0301", "")
        word = unicodedata.normalize("NFC", decomposed)
    return word.upper()


FOLDED_CHARACTERS = {"de": "ß", "el": "ς"}
"""Characters of a language that are missing in its list of words."""

# Roots in which ss almost certainly stands for ß, unlike in compounds such as Preissenkung and Aussage.
_SHARP_S = re.compile(
    "stra(ss)|gr[oöuü](ss)|f[uü](ss)|spa(ss)|sü(ss)|sto(ss)|blo(ss)|preu(ss)|gemä(ss)|mä(ss)ig|ma(ss)n|[aä]u(ss)er"
    "|au(ss)en(?!d)|[dhwblm]ei(ss)|(?<![pk])rei(ss)|ie(ss)"
)


def restore_spelling(word: str, language: str) -> str:
    """Restore the spelling of a word in wordfreq's lists, as far as a rule can tell."""
    if language == "el" and len(word) > 1 and word.endswith("σ"):
        return f"{word[:-1]}ς"
    if language == "de" and "ss" in word:
        return _SHARP_S.sub(lambda found: found.group().replace("ss", "ß"), word)
    return word
