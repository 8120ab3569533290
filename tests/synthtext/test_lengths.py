"""Weights of the lengths of texts."""

from collections import Counter

import numpy as np
import pytest

from pipelines.recipes.resolve import resolve_recipe
from synthtext import LayoutOptions, LineGenerator
from synthtext.core import InputError, Sample, WeightedComponent
from synthtext.core.errors import Rejection
from synthtext.corpora import CorpusMixture, Pattern
from synthtext.lines.choice import LengthSampler
from synthtext.lines.design import parse_length_weights

pytestmark = pytest.mark.slow

SHORT_OR_LONG = CorpusMixture(
    [WeightedComponent("short", Pattern("[a-z]{2}"), 19), WeightedComponent("long", Pattern("[a-z]{9}"), 1)]
)


def lengths(weights: dict[str, float], count: int = 4000) -> Counter[int]:
    choice, rng = LengthSampler(weights, (1, 80), SHORT_OR_LONG), np.random.default_rng(0)
    return Counter(len(choice.draw(rng)[0].text) for _ in range(count))


@pytest.mark.parametrize("factor", [0.5, 3, 10])
def test_a_length_is_as_much_more_frequent_as_its_factor_says(factor: float) -> None:
    counts = lengths({"8-12": factor})
    expected = 0.05 * factor / (0.05 * factor + 0.95)
    assert counts[9] / counts.total() == pytest.approx(expected, abs=0.025)


def test_a_factor_of_zero_excludes_a_length() -> None:
    choice, rng = LengthSampler({"1-5": 0}, (1, 80), SHORT_OR_LONG), np.random.default_rng(0)
    rejected = 0
    for _ in range(200):
        try:
            assert len(choice.draw(rng)[0].text) == 9
        except Rejection as rejection:
            rejected += rejection.reason == "no text of a requested length"
    assert 0.1 < rejected / 200 < 0.3  # 0.95**32 is 0.19


def test_lengths_that_no_text_has_are_not_looked_for() -> None:
    choice, rng = LengthSampler({"60-70": 500}, (1, 80), SHORT_OR_LONG), np.random.default_rng(0)
    plain, same = np.random.default_rng(0), 0
    for _ in range(50):
        text, found = choice.draw(rng)
        assert found
        same += text == SHORT_OR_LONG.draw(plain)
        plain.random()  # consumes the number of the acceptance
    assert same == 50


def test_lengths_out_of_the_range_and_in_no_range_have_their_factors_however_long_texts_may_be() -> None:
    choice = LengthSampler({"1-5": 2, "9-9": 3}, (2, 10**12), SHORT_OR_LONG)
    assert [choice.factor("a" * count) for count in (0, 1, 2, 5, 6, 9, 10, 500)] == [0, 0, 2, 2, 1, 3, 1, 1]
    assert LengthSampler({"1-5": 2}, (1, 4), SHORT_OR_LONG).factor("a" * 5) == 0


def test_what_is_not_found_is_told_and_one_of_what_was_drawn_is_taken() -> None:
    rare = CorpusMixture([WeightedComponent("a", Pattern("a"), 999), WeightedComponent("b", Pattern("b{9}"), 14)])
    choice, rng = LengthSampler({"1-1": 0.001}, (1, 80), rare), np.random.default_rng(0)
    drawn = [choice.draw(rng) for _ in range(300)]
    assert 0.1 < np.mean([found for _, found in drawn]) < 0.9
    assert np.mean([len(text.text) == 9 for text, found in drawn if found]) > 0.85  # 14 to 1
    assert any(text.text == "a" for text, found in drawn if not found)


def test_lines_follow_the_weights_and_each_is_the_same_alone() -> None:
    settings = ["fonts.system=false", "layout.length_weights={'1-3': 6, '15-40': 4}", "effects=[]"]
    plain = resolve_recipe("lines", [settings[0], settings[2]]).generator(1)
    generator = resolve_recipe("lines", settings).generator(1)
    assert isinstance(plain, LineGenerator)
    assert isinstance(generator, LineGenerator)
    before = [len(s.text) for s in plain.generate_many(range(500)) if isinstance(s, Sample)]
    samples = [s for s in generator.generate_many(range(500)) if isinstance(s, Sample)]
    after = [len(s.text) for s in samples]
    for low, high in ((1, 3), (15, 40)):
        shares = [np.mean([low <= length <= high for length in found]) for found in (before, after)]
        assert shares[1] > 1.7 * shares[0]
    other = generator.generate(321)
    assert isinstance(other, Sample)
    assert other.text in {s.text for s in samples if s.key == other.key}


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"5": 1}, "'5' is not a range"),
        ({"8-4": 1}, "'8-4' is not a range"),
        ({"0-4": 1}, "'0-4' is not a range"),
        ({"1-4": 1, "4-9": 2}, "'1-4' and '4-9' overlap"),
        ({"1-4": -1}, "factor of '1-4', -1 must be from 0"),
        ({"1-4": float("inf")}, "factor of '1-4', inf"),
    ],
)
def test_invalid_weights_are_refused(weights: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        LayoutOptions(length_weights=weights)
    with pytest.raises(InputError, match=message):
        parse_length_weights(weights)


def test_weights_that_leave_no_text_are_refused() -> None:
    with pytest.raises(InputError, match="no text of the corpora has a length"):
        LengthSampler({"1-80": 0}, (1, 80), SHORT_OR_LONG)
