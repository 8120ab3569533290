"""A text cut into the pieces that a shaper can set: one direction and one script each (UAX #9, UAX #24)."""

import unicodedata
from functools import cache
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from fontTools.unicodedata import script as script_of

from synthtext.core.errors import Rejection
from synthtext.core.unicode import embedding_levels, has_bidi_controls, visual_order

Direction: TypeAlias = Literal["ltr", "rtl", "ttb"]

COMMON_SCRIPT = "Zyyy"
"""The script of what belongs to none: digits, punctuation."""

_SHARED = {COMMON_SCRIPT, "Zinh", "Zzzz"}
# Letters hang together, by strokes or by a line along their tops; space between them would tear it.
_CONNECTED_SCRIPTS = {
    "Adlm",
    "Arab",
    "Beng",
    "Deva",
    "Guru",
    "Mand",
    "Mani",
    "Modi",
    "Mong",
    "Nkoo",
    "Ougr",
    "Phag",
    "Phlp",
}
_CONNECTED_SCRIPTS |= {"Rohg", "Sogd", "Syrc", "Takr", "Tirh"}
_TATWEEL = "\u0640"  # lengthens the stroke between two letters; several scripts share it
# What signs set letter by letter from top to bottom (UTR #50 turns Latin, signs do not).
_UPRIGHT_SCRIPTS = {"Bopo", "Cyrl", "Grek", "Hang", "Hani", "Hira", "Kana", "Latn", "Yiii"}
_TURNED_WHEN_VERTICAL = set("()[]{}<>|/\\-_~=+:;\u2010\u2011\u2012\u2013\u2014\u2026\u2190\u2192")


class TextRun(NamedTuple):
    """A piece of a text.

    Attributes:
        start: offset of its first character.
        stop: offset behind its last one.
        direction: in which its characters follow each other.
        script: Unicode script code ("Latn").
    """

    start: int
    stop: int
    direction: Direction
    script: str


def itemize(text: str, *, vertical: bool = False) -> list[TextRun]:
    """The runs of a text, in the order in which they stand from left to right (from top to bottom).

    Args:
        text: one line, logical order.
        vertical: set from top to bottom.

    Raises:
        Rejection: the text holds controls of direction, or cannot be set from top to bottom.
    """
    if text.isascii():
        script = "Latn" if any(map(str.isalpha, text)) else COMMON_SCRIPT
        if vertical:
            _check_stackable(text)
        return [TextRun(0, len(text), "ttb" if vertical else "ltr", script)]
    if has_bidi_controls(text):
        raise Rejection("control of direction")
    if vertical:
        _check_stackable(text)
        return [TextRun(start, stop, "ttb", script) for start, stop, script, _ in _pieces(text, [0] * len(text))]
    pieces = _pieces(text, embedding_levels(text))
    order = visual_order([level for *_, level in pieces])
    return [
        TextRun(start, stop, "rtl" if level % 2 else "ltr", script)
        for start, stop, script, level in (pieces[i] for i in order)
    ]


def connects_to_previous(text: str) -> list[bool]:
    """For every character of a text, whether it hangs together with the one before it, as letters of Arabic do."""
    joined = [_is_connected(character) for character in text]
    return [False, *(here and before for before, here in pairwise(joined))]


def dominant_script(runs: list[TextRun]) -> str:
    """The script of most of a text; `COMMON` when it has no letter."""
    lengths: dict[str, int] = {}
    for run in runs:
        lengths[run.script] = lengths.get(run.script, 0) + run.stop - run.start
    named = {script: length for script, length in lengths.items() if script != COMMON_SCRIPT}
    return max(named, key=lambda script: (named[script], script)) if named else COMMON_SCRIPT


def _pieces(text: str, embedding: list[int]) -> list[tuple[int, int, str, int]]:
    """Start, stop, script and level of the longest pieces of one script and one level."""
    pieces: list[tuple[int, int, str, int]] = []
    for i, (script, level) in enumerate(zip(_scripts(text), embedding, strict=True)):
        if pieces and pieces[-1][2:] == (script, level):
            pieces[-1] = (pieces[-1][0], i + 1, script, level)
        else:
            pieces.append((i, i + 1, script, level))
    return pieces


def _scripts(text: str) -> list[str]:
    """The script of every character; what is shared goes with what stands before it, at the start with what follows.

    A mark goes with its letter, whatever the script it is made for.
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
        if character in _TURNED_WHEN_VERTICAL or not (script in _UPRIGHT_SCRIPTS or script in _SHARED):
            raise Rejection("cannot be set from top to bottom")
