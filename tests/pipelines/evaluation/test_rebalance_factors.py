"""From error rates to factors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluation.rebalance_evaluation import ErrorSlice, SliceReport
from pipelines.evaluation.rebalance_weights import (
    MAX_FACTOR,
    MIN_PRIOR_SIZE,
    compute_factors,
    preserve_total,
    reweight_lengths,
)


def draw_slices(rng):
    totals = rng.integers(1, 400, rng.integers(1, 30))
    rates = rng.beta(2, 4, len(totals))
    return [
        ErrorSlice(str(i), int(n), int(rng.binomial(n, rate)))
        for i, (n, rate) in enumerate(zip(totals, rates, strict=True))
    ]


def test_factors_are_bounded_and_rise_with_error_rate_and_strength():
    rng = np.random.default_rng(0)
    for _ in range(200):
        slices = draw_slices(rng)
        found = {s: compute_factors(slices, s) for s in (0.0, 0.4, 1.0)}
        assert [factor.slice for factor in found[1.0]] == slices
        assert all(factor.value == 1 for factor in found[0.0])
        for mild, strong in zip(found[0.4], found[1.0], strict=True):
            assert 1 / MAX_FACTOR <= strong.value <= MAX_FACTOR
            assert abs(np.log(mild.value)) <= abs(np.log(strong.value)) + 1e-12
        learnable = [factor for factor in found[1.0] if not factor.unlearnable]
        for one in learnable:
            for other in learnable:
                if one.slice.total == other.slice.total and one.slice.errors > other.slice.errors:
                    assert one.value >= other.value


def test_slices_of_few_lines_hardly_move():
    """The rate of a slice of n lines moves by at most n / (n + MIN_PRIOR_SIZE) of its difference from the mean."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        few = int(rng.integers(1, 12))
        slices = [
            ErrorSlice("a", 2000, 100),
            ErrorSlice("b", 2000, 900),
            ErrorSlice("few", few, int(rng.integers(0, few + 1))),
        ]
        mean = sum(s.errors for s in slices) / sum(s.total for s in slices)
        factor = compute_factors(slices, 1.0)[2]
        own = factor.slice.errors / few / mean
        assert abs(factor.value - 1) <= few / (few + MIN_PRIOR_SIZE) * abs(own - 1) + 1e-9
        assert not factor.unlearnable


def test_random_differences_do_not_change_factors():
    rng = np.random.default_rng(2)
    moved = []
    for _ in range(300):
        slices = [ErrorSlice(str(i), 100, int(rng.binomial(100, 0.3))) for i in range(40)]
        moved += [abs(factor.value - 1) for factor in compute_factors(slices, 1.0)]
    assert np.quantile(moved, 0.5) < 0.02
    assert np.quantile(moved, 0.95) < 0.12
    # The standard deviation of the true rates is 15 % of their mean.
    true = rng.beta(3, 7, 200)
    slices = [ErrorSlice(str(i), 400, int(rng.binomial(400, rate))) for i, rate in enumerate(true)]
    values = np.array([factor.value for factor in compute_factors(slices, 1.0)])
    expected = np.clip(true / true.mean(), 1 / MAX_FACTOR, MAX_FACTOR)
    assert np.abs(values - expected).mean() < 0.08


def test_unlearnable_slices_do_not_count():
    slices = [ErrorSlice("a", 500, 50), ErrorSlice("b", 500, 150)]
    with_it = compute_factors([*slices, ErrorSlice("lost", 300, 299)], 0.5)
    assert with_it[:2] == compute_factors(slices, 0.5)
    assert with_it[2] == (ErrorSlice("lost", 300, 299), 1.0, True)
    assert not compute_factors([*slices, ErrorSlice("few", 40, 40)], 0.5)[2].unlearnable
    assert [factor.value for factor in compute_factors([ErrorSlice("a", 9, 0), ErrorSlice("b", 5, 0)], 1.0)] == [1, 1]
    assert compute_factors([], 1.0) == []


@given(st.lists(st.tuples(st.floats(0.34, 3), st.floats(0, 50)), min_size=1, max_size=12))
def test_totals_are_preserved(entries):
    factors = {str(i): factor for i, (factor, _) in enumerate(entries)}
    masses = {str(i): mass for i, (_, mass) in enumerate(entries)}
    found = preserve_total(factors, masses, {})
    assert sum(masses[n] * found[n] for n in factors) == pytest.approx(sum(masses.values()))
    ratios = [found[n] / factors[n] for n in factors]
    assert max(ratios) == pytest.approx(min(ratios))
    limits = {n: max(mass, 20.0) for n, mass in masses.items()}
    bounded = preserve_total(factors, masses, limits)
    after = {n: masses[n] * bounded[n] for n in factors}
    assert all(after[n] <= limits[n] * (1 + 1e-9) for n in factors)
    full = all(after[n] >= limits[n] * (1 - 1e-9) for n in factors if masses[n])
    assert full or sum(after.values()) == pytest.approx(sum(masses.values()))


def test_lengths_are_reweighted_within_the_ranges_of_the_recipe():
    settings = {"layout": {"length_range": [1, 80], "length_weights": {"1-2": 4.0, "50-60": 0.0, "75-120": 3.0}}}
    lengths = ((1, 1, ErrorSlice("", 1000, 400)), (2, 3, ErrorSlice("", 2000, 100)), (4, 89, ErrorSlice("", 1000, 500)))
    found = reweight_lengths(settings, SliceReport("data", None, ErrorSlice("all", 4000, 1000), {}, lengths, ()), 0.5)
    new = settings["layout"]["length_weights"]
    assert list(new) == ["1-1", "2-2", "3-3", "4-49", "50-60", "61-74", "75-80", "81-120"]
    assert new["1-1"] > 4
    assert new["2-2"] == pytest.approx(4 * new["3-3"], rel=1e-3)  # one slice has one factor
    assert new["50-60"] == 0
    assert new["61-74"] == new["4-49"] == pytest.approx(new["75-80"] / 3, rel=1e-3)
    assert new["81-120"] == 3  # longer than the texts of this recipe
    mean = 1000 * new["1-1"] / 4 + 2000 * new["3-3"] + 1000 * new["4-49"]
    assert mean == pytest.approx(4000, rel=1e-3)
    assert {change.name.partition(" ")[0] for change in found.changes} == {"1-1", "2-3", "4-80"}
