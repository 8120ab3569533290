"""Patterns induced from labels, and weights of corpora by what explains the labels."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain_gap.patterns import induce_patterns
from pipelines.domain_gap.text_fit import length_factors
from pipelines.domain_gap.text_model import CharacterTrigrams, label_likelihoods, mixture_weights
from synthtext.corpora import Pattern

WORDS = {"total", "cash", "street", "stop", "bread", "milk", "sugar", "eggs", "rice", "soup", "wine"}


def is_word(text):
    return text.lower() in WORDS


def drawn(pattern, count, seed=0):
    rng, corpus = np.random.default_rng(seed), Pattern(pattern)
    return [corpus.draw(rng) for _ in range(count)]


@pytest.mark.parametrize(
    "pattern",
    ["[A-Z]{1,2}[0-9]{2,3}", r"\$[0-9]{1,2}\.[0-9]{2}", "[0-9]{2}:[0-9]{2}", r"\([0-9]{3}\)[0-9]{3}-[0-9]{4}"],
)
def test_a_pattern_of_labels_is_found_again(pattern):
    found = induce_patterns(drawn(pattern, 60), is_word)
    assert [(re.sub(r"\\([$:-])", r"\1", entry.pattern), entry.total) for entry in found] == [
        (re.sub(r"\\([$:-])", r"\1", pattern), 60)
    ]


@given(st.lists(st.text("AZbz09 -.$", max_size=6), max_size=12))
def test_every_pattern_matches_its_labels_and_can_be_drawn(labels):
    labels = [label.strip() for label in labels] * 3
    for entry in induce_patterns(labels, is_word):
        matching = sum(re.fullmatch(entry.pattern, label) is not None for label in labels)
        assert matching >= entry.total >= 3
        assert all(re.fullmatch(entry.pattern, example) for example in entry.examples)
        assert re.fullmatch(entry.pattern, Pattern(entry.pattern).draw(np.random.default_rng(0)))


def test_few_texts_at_a_position_are_listed():
    labels = [f"{hour}:00 {half}" for hour in range(1, 10) for half in ("AM", "PM")]
    assert [entry.pattern for entry in induce_patterns(labels, is_word)] == [r"[0-9]:00\ (AM|PM)"]


def test_codes_of_mixed_characters_become_one_pattern():
    labels = ["A1B2", "7F3C", "CC4D", "1A22", "99AF", "BB0B", "E555", "12A9"]
    assert [(entry.pattern, entry.total) for entry in induce_patterns(labels, is_word)] == [("[A-Z0-9]{4}", 8)]


def test_words_are_left_to_corpora_of_words():
    words = sorted(WORDS)
    assert induce_patterns([*words, *map(str.upper, words)], is_word) == []
    assert induce_patterns([f"{word} {i}" for i, word in enumerate(words)], is_word) == []
    assert induce_patterns([f"{word.title()}:{i}" for i, word in enumerate(words)], is_word) == []
    assert [entry.pattern for entry in induce_patterns(["XQKZ", "RTPL", "BVNM"], is_word)] == ["[A-Z]{4}"]


def test_trigrams_are_a_distribution_and_prefer_their_own_texts():
    model = CharacterTrigrams(["ab", "ba", "aab"])
    texts = [
        "".join(letters)
        for n in range(4)
        for letters in np.ndindex(*[2] * n)
        for letters in [["ab"[i] for i in letters]]
    ]
    assert sum(math.exp(model.log_probability(text)) for text in texts) < 1
    assert model.log_probability("ab") > model.log_probability("bb") > model.log_probability("zz")


def test_weights_of_a_mixture_are_recovered():
    corpora = ["[a-z]{3,7}", "[A-Z]{1,2}[0-9]{2,3}", "[0-9]{6}"]
    models = [CharacterTrigrams(drawn(corpus, 300, seed=1)) for corpus in corpora]
    labels = drawn(corpora[0], 300, seed=2) + drawn(corpora[1], 100, seed=2)
    found = mixture_weights(label_likelihoods(models, labels), np.full(3, 1 / 3), 1.0)
    np.testing.assert_allclose(found, [0.75, 0.25, 0.0], atol=0.02)
    few = mixture_weights(label_likelihoods(models, labels[-10:]), np.full(3, 1 / 3), 20.0)
    np.testing.assert_allclose(few, [20 / 90, 50 / 90, 20 / 90], atol=0.02)  # 10 labels beside 20 of the prior


def test_factors_of_lengths_make_short_texts_long():
    assert length_factors(["abc"] * 50, ["xyz"] * 200, (1, 40)) == {}
    factors = length_factors(["a" * 10] * 200, ["a" * 3] * 150 + ["a" * 10] * 50, (1, 40))
    assert factors["9-11"] > 3
    assert factors["3-3"] < 0.2
