"""Capitals and small letters, as the language has them."""

import unicodedata
from typing import Literal, TypeAlias

Case: TypeAlias = Literal["as_is", "lower", "title", "upper"]


def in_case(word: str, case: Case, language: str) -> str:
    """A word of a language in a case; a script that has no case stays as it is.

    Turkish i has a dot in either case; Greek capitals lose the accent but for the first of a word in small letters;
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
