"""Putting a character into a text that lacks it, where it may well stand."""

import unicodedata
from functools import lru_cache

import numpy as np
from fontTools.unicodedata import script

_FRONT = {"#", "@"}  # signs that stand before what they belong to; currencies do, too
_JOINING = set("/\\_-:^*~·")  # signs that stand between two texts
_SPACED = set("&+=|×÷•–—")  # these mostly with spaces around them
_PARTNERS = {"(": ")", "[": "]", "{": "}", "<": ">", "«": "»", "“": "”", "‘": "’", "„": "“", '"': '"', "'": "'"} | {
    "（": "）",
    "【": "】",
    "《": "》",
    "〈": "〉",
    "「": "」",
    "『": "』",
    "〔": "〕",
    "［": "］",
    "｛": "｝",
}
_OPENERS = {closer: opener for opener, closer in _PARTNERS.items() if opener != "„"}


def joins_texts(character: str) -> bool:
    """Whether a character is placed between two texts."""
    return character == " " or character in _JOINING or character in _SPACED


def insert_character(rng: np.random.Generator, text: str, character: str, after: str = "") -> str:
    """A text with a character in it.

    It takes the place of one of its kind (a capital of a capital, a digit of a digit, within the script). Where there
    is none, brackets and quotation marks go around the text, currencies, # and @ before it; what joins (a space, /, &)
    comes between two texts, and all others behind one. What needs a letter to stand on (marks, joiners) is not placed.

    Args:
        rng: chooses the place.
        text: to put it into.
        character: to put in.
        after: another text, which may be empty.
    """
    if character == " ":
        return f"{text} {after}"
    kind = _kind(character)
    if kind[0] in ("Mn", "Mc", "Me", "Cf"):
        return text
    places = [i for i, other in enumerate(text) if _kind(other) == kind and not _is_bound(text, i)]
    if places and kind[0][0] in "LN":
        place = places[int(rng.integers(len(places)))]
        return text[:place] + character + text[place + 1 :]
    if character in _PARTNERS:
        return character + text + _PARTNERS[character]
    if character in _OPENERS:
        return _OPENERS[character] + text + character
    if character in _FRONT or kind[0] == "Sc":
        return character + text
    if after and character in _SPACED and rng.random() < 0.7:
        return f"{text} {character} {after}"
    return text + character + after if joins_texts(character) else text + character


@lru_cache(maxsize=1 << 14)
def _kind(character: str) -> tuple[str, str]:
    return unicodedata.category(character), script(character)


def _is_bound(text: str, place: int) -> bool:
    """Whether a mark or a joiner stands on the character."""
    return place + 1 < len(text) and unicodedata.category(text[place + 1]) in ("Mn", "Mc", "Me", "Cf")
