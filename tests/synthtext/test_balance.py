"""Character coverage: the schedule of required characters, and their occurrence in texts."""

import string
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.recipes.resolve import resolve_recipe
from synthtext import CoverageOptions, LineGenerator
from synthtext.core import Charset, InputError, Sample, SkippedSample
from synthtext.lines.coverage import CoverageSchedule

pytestmark = pytest.mark.slow

ASCII = Charset.named("ascii")
OWN = "fonts.system=false"


def required(schedule: CoverageSchedule, indices: Sequence[int]) -> list[str | None]:
    return [schedule.required(index) for index in indices]


def drawn(overrides: Sequence[str], indices: Sequence[int], seed: int = 3, recipe: str = "lines") -> list[Sample]:
    generator = resolve_recipe(recipe, [OWN, *overrides]).generator(seed)
    assert isinstance(generator, LineGenerator)
    samples = list(generator.generate_many(indices))
    assert not any(isinstance(sample, SkippedSample) for sample in samples)
    return [sample for sample in samples if isinstance(sample, Sample)]


@given(
    share=st.sampled_from([0.01, 0.15, 0.2, 1 / 3, 0.5, 1.0]),
    count=st.integers(1, 60),
    seed=st.integers(0, 2**32 - 1),
    turn=st.integers(0, 50),
)
@settings(max_examples=60, deadline=None)
def test_every_character_is_required_once_in_every_cycle(share: float, count: int, seed: int, turn: int) -> None:
    characters = string.printable[:count]
    schedule = CoverageSchedule(dict.fromkeys(characters, 1.0), share, seed)
    period = count * 1_000_000 / round(share * 1_000_000)  # shares are whole millionths
    start, stop = int(np.ceil(turn * period)), int(np.ceil((turn + 1) * period))
    due = [character for character in required(schedule, range(start, stop)) if character]
    assert abs(len(due) - count) <= 1  # a cycle may start within a step
    if share in (0.01, 0.2, 0.5, 1.0):
        assert Counter(due) == Counter(characters)


def test_invisible_characters_are_required_only_if_listed() -> None:
    charset = Charset("ab\u200c\u200d")
    assert set(CoverageOptions(share=0.5).weights_for(charset)) == {"a", "b"}
    assert set(CoverageOptions(share=0.5, characters="a\u200c").weights_for(charset)) == {"a", "\u200c"}


def test_order_differs_between_cycles_and_seeds() -> None:
    schedule = CoverageSchedule(dict.fromkeys(string.ascii_letters, 1.0), 0.5, 1)
    first, second = required(schedule, range(104)), required(schedule, range(104, 208))
    assert first != second
    assert first != required(CoverageSchedule(dict.fromkeys(string.ascii_letters, 1.0), 0.5, 2), range(104))


def test_required_character_depends_only_on_the_index() -> None:
    weights = {c: 1.0 + (c in "QZ") for c in string.ascii_letters}
    indices = np.random.default_rng(0).permutation(20_000).tolist()  # more cycles than are cached
    shuffled = dict(zip(indices, required(CoverageSchedule(weights, 0.3, 5), indices), strict=True))
    assert [shuffled[i] for i in range(20_000)] == required(CoverageSchedule(weights, 0.3, 5), range(20_000))
    assert shuffled[7777] == CoverageSchedule(weights, 0.3, 5).required(7777)


@pytest.mark.parametrize("indices", [range(30_000), range(2**31, 2**31 + 30_000)])
def test_characters_are_required_by_weight_in_any_interval(indices: range) -> None:
    weights = {"a": 1.0, "b": 2.5, "c": 0.25, "d": 7.0, "e": 0.01}
    counts = Counter(required(CoverageSchedule(weights, 0.2, 9), indices))
    due = len(indices) * 0.2
    assert counts.total() - counts[None] == pytest.approx(due, abs=1)
    for character, weight in weights.items():
        assert counts[character] == pytest.approx(due * weight / sum(weights.values()), abs=3)


def test_required_characters_are_in_the_texts_and_reach_the_minimum() -> None:
    plain = ["effects=[]", "background={plain: 1}", "ink.styles={plain: 1}", "layout.neighbours={probability: 0}"]
    samples = drawn([*plain, "coverage.share=0.5"], range(600))
    covered = [s for s in samples if "required_character" in s.meta.parameters]
    assert len(covered) == 300
    outcomes = Counter(s.meta.parameters["coverage_outcome"] for s in covered)
    assert outcomes["sampled"] + outcomes["searched"] + outcomes["inserted"] >= 0.97 * len(covered), (
        outcomes
    )  # Amatic has only capitals
    assert {"sampled", "searched", "inserted"} <= outcomes.keys()
    for sample in covered:
        assert (
            sample.meta.parameters["coverage_outcome"] in ("no font of the block", "no text")
            or sample.meta.parameters["required_character"] in sample.text
        )
    floor = 600 * 0.5 // 95
    held = Counter(character for sample in samples for character in set(sample.text))
    assert min(held[character] for character in ASCII) >= floor - 1
    without = Counter(
        character for sample in drawn([*plain, "coverage.share=0"], range(150)) for character in set(sample.text)
    )
    assert sum(without[character] == 0 for character in ASCII) > 10  # otherwise coverage would have no effect


def test_single_samples_equal_those_of_a_batch_and_others_are_unchanged() -> None:
    settings = ["coverage.share=0.5", "effects=[]"]
    together = drawn(settings, range(1000, 1048))
    alone = resolve_recipe("lines", [OWN, *settings]).generator(3)
    plain = drawn(["effects=[]", "coverage.share=0"], range(1000, 1048))
    differing = 0
    for index in (1047, 1000, 1001, 1025):
        sample = alone.generate(index)
        assert isinstance(sample, Sample)
        other = together[index - 1000]
        assert (sample.text, sample.meta) == (other.text, other.meta)
        assert np.array_equal(sample.image, other.image)
    for sample, other in zip(together, plain, strict=True):
        if "required_character" in sample.meta.parameters:
            differing += sample.text != other.text
        else:
            assert (sample.text, sample.meta.font) == (other.text, other.meta.font)
    assert differing > 12


def test_texts_with_required_characters_do_not_depend_on_effects() -> None:
    settings = ["coverage.share=1", "layout.neighbours={probability: 0}"]
    plain = drawn([*settings, "effects=[]"], range(64))
    changed = drawn([*settings, "effects=[{use: blur}, {use: noise}]"], range(64))
    assert np.mean([a.text == b.text for a, b in zip(plain, changed, strict=True)]) > 0.9  # contrast rejects a few


def test_characters_without_a_font_are_reported(tmp_path) -> None:
    (tmp_path / "charset.txt").write_text("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n\U00012000\n")
    settings = [f"charset={tmp_path}/charset.txt", "coverage={share: 1, characters: '0\U00012000'}"]
    samples = drawn(settings, range(40), recipe="digits")
    lacking = [s for s in samples if s.meta.parameters["required_character"] == "\U00012000"]
    assert len(lacking) == 20
    assert {s.meta.parameters["coverage_outcome"] for s in lacking} == {"no font of the block"}
    assert all("0" in s.text for s in samples if s.meta.parameters["required_character"] == "0")


def test_capitals_count_for_a_lower_case_charset() -> None:
    corpus = "corpus=[{use: words, case: {lower: 1, upper: 1}}]"
    settings = [
        "coverage={share: 1, characters: qz}",
        "charset=alphanumeric_lower",
        corpus,
        "layout.length_range=[1, 20]",
    ]
    samples = drawn(settings, range(48), recipe="digits")
    assert all(s.meta.parameters["required_character"] in s.text.lower() for s in samples)
    assert any(s.meta.parameters["required_character"] not in s.text for s in samples)


def test_texts_with_required_characters_have_accepted_lengths() -> None:
    corpus = "corpus=[{use: words, language: en}]"
    settings = ["charset=ascii", corpus, "layout.length_weights={'1-7': 0}", "coverage={share: 1, characters: qzJ}"]
    samples = drawn(settings, range(60), recipe="digits")
    assert {"searched", "inserted"} <= {s.meta.parameters["coverage_outcome"] for s in samples}
    assert min(len(s.text) for s in samples) >= 8


def test_a_required_space_is_not_at_the_end_of_a_text() -> None:
    settings = ["corpus=[{use: pattern, pattern: '(12)?'}]", "charset=ascii", "coverage={share: 1, characters: ' '}"]
    samples = drawn(settings, range(40), recipe="digits")
    assert {s.text for s in samples if s.meta.parameters["coverage_outcome"] == "inserted"} == {"12 12"}
    assert {s.text for s in samples} == {"12", "12 12"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"share": 1.2}, "share 1.2 must be from 0 to 1"),
        ({"share": 1e-9}, "less than a millionth"),
        ({"weights": {"ab": 1}}, "'ab' is not a single character"),
        ({"weights": {"a": -1}}, "weight of 'a' -1 must be from 0"),
        ({"weights": {"a": float("nan")}}, "weight of 'a' nan"),
    ],
)
def test_invalid_coverage_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        CoverageOptions(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (CoverageOptions(0.1, characters="aß"), "characters: 'ß' is not in the charset"),
        (CoverageOptions(0.1, weights={"ß": 2}), "weights: 'ß' is not in the charset"),
        (CoverageOptions(0.1, exclude="".join(ASCII)), "no character is left"),
        (CoverageOptions(0.1, characters="ab", weights={"a": 0, "b": 0}), "no character is left"),
    ],
)
def test_coverage_options_outside_of_the_charset_are_refused(options: CoverageOptions, message: str) -> None:
    with pytest.raises(InputError, match=message):
        options.weights_for(ASCII)
