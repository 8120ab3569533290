"""Unicode properties and the Unicode Bidirectional Algorithm (UAX #9, revision 44) for a single line.

A line is one paragraph without explicit formatting characters, so that all of it is one isolating run sequence, and
rules X1 to X8 do not apply. Formatting characters (`has_bidi_controls`) are ignored.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_IGNORED = frozenset({"BN", "LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"})  # X9, and isolates
_NEUTRAL = frozenset({"B", "S", "WS", "ON"})
_TRAILING = frozenset({"B", "S", "WS"}) | _IGNORED
_STRONG = {"L": "L", "R": "R", "EN": "R", "AN": "R"}  # N0 to N2 treat numbers as R; W3 has replaced AL by R
_TICK_PARTNERS = {"\u298d": "\u2990", "\u298f": "\u298e"}
_DEPTH = 63  # BD16: maximum nesting depth of brackets


def has_bidi_controls(text: str) -> bool:
    """Whether the text has marks, embeddings, overrides or isolates, which are invisible and change the order."""
    return not text.isascii() and not _CONTROLS.isdisjoint(text)


def embedding_levels(text: str) -> list[int]:
    """Compute the embedding level of every character: even is left to right, odd is right to left.

    Implements rules P2-P3 (the first strong character decides the direction of the line, which is left to right if
    there is none), W1-W7, N0-N2, I1-I2 and L1 (white space at the end of the line). The text is one line; code points
    unknown to `unicodedata` are left to right. Levels are 0 to 2.
    """
    if text.isascii():
        return [0] * len(text)
    kinds = [unicodedata.bidirectional(character) or "L" for character in text]
    if not {"R", "AL", "AN"}.intersection(kinds):
        return [0] * len(text)
    base = int(next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L")
    visible = [i for i, kind in enumerate(kinds) if kind not in _IGNORED]
    run = [kinds[i] for i in visible]
    direction = "R" if base else "L"
    marks = [kind == "NSM" for kind in run]
    _resolve_weak(run, direction)
    _resolve_brackets([text[i] for i in visible], run, marks, direction)
    _resolve_neutral(run, direction)
    increments = {"L": 1, "R": 0, "AN": 1, "EN": 1} if base else {"L": 0, "R": 1, "AN": 2, "EN": 2}  # I1, I2
    levels = [base] * len(text)
    for i, kind in zip(visible, run, strict=True):
        levels[i] = base + increments[kind]
    return _restore_ignored(levels, kinds, base)


def visual_order(levels: Sequence[int]) -> list[int]:
    """Order of characters (or clusters) with these levels from left to right: their indices (rule L2)."""
    order = list(range(len(levels)))
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(order):
            stop = start
            while stop < len(order) and levels[order[stop]] >= level:
                stop += 1
            order[start:stop] = order[start:stop][::-1]
            start = stop + 1
    return order


def _resolve_weak(run: list[str], direction: str) -> None:
    """Apply rules W1 to W7 in place, which leave L, R, EN, AN and neutrals. `direction` is that of the line."""
    before, strong = direction, direction
    for i, kind in enumerate(run):
        if kind == "NSM":  # W1
            kind = before
        before = kind
        if kind in ("L", "R", "AL"):
            strong = kind
        if kind == "EN" and strong == "AL":  # W2
            kind = "AN"
        run[i] = "R" if kind == "AL" else kind  # W3
    for i in range(1, len(run) - 1):  # W4
        sides = run[i - 1]
        if sides == run[i + 1] and ((run[i] == "ES" and sides == "EN") or (run[i] == "CS" and sides in ("EN", "AN"))):
            run[i] = sides
    for i, kind in enumerate(run):  # W5, from both sides
        if kind == "ET" and i and run[i - 1] == "EN":
            run[i] = "EN"
    for i in reversed(range(len(run) - 1)):
        if run[i] == "ET" and run[i + 1] == "EN":
            run[i] = "EN"
    strong = direction
    for i, kind in enumerate(run):
        if kind in ("ES", "CS", "ET"):  # W6
            run[i] = "ON"
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":  # W7
            run[i] = "L"


def _resolve_brackets(text: list[str], run: list[str], marks: list[bool], line_direction: str) -> None:
    """Apply rule N0 in place: both brackets of a pair get the same direction.

    `run` has the types of the characters after the weak rules; `marks` tells which were combining marks before them.
    """
    for opening, closing in _bracket_pairs(text, run):
        inside = {_STRONG.get(kind) for kind in run[opening + 1 : closing]} - {None}
        if not inside:  # N0 d
            continue
        direction = line_direction
        if line_direction not in inside:  # N0 c: the content has the opposite direction
            direction = next((_STRONG[kind] for kind in reversed(run[:opening]) if kind in _STRONG), line_direction)
        for bracket in (opening, closing):
            run[bracket] = direction
            after = bracket + 1
            while after < len(run) and marks[after]:  # marks follow their bracket
                run[after] = direction
                after += 1


def _bracket_pairs(text: list[str], run: list[str]) -> list[tuple[int, int]]:
    """Definition BD16: positions of paired brackets, sorted by the opening one."""
    pairs: list[tuple[int, int]] = []
    open_brackets: list[tuple[str, int]] = []
    for i, (character, kind) in enumerate(zip(text, run, strict=True)):
        closing, own = _bracket(character) if kind == "ON" else ("", "")
        if closing:
            if len(open_brackets) == _DEPTH:
                return []
            open_brackets.append((closing, i))
        elif own:
            for depth in reversed(range(len(open_brackets))):
                if open_brackets[depth][0] == own:
                    pairs.append((open_brackets[depth][1], i))
                    del open_brackets[depth:]
                    break
    return sorted(pairs)


@lru_cache(maxsize=4096)
def _bracket(character: str) -> tuple[str, str]:
    """For an opening bracket the closing one and ""; for a closing one "" and itself; else two empty strings.

    Python has no property Bidi_Paired_Bracket. It holds for the mirrored characters of the categories Ps and Pe; the
    closing one is the next of these after the opening one, except for two square brackets with ticks
    (BidiBrackets.txt). Canonical equivalents are the same bracket.
    """
    category = unicodedata.category(character)
    if category not in ("Ps", "Pe") or not unicodedata.mirrored(character):
        return "", ""
    if category == "Pe":
        return "", unicodedata.normalize("NFD", character)
    following = (chr(ord(character) + step) for step in (1, 2))
    closing = _TICK_PARTNERS.get(character) or next((c for c in following if unicodedata.category(c) == "Pe"), "")
    return unicodedata.normalize("NFD", closing), ""


def _resolve_neutral(run: list[str], direction: str) -> None:
    """Apply rules N1 and N2 in place: neutrals between text of one direction get it, others that of the line."""
    before, start = direction, 0
    while start < len(run):
        if run[start] not in _NEUTRAL:
            before = _STRONG[run[start]]
            start += 1
            continue
        stop = start
        while stop < len(run) and run[stop] in _NEUTRAL:
            stop += 1
        after = _STRONG[run[stop]] if stop < len(run) else direction
        run[start:stop] = [before if before == after else direction] * (stop - start)
        start = stop


def _restore_ignored(levels: list[int], kinds: list[str], base: int) -> list[int]:
    """Give ignored characters the level of the preceding character (section 5.2), and apply rule L1."""
    for i, kind in enumerate(kinds):
        if kind in _IGNORED:
            levels[i] = levels[i - 1] if i else base
    trailing = True
    for i in reversed(range(len(kinds))):
        if kinds[i] in ("B", "S"):
            trailing = True
        if trailing and kinds[i] in _TRAILING:
            levels[i] = base
        else:
            trailing = False
    return levels


_RANGES = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian variation selectors, vowel separator
    (0x200B, 0x200F),  # zero width space, non-joiner and joiner, direction marks
    (0x202A, 0x202E),  # embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),  # zero width no-break space
    (0xFFF0, 0xFFF8),
    (0x1D173, 0x1D17A),  # musical beams and slurs
    (0xE0000, 0xE0FFF),  # tags and variation selectors
)

DEFAULT_IGNORABLE = frozenset(code for first, last in _RANGES for code in range(first, last + 1))
"""Default-ignorable code points for which HarfBuzz draws nothing, whether a font has them or not.

Unlike Unicode's Default_Ignorable_Code_Point, Hangul fillers and shorthand controls are excluded: they have a width or
a shape.
"""
