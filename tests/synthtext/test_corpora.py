import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthtext.core import InputError, WeightedComponent
from synthtext.corpora import (
    Code,
    Corpus,
    CorpusMixture,
    Date,
    Email,
    Number,
    Pattern,
    Price,
    TextFile,
    WebAddress,
    Words,
    clean_text,
    split_for_text,
)


def draws(corpus: Corpus, count: int = 200, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [corpus.draw(rng) for _ in range(count)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_line_of_a_file_is_drawn_and_nothing_else(tmp_path: Path, end: str) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(end.join(["alpha", "", "  ", "béta", "gamma delta"]).encode())
    texts = {clean_text(text) for text in draws(TextFile(path))}
    assert texts == {"alpha", "béta", "gamma delta"}


def test_splits_share_no_text_and_make_up_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    lines = [f"word{i}" for i in range(300)]
    path.write_text("\n".join(lines))
    train, validation = (set(draws(TextFile(path, split), 6000)) for split in ("train", "validation"))
    assert not train & validation
    assert train | validation == set(lines)
    assert 0.03 < len(validation) / len(lines) < 0.2
    assert split_for_text(" word1 ") == split_for_text("word1")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"\n \n", "no line"), (b"ab\x00cd\n", "binary"), (b"fine\n\xff\xfe\n", "line 2")],
)
def test_files_without_text_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "corpus.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        TextFile(path).draw(np.random.default_rng(0))
    assert "corpus.bin" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.txt"):
        TextFile(tmp_path / "absent.txt").draw(np.random.default_rng(0))


@pytest.mark.parametrize(
    "pattern",
    ["[0-9]{2,6}", "[^a]{3}", "a+", r"(ab|cd)+x?\d", "[^a-z]{3}", r"\w*-[A-F]", "a.c", "(?:x|y){0,2}z", "p(?P<n>q)"],
)
def test_drawn_texts_match_the_pattern(pattern: str) -> None:
    assert all(re.fullmatch(pattern, text) for text in draws(Pattern(pattern)))


@pytest.mark.parametrize("pattern", ["[0-9", "[^ -~]", "a{2000}", "(?=a)b", r"(a)\1", "^a$"])
def test_unsupported_patterns_are_refused_immediately(pattern: str) -> None:
    with pytest.raises(InputError, match="pattern"):
        Pattern(pattern)


@pytest.mark.parametrize("field", [Number(), Date(), Price(), Code(), Email(), WebAddress()])
def test_fields_are_short_and_varied_printable_ascii(field: Corpus) -> None:
    texts = draws(field)
    assert all(text and text.isascii() and text.isprintable() and len(text) <= 80 for text in texts)
    assert len(set(texts)) > 100


def test_words_follow_their_frequency_and_case() -> None:
    common = draws(Words(exponent=1.0, size=1000), 2000)
    flat = draws(Words(exponent=0.0, size=1000), 2000)
    assert common.count("the") > 20 > flat.count("the")
    assert all(text.isupper() for text in draws(Words(case={"upper": 1.0}, size=100), 50) if text.isalpha())
    assert {text.count(" ") for text in draws(Words(count_range=(2, 3)), 100)} == {1, 2}


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InputError, match="'xx'"):
        Words(language="xx").draw(np.random.default_rng(0))


def test_a_mixture_keeps_weights_and_names() -> None:
    mixture = CorpusMixture([WeightedComponent("a", Pattern("a"), 3), WeightedComponent("b", Pattern("b"), 1)])
    rng = np.random.default_rng(0)
    drawn = [mixture.draw(rng) for _ in range(2000)]
    assert all(text == name for text, name in drawn)
    assert sum(name == "a" for _, name in drawn) / 2000 == pytest.approx(0.75, abs=0.04)


@given(st.text(max_size=40))
@settings(max_examples=300)
def test_cleaning_is_idempotent(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned == unicodedata.normalize("NFC", cleaned)
    assert cleaned == clean_text(cleaned)
    assert not re.search(r"[\t\n\r\x00-\x1f]|^\s|\s$|\s\s", cleaned)
