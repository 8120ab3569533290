"""Corpora of templates, confusables, Faker and jieba."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from synthtext.core import Charset, InputError, package_file
from synthtext.corpora import (
    Confusables,
    Corpus,
    Date,
    Faker,
    JiebaWords,
    Number,
    Pattern,
    Template,
    clean_text,
    words,
)
from synthtext.corpora.confusables import _HAN, _IN_WORDS, _LATIN

pytestmark = pytest.mark.slow

needs_jieba = pytest.mark.skipif(package_file("jieba", "dict.txt") is None, reason="needs the extra corpora")
HOME = Path(__file__).resolve().parents[2]


def draws(corpus: Corpus, count: int = 100, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [corpus.draw(rng) for _ in range(count)]


def test_a_template_is_filled_in() -> None:
    template = Template("{{No}} {n}: {kind}/{n}", {"n": Pattern("[0-9]{2}"), "kind": Pattern("a|b")})
    for text in draws(template):
        start, end = text.split(": ")
        assert start.startswith("{No} ")
        assert len(start) == 7
        assert end[:2] in ("a/", "b/")
        assert end[2:].isdigit()
    assert len({tuple(text.split("/")) for text in draws(template)}) > 80  # both numbers are drawn


def test_a_template_knows_common_fields() -> None:
    texts = draws(Template("{number} {date} {price} {code} {email} {web_address} {word}"))
    assert len(set(texts)) == 100
    own = draws(Template("{number}", {"number": Pattern("x")}), 5)
    assert own == ["x"] * 5


@pytest.mark.parametrize(
    ("template", "fields", "message"),
    [
        ("none", {}, "has no field"),
        ("{numbr}", {}, "no field 'numbr'; did you mean 'number'"),
        ("{zzz}", {}, "known are code, date"),
        ("{number} of", {"date": Date()}, r"has no \{date\}"),
        ("{number", {}, "double literal braces"),
        ("{number!r}", {}, "a name in braces and nothing else"),
        ("{number:>9}", {}, "a name in braces and nothing else"),
        ("{}", {}, "a name in braces and nothing else"),
        ("{number}" * 51, {}, "at most 50"),
    ],
)
def test_invalid_templates_are_refused(template: str, fields: dict[str, Corpus], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Template(template, fields)


def test_confusables_replace_one_part() -> None:
    words, codes = draws(Confusables(code_share=0), 400), draws(Confusables(code_share=1), 400)
    assert all(code.isalnum() and 3 <= len(code) <= 11 for code in codes)
    mixed = [word for word in words if any(c.isdigit() for c in word)]
    assert 20 < len(mixed) < 300
    assert len({*words, *codes}) > 500
    assert all(Charset.named("ascii").covers(text) for text in words + codes)
    assert not any("I" in code or "l" in code for code in codes)  # ambiguous with 1


def test_custom_confusables_are_exchanged_in_both_directions() -> None:
    corpus = Confusables(pairs=(("rn", "m"),), code_share=0)
    texts = draws(corpus, 300)
    assert any("rn" in text for text in texts)
    assert {"m" in text for text in texts} == {True, False}
    codes = draws(Confusables(pairs=(("0", "O"),), code_share=1), 100)
    assert all("0" in code or "O" in code for code in codes)
    with pytest.raises(InputError, match="none of the pairs occurs"):
        Confusables(pairs=(("\u2602", "\u2603"),)).check()
    with pytest.raises(InputError, match="two different texts"):
        Confusables(pairs=(("a", "a"),))


def test_confusables_of_chinese_are_chinese() -> None:
    texts = draws(Confusables("zh", code_share=0), 200)
    parts = {character for pair in _HAN for character in pair}
    assert np.mean([bool(parts & set(text)) for text in texts]) > 0.9
    assert len(set(texts)) > 100


def test_default_pairs_are_distinct() -> None:
    pairs = [tuple(pair.split()) for pair in (*_LATIN, *_IN_WORDS)] + [tuple(pair) for pair in _HAN]
    assert all(len(pair) == 2 and pair[0] != pair[1] for pair in pairs)
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)


@pytest.mark.parametrize(
    "corpus",
    [Faker("address", "de_DE"), Faker("name", "ja_JP"), Faker("sentence", settings={"nb_words": 3}), Faker("pricetag")],
    ids=lambda corpus: corpus.provider,
)
def test_faker_draws_one_line_from_the_generator_alone(corpus: Faker) -> None:
    pytest.importorskip("faker")
    corpus.check()
    texts = draws(corpus)
    assert texts == draws(corpus)
    assert texts == draws(Faker(corpus.provider, corpus.locale, corpus.settings))
    assert len(set(texts)) > 50
    assert all(text == clean_text(text) for text in texts)


def test_faker_is_reproducible_and_does_not_use_global_randomness() -> None:
    faker = pytest.importorskip("faker")
    corpora = [Faker("company", "fr_FR"), Faker("job"), Faker("iban"), Faker("address", "it_IT")]
    faker.Faker.seed(1)
    before = faker.Faker().name()
    faker.Faker.seed(1)
    texts = [draws(corpus, 20) for corpus in corpora]
    assert faker.Faker().name() == before
    code = (
        "import numpy as np; from synthtext.corpora import Faker; r = np.random.default_rng;"
        "print([[c.draw(g) for _ in range(20)] for c, g in ((Faker('company', 'fr_FR'), r(0)), (Faker('job'), r(0)),"
        "(Faker('iban'), r(0)), (Faker('address', 'it_IT'), r(0)))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=HOME,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": "utf-8"},
    )
    assert done.stdout.strip() == str(texts)


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        (Faker("adress"), "did you mean 'address'"),
        (Faker("date"), "depend on the current date"),
        (Faker("name", "de_XX"), "no locale 'de_XX'"),
        (Faker("profile"), "date providers are excluded"),
        (Faker("ssn", "sv_SE"), "depends on the current time"),
        (Faker("pylist"), "returns list, not text"),
        (Faker("sentence", settings={"words": 1}), "unexpected keyword"),
    ],
    ids=lambda value: getattr(value, "provider", None),
)
def test_unsuitable_faker_providers_are_refused(corpus: Faker, message: str) -> None:
    pytest.importorskip("faker")
    with pytest.raises(InputError, match=message):
        corpus.check()


@pytest.mark.parametrize("corpus", [Faker("name"), JiebaWords(size=77)], ids=["faker", "jieba"])
def test_a_package_that_is_missing_is_named(corpus: Faker | JiebaWords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faker", None)
    monkeypatch.setattr(words, "_dictionary", words._dictionary.__wrapped__)  # it may be cached
    monkeypatch.setattr("synthtext.corpora.words.package_file", lambda package, name: None)
    with pytest.raises(InputError, match=r"pip install 'ocrmill\[corpora\]'"):
        corpus.check()


@needs_jieba
def test_jieba_draws_chinese_words_by_frequency() -> None:
    common, flat = (draws(JiebaWords(size=50_000, exponent=e), 3000) for e in (1.0, 0.0))
    assert common.count("的") > 10 > flat.count("的")
    assert len(set(flat)) > 2500 > len(set(common))
    assert all("\u3007" <= c <= "\u9fff" for text in common + flat for c in text)
    assert {len(text) for text in draws(JiebaWords(size=10, count_range=(2, 3), separator=" "))} >= {3, 5}


@pytest.mark.parametrize(("settings", "message"), [({"size": 0}, "size"), ({"count_range": (2, 1)}, "in order")])
def test_jieba_is_checked(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        JiebaWords(**settings)


def test_numbers_in_a_template_are_those_of_the_corpus() -> None:
    rng, same = np.random.default_rng(4), np.random.default_rng(4)
    assert Template("{number}").draw(rng) == Number().draw(same)
