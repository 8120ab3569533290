import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluation.slices import (
    SliceAttribute,
    bin_by_number,
    breakdowns_to_dict,
    group_by_name,
    group_by_names,
    wilson_interval,
)

NUMBERS = st.lists(st.one_of(st.floats(-50, 50), st.just(float("nan"))), max_size=60)


@given(NUMBERS, st.lists(st.integers(-20, 20), min_size=1, max_size=6, unique=True), st.randoms())
def test_every_number_is_in_one_bin_and_every_flag_is_counted_once(values, edges, random):
    flags = np.array([random.random() < 0.5 for _ in values], bool)
    breakdown = bin_by_number(SliceAttribute("x", "X"), np.array(values), sorted(edges), {"good": flags, "bad": ~flags})
    assert sum(entry.total for entry in breakdown.bins) == len(values)
    assert sum(entry.counts["good"] for entry in breakdown.bins) == flags.sum()
    assert all(entry.total and entry.total == entry.counts["good"] + entry.counts["bad"] for entry in breakdown.bins)
    for entry in breakdown.bins:
        low, high = entry.key.get("lower", -np.inf), entry.key.get("upper", np.inf)
        inside = [np.isnan(value) if "value" in entry.key else low <= value < high for value in values]
        assert entry.total == sum(inside)


@given(st.lists(st.sampled_from(["Latn", "Arab", "", None]), max_size=40))
def test_names_are_counted_and_unknown_ones_come_last(names):
    breakdown = group_by_name(SliceAttribute("script", "Script"), names, {"all": np.ones(len(names), bool)})
    found = {entry.key["value"]: entry.total for entry in breakdown.bins}
    assert found == {name or None: sum((name or None) == (n or None) for n in names) for name in names}
    assert None not in list(found)[:-1]
    known = [total for name, total in found.items() if name]
    assert known == sorted(known, reverse=True)


def test_sample_with_several_names_is_in_several_bins():
    names = [("blur", "noise", "blur"), ("blur",), ()]
    breakdown = group_by_names(SliceAttribute("effect", "Effect"), names, {"good": np.array([True, False, True])})
    assert breakdown.overlap
    assert breakdowns_to_dict([breakdown]) == {
        "effect": [{"value": "blur", "total": 2, "good": 1}, {"value": "noise", "total": 1, "good": 1}],
    }
    json.dumps(breakdowns_to_dict([breakdown]))


def test_labels_of_integer_bins_are_inclusive():
    values, flags = np.arange(12), {"good": np.ones(12, bool)}
    whole = bin_by_number(SliceAttribute("n", "N", is_integer=True), values, (0, 1, 2, 4, 9), flags)
    assert [entry.label for entry in whole.bins] == ["0", "1", "2 to 3", "4 to 8", "9 and more"]
    assert [entry.total for entry in whole.bins] == [1, 1, 2, 5, 3]
    parts = bin_by_number(SliceAttribute("n", "N"), values / 10, (0.2, 0.5), flags)
    assert [entry.label for entry in parts.bins] == ["under 0.2", "0.2 to 0.5", "0.5 and more"]


@given(st.integers(0, 2000), st.integers(1, 2000))
def test_wilson_interval_contains_the_share(count, total):
    count = min(count, total)
    low, high = wilson_interval(count, total)
    assert 0 <= low <= count / total <= high <= 1
    for end in (low, high):  # the observed share is 1.96 standard deviations from each end
        away = abs(count / total - end)
        assert away == pytest.approx(1.959964 * np.sqrt(end * (1 - end) / total), abs=1e-6) or end in (0, 1)


def test_wilson_intervals_of_few_samples_are_wide():
    assert wilson_interval(0, 0) == (0, 1)
    assert wilson_interval(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert wilson_interval(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
