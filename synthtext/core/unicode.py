"""Which way the parts of a text run: the Unicode Bidirectional Algorithm (UAX #9, revision 44) for one line.

A line of ours is one paragraph and has no explicit formatting characters, so that all of it is one isolating run
sequence: rules X1 to X8 have nothing to do. Where a text does have some (`has_bidi_controls`), they are passed over as
if they were not there.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
_PASSED_OVER = frozenset({"BN", "LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"})  # X9, and isolates
_NEUTRAL = frozenset({"B", "S", "WS", "ON"})
_TRAILING = frozenset({"B", "S", "WS"}) | _PASSED_OVER
_STRONG = {"L": "L", "R": "R", "EN": "R", "AN": "R"}  # N0 to N2 take numbers for R; W3 has made AL one before
_TICKED = {"\u298d": "\u2990", "\u298f": "\u298e"}
_DEPTH = 63  # BD16: brackets nest no deeper


def has_bidi_controls(text: str) -> bool:
    """Whether the text has marks, embeddings, overrides or isolates, which change the order and are not seen."""
    return not text.isascii() and not _CONTROLS.isdisjoint(text)


def embedding_levels(text: str) -> list[int]:
    """The embedding level of every character: even runs left to right, odd right to left.

    Rules P2-P3 (the first strong character decides the line's direction; left to right if there is none), W1-W7, N0-N2,
    I1-I2 and L1 (white space at the end of the line).

    Args:
        text: one line, any characters. A code point that `unicodedata` does not know counts as left to right.

    Returns:
        As many levels as characters, 0 to 2.
    """
    if text.isascii():
        return [0] * len(text)
    kinds = [unicodedata.bidirectional(character) or "L" for character in text]
    if not {"R", "AL", "AN"}.intersection(kinds):
        return [0] * len(text)
    base = int(next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L")
    seen = [i for i, kind in enumerate(kinds) if kind not in _PASSED_OVER]
    run = [kinds[i] for i in seen]
    ours = "R" if base else "L"
    marks = [kind == "NSM" for kind in run]
    _resolve_weak(run, ours)
    _resolve_brackets([text[i] for i in seen], run, marks, ours)
    _resolve_neutral(run, ours)
    raised = {"L": 1, "R": 0, "AN": 1, "EN": 1} if base else {"L": 0, "R": 1, "AN": 2, "EN": 2}  # I1, I2
    found = [base] * len(text)
    for i, kind in zip(seen, run, strict=True):
        found[i] = base + raised[kind]
    return _with_gaps(found, kinds, base)


def visual_order(levels: Sequence[int]) -> list[int]:
    """Where characters (or clusters) of these levels stand: indices from the leftmost to the rightmost (rule L2)."""
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


def _resolve_weak(run: list[str], ours: str) -> None:
    """Rules W1 to W7, in place: afterwards there are L, R, EN, AN and neutrals. `ours` is the line's direction."""
    before, strong = ours, ours
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
    strong = ours
    for i, kind in enumerate(run):
        if kind in ("ES", "CS", "ET"):  # W6
            run[i] = "ON"
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":  # W7
            run[i] = "L"


def _resolve_brackets(text: list[str], run: list[str], marks: list[bool], ours: str) -> None:
    """Rule N0, in place: both brackets of a pair run the same way.

    Args:
        text: the characters of the run.
        run: their kinds after the weak rules.
        marks: which of them were combining marks before those.
        ours: the line's direction.
    """
    for opening, closing in _bracket_pairs(text, run):
        inside = {_STRONG.get(kind) for kind in run[opening + 1 : closing]} - {None}
        if not inside:  # N0 d
            continue
        direction = ours
        if ours not in inside:  # N0 c: what is inside runs the other way; so do the brackets if what precedes does
            direction = next((_STRONG[kind] for kind in reversed(run[:opening]) if kind in _STRONG), ours)
        for bracket in (opening, closing):
            run[bracket] = direction
            after = bracket + 1
            while after < len(run) and marks[after]:  # marks on a bracket go with it
                run[after] = direction
                after += 1


def _bracket_pairs(text: list[str], run: list[str]) -> list[tuple[int, int]]:
    """Definition BD16: the positions of brackets that belong together, by the opening one."""
    pairs: list[tuple[int, int]] = []
    waiting: list[tuple[str, int]] = []
    for i, (character, kind) in enumerate(zip(text, run, strict=True)):
        closing, own = _bracket(character) if kind == "ON" else ("", "")
        if closing:
            if len(waiting) == _DEPTH:
                return []
            waiting.append((closing, i))
        elif own:
            for depth in reversed(range(len(waiting))):
                if waiting[depth][0] == own:
                    pairs.append((waiting[depth][1], i))
                    del waiting[depth:]
                    break
    return sorted(pairs)


@lru_cache(maxsize=4096)
def _bracket(character: str) -> tuple[str, str]:
    """For an opening bracket the closing one and "", for a closing one "" and itself, else two empty strings.

    Python has no property Bidi_Paired_Bracket. It holds for the mirrored characters of the categories Ps and Pe; the
    closing one is the next of these after the opening one, but for two square brackets with ticks (BidiBrackets.txt).
    Canonical equivalents are the same bracket.
    """
    category = unicodedata.category(character)
    if category not in ("Ps", "Pe") or not unicodedata.mirrored(character):
        return "", ""
    if category == "Pe":
        return "", unicodedata.normalize("NFD", character)
    following = (chr(ord(character) + step) for step in (1, 2))
    closing = _TICKED.get(character) or next((c for c in following if unicodedata.category(c) == "Pe"), "")
    return unicodedata.normalize("NFD", closing), ""


def _resolve_neutral(run: list[str], ours: str) -> None:
    """Rules N1 and N2, in place: neutrals between parts that run the same way go with them, others with the line."""
    before, start = ours, 0
    while start < len(run):
        if run[start] not in _NEUTRAL:
            before = _STRONG[run[start]]
            start += 1
            continue
        stop = start
        while stop < len(run) and run[stop] in _NEUTRAL:
            stop += 1
        after = _STRONG[run[stop]] if stop < len(run) else ours
        run[start:stop] = [before if before == after else ours] * (stop - start)
        start = stop


def _with_gaps(found: list[int], kinds: list[str], base: int) -> list[int]:
    """Give what was passed over the level of what precedes it (section 5.2), and apply rule L1."""
    trailing = True
    for i, kind in enumerate(kinds):
        if kind in _PASSED_OVER:
            found[i] = found[i - 1] if i else base
    for i in reversed(range(len(kinds))):
        if kinds[i] in ("B", "S"):
            trailing = True
        if trailing and kinds[i] in _TRAILING:
            found[i] = base
        else:
            trailing = False
    return found


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
"""Unicode's Default_Ignorable_Code_Point as HarfBuzz takes it: no Hangul fillers, no shorthand controls, which have
a width or a shape. HarfBuzz draws nothing for these, whether or not a font has them."""
