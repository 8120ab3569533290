"""Insertion of a character into a text, at a plausible position."""

import unicodedata
from functools import lru_cache

import numpy as np
from fontTools.unicodedata import script

_PREFIXES = {"#", "@"}  # also currency signs
_JOINING = set("/\\_-:^*~·")  # signs between two texts
_SPACED = set("&+=|×÷•–—")  # signs mostly surrounded by spaces
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
    """Whether a character is inserted between two texts."""
    return character == " " or character in _JOINING or character in _SPACED


def insert_character(rng: np.random.Generator, text: str, character: str, after: str = "") -> str:
    """Insert a character into a text.

    It replaces a character of the same category and script (a capital letter, a digit). If there is none, brackets and
    quotation marks enclose the text, currency signs, # and @ precede it, joining characters (a space, /, &) separate
    two texts, and others follow the text. Characters that need a letter (marks, joiners) are not inserted.

    Args:
        rng: Draws the position.
        text: Text to change.
        character: Character to insert.
        after: Text after a joining character; may be empty.
    """
    if character == " ":
        return f"{text} {after}"
    kind = _kind(character)
    if kind[0] in ("Mn", "Mc", "Me", "Cf"):
        return text
    positions = [i for i, other in enumerate(text) if _kind(other) == kind and not _is_bound(text, i)]
    if positions and kind[0][0] in "LN":
        position = positions[int(rng.integers(len(positions)))]
        return text[:position] + character + text[position + 1 :]
    if character in _PARTNERS:
        return character + text + _PARTNERS[character]
    if character in _OPENERS:
        return _OPENERS[character] + text + character
    if character in _PREFIXES or kind[0] == "Sc":
        return character + text
    if after and character in _SPACED and rng.random() < 0.7:
        return f"{text} {character} {after}"
    return text + character + after if joins_texts(character) else text + character


@lru_cache(maxsize=1 << 14)
def _kind(character: str) -> tuple[str, str]:
    return unicodedata.category(character), script(character)


def _is_bound(text: str, position: int) -> bool:
    """Whether a mark or joiner follows the character."""
    return position + 1 < len(text) and unicodedata.category(text[position + 1]) in ("Mn", "Mc", "Me", "Cf")
