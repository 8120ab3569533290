"""Itemization of text into runs of one direction and one script (UAX #9, UAX #24)."""

import unicodedata
from functools import cache
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from fontTools.unicodedata import script as script_of

from synthtext.core.errors import Rejection
from synthtext.core.unicode import embedding_levels, has_bidi_controls, visual_order

Direction: TypeAlias = Literal["ltr", "rtl", "ttb"]

COMMON_SCRIPT = "Zyyy"
"""ISO 15924 code for characters shared by scripts, such as digits and punctuation."""

_SHARED = {COMMON_SCRIPT, "Zinh", "Zzzz"}
# Scripts whose letters are connected by strokes or by a line along their tops; tracking would break it.
_CONNECTED_SCRIPTS = {"Adlm", "Arab", "Beng", "Deva", "Guru", "Mand", "Mani", "Modi", "Mong"}
_CONNECTED_SCRIPTS |= {"Nkoo", "Ougr", "Phag", "Phlp", "Rohg", "Sogd", "Syrc", "Takr", "Tirh"}
_TATWEEL = "\u0640"  # lengthens the stroke between two letters; used by several scripts
# Scripts set upright from top to bottom, as on signs (UTR #50 rotates Latin, signs do not).
_UPRIGHT_SCRIPTS = {"Bopo", "Cyrl", "Grek", "Hang", "Hani", "Hira", "Kana", "Latn", "Yiii"}
_ROTATED_WHEN_VERTICAL = set("()[]{}<>|/\\-_~=+:;\u2010\u2011\u2012\u2013\u2014\u2026\u2190\u2192")


class TextRun(NamedTuple):
    """A run of a text with one direction and one script."""

    start: int  # offset of the first character
    stop: int  # offset after the last character
    direction: Direction  # direction of the characters
    script: str  # ISO 15924 code ("Latn")


def itemize(text: str, *, vertical: bool = False) -> list[TextRun]:
    """Split a line of text in logical order into runs, in visual order from left to right (from top to bottom).

    Raises:
        Rejection: The text has bidirectional controls, or cannot be set from top to bottom.
    """
    if has_bidi_controls(text):
        raise Rejection("control of direction")
    if vertical:
        _check_stackable(text)
    if text.isascii():
        script = "Latn" if any(map(str.isalpha, text)) else COMMON_SCRIPT
        return [TextRun(0, len(text), "ttb" if vertical else "ltr", script)]
    if vertical:
        return [TextRun(start, stop, "ttb", script) for start, stop, script, _ in _pieces(text, [0] * len(text))]
    pieces = _pieces(text, embedding_levels(text))
    order = visual_order([level for *_, level in pieces])
    return [
        TextRun(start, stop, "rtl" if level % 2 else "ltr", script)
        for start, stop, script, level in (pieces[i] for i in order)
    ]


def connects_to_previous(text: str) -> list[bool]:
    """For every character, whether it is connected with the previous one, as letters of Arabic are."""
    connected = [_is_connected(character) for character in text]
    return [False, *(here and before for before, here in pairwise(connected))]


def dominant_script(runs: list[TextRun]) -> str:
    """The script of most letters; `COMMON_SCRIPT` if there is no letter."""
    lengths: dict[str, int] = {}
    for run in runs:
        lengths[run.script] = lengths.get(run.script, 0) + run.stop - run.start
    letters = {script: length for script, length in lengths.items() if script != COMMON_SCRIPT}
    return max(letters, key=lambda script: (letters[script], script)) if letters else COMMON_SCRIPT


def _pieces(text: str, embedding: list[int]) -> list[tuple[int, int, str, int]]:
    """Start, stop, script and level of the maximal runs of one script and one level."""
    pieces: list[tuple[int, int, str, int]] = []
    for i, (script, level) in enumerate(zip(_scripts(text), embedding, strict=True)):
        if pieces and pieces[-1][2:] == (script, level):
            pieces[-1] = (pieces[-1][0], i + 1, script, level)
        else:
            pieces.append((i, i + 1, script, level))
    return pieces


def _scripts(text: str) -> list[str]:
    """The script of every character; shared characters get the script of the preceding or else the following character.

    A mark gets the script of its letter, whatever the script of the mark.
    """
    own = [_script(character) for character in text]
    current = next((script for script in own if script not in _SHARED), COMMON_SCRIPT)
    resolved = []
    for i, script in enumerate(own):
        if script not in _SHARED and not (i and _is_mark(text[i])):
            current = script
        resolved.append(current)
    return resolved


@cache
def _script(character: str) -> str:
    return str(script_of(character))


@cache
def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


@cache
def _is_connected(character: str) -> bool:
    script = _script(character)
    inherited = script == "Zinh" and unicodedata.category(character) in ("Mn", "Cf")
    return script in _CONNECTED_SCRIPTS or character == _TATWEEL or inherited


def _check_stackable(text: str) -> None:
    for character in text:
        script = _script(character)
        if character in _ROTATED_WHEN_VERTICAL or not (script in _UPRIGHT_SCRIPTS or script in _SHARED):
            raise Rejection("cannot be set from top to bottom")
