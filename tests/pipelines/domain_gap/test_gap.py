"""Distances, the two-sample test, unusual lines and advice."""

import re
from pathlib import Path

import numpy as np
import pytest

from pipelines.domain_gap.advice import read_advice
from pipelines.domain_gap.difference import SIMILAR, describe_difference
from pipelines.domain_gap.distance import distances, feature_matrix
from pipelines.domain_gap.features import FEATURES, Feature, FeatureTable, Subject
from pipelines.domain_gap.instance_features import INSTANCE_FEATURES
from pipelines.domain_gap.scene_features import SCENE_FEATURES
from pipelines.domain_gap.text_features import TEXT_FEATURES
from pipelines.domain_gap.two_sample import roc_auc, two_sample_auc
from pipelines.domain_gap.unusual import unusual_lines
from pipelines.reports.charts import HistogramPair
from synthtext.core import InputError

WIDTH = Feature("stroke_width", "", "", tolerance=0.01)
HOME = Path(__file__).parents[3]


def table(count: int, seed: int, **shifts: float) -> FeatureTable:
    rng = np.random.default_rng(seed)
    return {f.name: np.abs(rng.normal(20 + shifts.get(f.name, 0), 2, count)) for f in FEATURES}


def test_equal_distributions_have_no_distance_and_equal_shares_outside() -> None:
    found = distances(table(3000, 0), table(3000, 1))
    assert len(found) == len(FEATURES)
    assert max(one.distance for one in found) < 0.15
    assert np.mean([one.share_outside for one in found]) == pytest.approx(0.02, abs=0.005)


def test_distance_is_a_shift_over_the_interquartile_range() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(5, 1, 20_000)
    (found,) = distances({"stroke_width": real}, {"stroke_width": real - 2}, [WIDTH])
    assert found.distance == pytest.approx(2 / 1.349, rel=0.02)
    assert found.shift == pytest.approx(found.distance)
    assert found.widening == pytest.approx(0, abs=1e-6)
    (mirrored,) = distances({"stroke_width": real}, {"stroke_width": real + 2}, [WIDTH])
    assert mirrored.shift == pytest.approx(-found.shift)


def test_distance_ignores_what_was_not_measured_and_is_bounded() -> None:
    values = np.linspace(0, 1, 50)
    known = {"stroke_width": np.append(values, np.nan)}
    (found,) = distances(known, {"stroke_width": np.append(values, [np.nan] * 9)}, [WIDTH])
    assert (found.distance, found.real.count, found.drawn.count) == (0, 50, 50)
    (far,) = distances(known, {"stroke_width": values + 1e9}, [WIDTH])
    assert far.distance == 10
    assert far.share_outside == 1
    assert distances(known, {"stroke_width": np.full(50, np.nan)}, [WIDTH]) == []


def test_a_constant_feature_is_scaled_by_its_tolerance() -> None:
    constant = {"polarity": np.ones(40)}
    (found,) = distances(
        constant, {"polarity": np.repeat([0.0, 1.0], 20)}, [f for f in FEATURES if f.name == "polarity"]
    )
    assert found.distance == pytest.approx(0.5 / 0.5)


def test_the_classifier_cannot_tell_equal_distributions_apart() -> None:
    matrices = [feature_matrix(table(count, seed)) for count, seed in ((200, 0), (1000, 1))]
    found = two_sample_auc(matrices[0], matrices[1], 0)
    assert found.auc == pytest.approx(0.5, abs=0.06)
    assert found.interval[0] < 0.5 < found.interval[1]
    assert (found.real.shape, found.drawn.shape) == ((200,), (1000,))


@pytest.mark.parametrize("kind", ["position", "spread", "measured"])
def test_the_classifier_finds_differences_of(kind: str) -> None:
    rng = np.random.default_rng(1)
    real, drawn = rng.normal(size=(150, 6)), rng.normal(size=(900, 6))
    if kind == "position":
        real[:, 2] += 1.5
    elif kind == "spread":
        real[:, 2] *= 4
    else:
        real[rng.random(150) < 0.7, 2] = np.nan
    found = two_sample_auc(real, drawn, 0)
    assert found.interval[0] > 0.65
    assert found.real.mean() > found.drawn.mean() + 0.1
    again = two_sample_auc(real, drawn, 0)
    np.testing.assert_array_equal(found.real, again.real)


def test_auc_counts_ties_half() -> None:
    assert roc_auc(np.array([1.0, 2, 2]), np.array([0.0, 2])) == pytest.approx((0.5 + 0.75 + 0.75) / 3)


def test_too_few_lines_are_refused() -> None:
    with pytest.raises(InputError, match="9 real and 50 generated samples: a comparison needs at least 10"):
        two_sample_auc(np.zeros((9, 2)), np.zeros((50, 2)), 0)


def test_the_unusual_line_comes_first_with_its_reason() -> None:
    real, drawn = table(60, 0), table(300, 1)
    real["noise"][17] = 90
    real["tilt"][3] = np.nan
    found = unusual_lines(real, drawn, 20)
    assert len(found) == 20
    assert found[0].row == 17
    assert found[0].reasons[0].feature.name == "noise"
    assert found[0].reasons[0].value == 90 > found[0].reasons[0].high
    assert [line.ratio for line in found] == sorted((line.ratio for line in found), reverse=True)
    assert found[-1].ratio < 2


@pytest.mark.parametrize(
    ("subject", "features"),
    [("lines", (*FEATURES, *TEXT_FEATURES)), ("texts", INSTANCE_FEATURES), ("scenes", SCENE_FEATURES)],
)
def test_every_feature_has_advice(subject: Subject, features: tuple[Feature, ...]) -> None:
    assert read_advice()[subject].keys() == {feature.name for feature in features}
    assert {feature.subject for feature in features} == {subject}


@pytest.mark.parametrize("subjects", [("lines",), ("texts", "scenes")])
def test_advice_names_settings_that_exist(subjects: tuple[Subject, ...]) -> None:
    pages = [*(HOME / "docs").glob("recipes*.md"), *([] if subjects == ("lines",) else [HOME / "docs" / "scenes.md"])]
    documented = "".join(page.read_text() for page in pages)
    advices = [advice for subject in subjects for advice in read_advice()[subject].values()]
    names = {name for advice in advices for text in advice for name in text.split("`")[1::2]}
    known = {feature.name for feature in (*FEATURES, *INSTANCE_FEATURES)}
    names = {name for name in names if "{" not in name} - known
    assert len(names) > 20
    parts = {part for name in names for part in ([name] if subjects == ("lines",) else name.split("."))}
    assert [part for part in sorted(parts) if not re.search(rf"\b{re.escape(part)}\b", documented)] == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda values: values, "Similar."),
        (lambda values: values + 6, "Real lines have less noise."),
        (lambda values: values - 6, "Real lines have more noise."),
        (lambda values: (values - 20) * 4 + 20, "Real lines vary less in noise."),
        (lambda values: (values - 20) / 8 + 20, "Real lines vary more in noise."),
    ],
)
def test_differences_in_words(change, sentence: str) -> None:
    values = table(500, 0)["noise"]
    noise = [feature for feature in FEATURES if feature.name == "noise"]
    (found,) = distances({"noise": values}, {"noise": change(values)}, noise)
    difference, advice = describe_difference(found)
    assert difference == sentence
    assert bool(advice) == (found.distance >= SIMILAR)


def test_histograms_of_two_sets_share_their_columns() -> None:
    pair = HistogramPair.from_values("x", "", np.arange(100.0), np.arange(100.0) + 50)
    assert len(pair.first) == len(pair.second)
    assert max(*pair.first, *pair.second) == 1
    assert pair.first[-1] == pair.second[0] == 0
    assert (float(pair.low), float(pair.high)) == pytest.approx((1, 148), abs=1)
    constant = HistogramPair.from_values("x", "", np.ones(5), np.ones(5), log=True)
    assert sum(map(bool, constant.first)) == 1
