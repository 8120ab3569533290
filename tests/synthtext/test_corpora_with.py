"""Search for texts with a character, and insertion of characters into texts."""

import re
import string
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from synthtext.core import WeightedComponent, package_file
from synthtext.corpora import (
    Characters,
    CorpusMixture,
    Pattern,
    SearchableCorpus,
    TextFile,
    Words,
    clean_text,
    insert_character,
    split_for_text,
)
from synthtext.corpora.words import JiebaWords, Lexicon

needs_jieba = pytest.mark.skipif(package_file("jieba", "dict.txt") is None, reason="needs the extra corpora")
CASES = {"lower": 3.0, "title": 3.0, "upper": 4.0}


def draws_with(corpus: SearchableCorpus, character: str, count: int = 40) -> list[str | None]:
    rng = np.random.default_rng(0)
    return [corpus.draw_containing(rng, character) for _ in range(count)]


@pytest.mark.parametrize("character", list("qQzZeE'4"))
def test_words_are_found_by_a_character_in_any_case(character: str) -> None:
    texts = draws_with(Words(case=CASES, count_range=(1, 3)), character)
    assert all(text is None or character in text for text in texts)
    assert texts.count(None) <= 2  # if the drawn case lacks it eight times
    assert len(set(texts)) > 15
    assert {text.count(" ") for text in texts if text} == {0, 1, 2}


def test_words_are_found_only_in_their_cases() -> None:
    assert draws_with(Words(), "Q", 5) == draws_with(Words(case={"upper": 1}), "q", 5) == [None] * 5
    assert draws_with(Words(), "é", 5) != [None] * 5 == draws_with(Words(size=500), "é", 5)
    titles = draws_with(Words(case={"title": 1}), "Q")
    assert all(text is not None and text.startswith("Q") for text in titles)
    assert all(text and "ß" in text for text in draws_with(Words(language="de"), "ß"))
    assert all(text and "İ" in text for text in draws_with(Words(language="tr", case={"upper": 1}), "İ"))


def test_a_space_separates_several_words() -> None:
    assert draws_with(Words(), " ", 3) == [None] * 3
    assert all(text and text.count(" ") in (1, 2) for text in draws_with(Words(count_range=(1, 3)), " "))
    capitals = draws_with(Words(count_range=(1, 3), case={"upper": 1}), " ")
    assert all(text and text == text.upper() for text in capitals)


def test_a_lexicon_draws_by_weight_also_among_words_with_a_character() -> None:
    words, weights = ("ab", "bc", "ca", "dd"), np.array([1.0, 2.0, 3.0, 4.0])
    lexicon, rng = Lexicon(words, weights), np.random.default_rng(0)
    assert lexicon.draw_containing(rng, "x") is None
    drawn = [lexicon.draw_containing(rng, "a") for _ in range(2000)]
    assert set(drawn) == {"ab", "ca"}
    assert drawn.count("ca") / 2000 == pytest.approx(0.75, abs=0.04)
    assert {lexicon.draw_containing(rng, "c", first=True) for _ in range(20)} == {"ca"}


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_an_exponent_goes_from_the_lexicon_to_the_frequencies(exponent: float) -> None:
    from synthtext.corpora.language import language_words

    size, count = 200, 40_000
    words, frequencies = language_words("en", size)
    corpus, rng = Words(size=size, exponent=exponent), np.random.default_rng(0)
    drawn = [corpus.draw(rng) for _ in range(count)]
    expected = frequencies**exponent / (frequencies**exponent).sum() * count
    counted = np.array([drawn.count(word) for word in words])
    assert ((counted - expected) ** 2 / expected).sum() < size + 4 * (2 * size) ** 0.5  # chi-squared
    if exponent == 0:
        assert expected.min() == pytest.approx(expected.max())


def test_lines_of_a_file_are_found_by_a_character(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("\ufeffalpha\nbéta\n\n  \ngamma\nend Ω", encoding="utf-8")
    corpus = TextFile(path)
    assert set(draws_with(corpus, "é")) == {"béta"}
    assert set(draws_with(corpus, "Ω")) == {"end Ω"}
    assert set(map(clean_text, filter(None, draws_with(corpus, "a", 200)))) == {"alpha", "béta", "gamma"}
    assert draws_with(corpus, "z", 3) == draws_with(corpus, "\ufeff", 3) == [None] * 3
    assert set(draws_with(TextFile(path, case={"upper": 1}), "É")) == {"BÉTA"}


def test_found_lines_belong_to_the_split(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(f"word{i}" for i in range(300)))
    for split in ("train", "validation"):
        found = [text for text in draws_with(TextFile(path, split), "7", 100) if text]
        assert found
        assert all(split_for_text(text) == split and "7" in text for text in found)


def test_lines_of_a_file_are_written_in_cases(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("İki Iki\nthe ijs\n")
    rng = np.random.default_rng(0)
    corpus = TextFile(path, case={"lower": 1, "upper": 1, "title": 1}, language="tr")
    assert {corpus.draw(rng) for _ in range(100)} == {
        *("iki ıki", "İKİ IKİ", "İki Iki", "the ijs", "THE İJS", "The İjs")
    }


def test_strings_of_characters_are_found() -> None:
    corpus = Characters("abc", count_range=(2, 5))
    assert all(text and "b" in text and 2 <= len(text) <= 5 for text in draws_with(corpus, "b"))
    assert draws_with(corpus, "d", 3) == [None] * 3


def test_a_mixture_searches_its_corpora_by_weight() -> None:
    mixture = CorpusMixture(
        [
            WeightedComponent("pattern", Pattern("z"), 5),
            WeightedComponent("ab", Characters("ab"), 3),
            WeightedComponent("bc", Characters("bc"), 1),
            WeightedComponent("never", Characters("d"), 0),
        ]
    )
    rng = np.random.default_rng(0)
    drawn = [mixture.draw_containing(rng, "b") for _ in range(400)]
    assert np.mean([text is not None and text.corpus == "ab" for text in drawn]) == pytest.approx(0.75, abs=0.07)
    assert {text.corpus for _ in range(9) if (text := mixture.draw_containing(rng, "c"))} == {"bc"}
    assert mixture.draw_containing(rng, "d") is None


@pytest.mark.parametrize("pattern", [r"[0-9]{2}(,\d{3})?|No\. ?7%", "a{0,0}b?[^c]", "x*(y|[zZ])", "."])
def test_patterns_find_every_character_that_they_can_draw(pattern: str) -> None:
    corpus, rng = Pattern(pattern), np.random.default_rng(0)
    drawn = {character for _ in range(3000) for character in corpus.draw(rng)}
    assert corpus._alphabet == drawn
    for character in string.printable:
        found = [text for text in draws_with(corpus, character, 30) if text is not None]
        assert all(re.fullmatch(pattern, text) and character in text for text in found)
        assert found or character not in drawn or len(drawn) > 90  # one of many may not occur


@pytest.mark.parametrize("text", ["word", "Two Words", "12.50", "日本", "नमस्ते", "(a)", "שלום", "a b-c"])
def test_texts_with_inserted_characters_are_clean(text: str) -> None:
    rng = np.random.default_rng(0)
    for character in string.printable[:94] + "é日Ω§€»」":
        for _ in range(5):
            placed = insert_character(rng, text, character, "other")
            assert character in placed
            assert placed == clean_text(placed)
            kept = sum(a == b for a, b in zip(text, placed, strict=False)) >= len(text) - 1 or text in placed
            assert kept
    assert insert_character(rng, text, " ", "other") == f"{text} other"
    for bound in ("\u0301", "\u094d", "\u200d"):
        assert insert_character(rng, text, bound) == text


def test_a_character_replaces_one_of_its_category() -> None:
    rng = np.random.default_rng(0)
    assert {insert_character(rng, "Ab3", "Q") for _ in range(20)} == {"Qb3"}
    assert {insert_character(rng, "Ab3", "7") for _ in range(20)} == {"Ab7"}
    assert {insert_character(rng, "Aab", "x") for _ in range(20)} == {"Axb", "Aax"}
    assert insert_character(rng, "text", "[") == insert_character(rng, "text", "]") == "[text]"
    assert insert_character(rng, "text", "€") == "€text"
    devanagari = {insert_character(rng, "किक", "ग") for _ in range(20)}
    assert devanagari == {"किग"}  # the first letter has a vowel sign
    assert all(unicodedata.is_normalized("NFC", text) for text in devanagari)


@pytest.mark.slow
@needs_jieba
def test_jieba_finds_words_by_their_characters() -> None:
    assert all(text and "鼠" in text for text in draws_with(JiebaWords(size=20_000, count_range=(1, 2)), "鼠"))
    assert draws_with(JiebaWords(size=100), "鬻", 2) == [None, None]
