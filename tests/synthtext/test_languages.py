import unicodedata
from pathlib import Path

import numpy as np
import pytest

from synthtext.core import Charset, InputError
from synthtext.corpora import Characters, Words, is_charset_name, language_characters, languages, resolve_charset
from synthtext.corpora.corpus import Corpus
from synthtext.corpora.language import language_words, to_case
from synthtext.corpora.word_lists import iterate_word_list, language_script, word_frequency

pytestmark = pytest.mark.slow


def draws(corpus: Corpus, count: int = 200) -> list[str]:
    rng = np.random.default_rng(0)
    return [corpus.draw(rng) for _ in range(count)]


def test_word_lists_are_those_of_wordfreq() -> None:
    import wordfreq
    from wordfreq.language_info import get_language_info

    assert languages() == tuple(sorted(wordfreq.available_languages()))
    assert {one: language_script(one) for one in languages()} == {
        one: get_language_info(one)["script"] for one in languages()
    }
    for language in ("bn", "lt"):  # a large and a small list
        assert list(iterate_word_list(language)) == wordfreq.get_frequency_list(language)
    assert [word_frequency(n) for n in range(900)] == [wordfreq.cB_to_freq(-n) for n in range(900)]


@pytest.mark.parametrize("language", ["ar", "bn", "de", "el", "he", "hi", "ja", "ko", "ru", "ta", "tr", "vi", "zh"])
def test_the_characters_of_a_language_are_few_and_sorted(language: str) -> None:
    characters = language_characters(language)
    assert list(characters) == sorted(set(characters))
    assert {*"0123456789 !$%.,/-"} <= set(characters)
    assert ("A" in characters) == (language in ("de", "tr", "vi"))
    assert all(unicodedata.normalize("NFC", c) == c for c in characters)
    assert not any(unicodedata.category(c) in ("So", "Cn", "Cc") for c in characters)
    assert len(characters) < (5000 if language in ("ja", "ko", "zh") else 250)


@pytest.mark.parametrize(
    ("language", "some", "none"),
    [
        ("de", "äöüßÄÖÜ", "абωʖ"),
        ("tr", "ıİğş", "ß"),
        ("el", "άςΆΩ", "ab"),
        ("fa", "یک\u200c", "a"),
        ("hi", "क्ि\u200d", "😂"),
        ("ja", "あアー漢々", "a"),
        ("ko", "한글", "\u110b"),
        ("ca", "·ç", ""),
        ("zh", "的〇", "のa"),
    ],
)
def test_characters_of_languages(language: str, some: str, none: str) -> None:
    characters = set(language_characters(language))
    assert set(some) <= characters
    assert not set(none) & characters


def test_words_are_in_the_languages_script_and_not_numbers() -> None:
    texts = draws(Words(language="ja", exponent=0.3, count_range=(1, 3)), 1000)
    assert not any((c.isascii() and c.isalpha()) or c == " " for text in texts for c in text)
    assert not any("00" in text or not any(map(str.isalpha, text)) for text in draws(Words(exponent=1.0), 1000))


def test_words_are_separated_as_in_the_language_or_as_requested() -> None:
    assert all(" " in text for text in draws(Words(language="ko", count_range=(2, 2)), 20))
    assert not any(" " in text for text in draws(Words(language="zh", count_range=(2, 2)), 20))
    assert all("-" in text for text in draws(Words(language="zh", count_range=(2, 2), separator="-"), 20))


@pytest.mark.parametrize(
    ("word", "language", "upper", "title"),
    [
        ("istanbul", "tr", "İSTANBUL", "İstanbul"),
        ("ısı", "tr", "ISI", "Isı"),
        ("ιστορία", "el", "ΙΣΤΟΡΙΑ", "Ιστορία"),
        ("άνθρωπος", "el", "ΑΝΘΡΩΠΟΣ", "Άνθρωπος"),
        ("ijs", "nl", "IJS", "IJs"),
        ("straße", "de", "STRASSE", "Straße"),
        ("漢字", "ja", "漢字", "漢字"),
    ],
)
def test_letter_case_follows_the_language(word: str, language: str, upper: str, title: str) -> None:
    assert to_case(word, "upper", language) == upper
    assert to_case(word, "title", language) == title


def test_folded_characters_are_restored() -> None:
    german, greek = (
        set(language_words(language, 20_000)[0])  # too rare to draw
        for language in ("de", "el")
    )
    assert {
        "straße",
        "groß",
        "weiß",
        "außerdem",
        "maßnahmen",
        "dass",
        "messe",
        "aussage",
        "aussehen",
        "fluss",
    } <= german
    assert {"άνθρωπος", "της"} <= greek
    assert not any(word.endswith("σ") for word in greek if len(word) > 1)


@pytest.mark.parametrize("settings", [{"characters": "abcé漢"}, {"charset": "words:de"}, {"charset": "digits"}])
def test_characters_are_uniformly_distributed(settings: dict[str, str]) -> None:
    corpus = Characters(**settings, count_range=(2, 6), exclude="a")  # type: ignore[arg-type]
    texts = draws(corpus, 4000)
    assert {len(text) for text in texts} == {2, 3, 4, 5, 6}
    drawn = "".join(texts)
    counts = [drawn.count(character) for character in corpus.alphabet]
    assert set(drawn) == set(corpus.alphabet)
    assert "a" not in drawn
    assert min(counts) > 0.5 * max(counts)


def test_marks_and_joiners_are_not_drawn() -> None:
    assert Characters(characters="aaक \u3000\u200c्\uf92c").alphabet == ("a", "क")


def test_characters_of_a_dictionary(tmp_path: Path) -> None:
    (tmp_path / "dictionary.txt").write_text("x\ny\n")
    assert Characters(charset=tmp_path / "dictionary.txt").alphabet == ("x", "y")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "exactly one of 'characters'"),
        ({"characters": "a", "charset": "digits"}, "exactly one of 'characters'"),
        ({"characters": "a", "count_range": (3, 2)}, "count_range"),
        ({"characters": "ab", "exclude": "ba"}, "is empty"),
        ({"charset": "words:xx"}, "'xx'"),
        ({"charset": "absent.txt"}, "absent.txt"),
    ],
)
def test_invalid_settings_of_characters_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        Characters(**settings).draw(np.random.default_rng(0))  # type: ignore[arg-type]
    assert message in str(caught.value)


def test_charsets_by_name_and_by_file(tmp_path: Path) -> None:
    (tmp_path / "dictionary.txt").write_text("x\ny\n")
    assert resolve_charset("digits", tmp_path) == Charset.named("digits")
    assert resolve_charset("words:fr", tmp_path).characters == language_characters("fr")
    assert resolve_charset("dictionary.txt", tmp_path).characters == ("x", "y")  # the space only if the file has it
    assert [is_charset_name(name) for name in ("digits", "words:xx", "published", "dictionary.txt")] == [
        True,
        True,
        True,
        False,
    ]


def test_a_charset_of_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        resolve_charset("words:xx", Path())
    assert all(language in str(caught.value) for language in ("'xx'", *languages()))


def test_the_published_charset_without_its_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synthtext.corpora.language.package_file", lambda package, name: None)
    with pytest.raises(InputError, match=r"ocrmill\[ppocrv2\]"):
        resolve_charset("published", Path())
