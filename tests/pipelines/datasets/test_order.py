from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.datasets import order
from pipelines.datasets.order import Mixture, SequentialRows, ShuffledRows, split_by_weight


@st.composite
def data(draw):
    groups = np.cumsum([0, *draw(st.lists(st.integers(0, 40), min_size=1, max_size=12))])
    rows = [row for row in range(groups[-1]) if draw(st.booleans())] or [0]
    return np.array(rows), np.append(groups[:-1], max(groups[-1], 1))


@given(data(), st.integers(0, 2**32 - 1), st.sampled_from([1, 30, 8192]))
def test_every_row_occurs_once_an_epoch(lines, seed, shuffled):
    rows, groups = lines
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "SHUFFLE_BUFFER_SIZE", shuffled)
        reading = ShuffledRows(rows, groups, seed, 0)
        for epoch in range(3):
            taken = reading.take(epoch * len(rows), (epoch + 1) * len(rows))
            assert sorted(taken) == rows.tolist()


@given(data(), st.integers(0, 500), st.integers(0, 300))
def test_a_position_does_not_depend_on_earlier_reads(lines, start, count):
    rows, groups = lines
    whole = ShuffledRows(rows, groups, 5, 1).take(0, start + count)
    read = ShuffledRows(rows, groups, 5, 1)
    read.take(start // 2, start)
    assert read.take(start, start + count).tolist() == whole[start:].tolist()
    assert read.take(0, start).tolist() == whole[:start].tolist()


def test_epochs_seeds_and_sources_differ_and_reading_stays_local(monkeypatch):
    monkeypatch.setattr(order, "SHUFFLE_BUFFER_SIZE", 400)
    rows, groups = np.arange(10_000), np.arange(0, 10_001, 100)
    first = ShuffledRows(rows, groups, 1, 0).take(0, 20_000)
    assert (first[:10_000] != first[10_000:]).mean() > 0.9
    assert (first != ShuffledRows(rows, groups, 2, 0).take(0, 20_000)).mean() > 0.9
    assert (first != ShuffledRows(rows, groups, 1, 1).take(0, 20_000)).mean() > 0.9
    assert all(len(set(window // 100)) == 4 for window in first[:10_000].reshape(-1, 400))
    assert np.abs(np.corrcoef(first[:10_000], rows)[0, 1]) < 0.3


@given(
    st.integers(0, 10**12),
    st.integers(0, 10**6),
    st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=6),
)
@example(0, 0, [16777216.0, 1.0000000000000003e-09, 1.0000000000000003e-09])
def test_shares_add_up_never_decrease_and_are_exact(total, more, weights):
    now, later = split_by_weight(total, weights), split_by_weight(total + more, weights)
    assert sum(now) == total
    assert sum(later) == total + more
    assert all(a <= b for a, b in zip(now, later, strict=True))
    parts = [Fraction(weight) * total / sum(map(Fraction, weights)) for weight in weights]
    slack = len(weights) + total * 1e-13
    assert all(abs(part - share) <= slack for part, share in zip(parts, now, strict=True))


def test_each_source_of_a_mixture_has_its_own_epochs():
    small = ShuffledRows(np.arange(10), np.array([0, 10]), 1, 0)
    large = ShuffledRows(np.arange(1000), np.array([0, 500, 1000]), 1, 1)
    mixture = Mixture([small, large], [1, 3])
    windows = [mixture.take(start, start + 40) for start in range(0, 400, 40)]
    assert all([len(part) for part in window] == [10, 30] for window in windows)
    assert all(sorted(window[0]) == list(range(10)) for window in windows)
    assert len(set(np.concatenate([window[1] for window in windows]))) == 300


@given(data(), st.integers(0, 500), st.integers(0, 300))
def test_sequential_rows_repeat_in_order(lines, start, count):
    rows, _ = lines
    assert (
        SequentialRows(rows).take(start, start + count).tolist() == np.tile(rows, 801)[start : start + count].tolist()
    )
