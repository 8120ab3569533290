"""The order of characters, against an independent implementation (python-bidi, which is Rust's unicode-bidi)."""

import unicodedata

import bidi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthtext.core.unicode import embedding_levels, has_bidi_controls, visual_order

LETTERS = "abzאבתابتé中"
DIGITS = "0129٠١٢۱۲"
MARKS = "\u0301\u05b8\u064b"
SIGNS = " \t\u00a0.,:;+-/%$#°!?'\"«»<>|"
BRACKETS = "()[]{}\u2329\u232a\u3008\u3009\u27e8\u27e9\u298d\u2990\u298f\u298e（）"
texts = st.text(st.sampled_from(LETTERS + DIGITS + MARKS + SIGNS + BRACKETS), max_size=24)
nested = st.text(st.sampled_from("aא1٠ \u0301()[]"), max_size=16)


def shown(text: str) -> str:
    return "".join(text[i] for i in visual_order(embedding_levels(text)))


@given(texts | nested)
@settings(max_examples=1000)
def test_the_order_is_that_of_an_independent_implementation(text: str) -> None:
    assert shown(text) == bidi.get_display(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("ab 12", [0] * 5),
        ("é (12)", [0] * 6),
        ("אב", [1, 1]),
        ("אב 12 ג", [1, 1, 1, 2, 2, 1, 1]),
        ("a אב (ג) b", [0, 0, 1, 1, 1, 1, 1, 1, 0, 0]),
        ("א (b) ", [1, 1, 1, 2, 1, 1]),
        ("١٢", [2, 2]),
        ("ب 1", [1, 1, 2]),
        ("1 ב", [2, 1, 1]),
    ],
)
def test_levels_of_known_texts(text: str, expected: list[int]) -> None:
    assert embedding_levels(text) == expected


def test_ignored_characters_do_not_separate_others() -> None:
    assert embedding_levels("1\u200d1א") == [2, 2, 2, 1]
    assert embedding_levels("א\u200f1") == [1, 1, 2]


def test_brackets_nested_too_deeply_are_not_paired() -> None:
    text = "א" + "(" * 64 + "b" + ")" * 64
    assert shown(text) == bidi.get_display(text)


def test_runs_are_reversed_from_the_highest_level() -> None:
    assert visual_order([]) == []
    assert visual_order([1, 1, 2, 2, 1]) == [4, 2, 3, 1, 0]
    assert visual_order([0, 3, 2, 1, 0]) == [0, 3, 1, 2, 4]


def test_controls_are_those_of_unicode() -> None:
    kinds = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    for code in (*range(0x600, 0x700), *range(0x2000, 0x2100)):
        expected = unicodedata.bidirectional(chr(code)) in kinds or unicodedata.name(chr(code), "").endswith(
            ("LEFT-TO-RIGHT MARK", "RIGHT-TO-LEFT MARK", "ARABIC LETTER MARK")
        )
        assert has_bidi_controls(f"a{chr(code)}b") == expected
    assert not has_bidi_controls("abc")
