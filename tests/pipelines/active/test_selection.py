"""Selection of lines to label, on planted clusters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.active.selection import SelectionSettings, select_to_label
from synthtext.core import InputError

CLUSTERS, SIZE = 6, 30


def planted(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return features (N, 16) of equal clusters of unequal lines, and the cluster of each line, in a random order."""
    rng = np.random.default_rng(seed)
    cluster = rng.permutation(np.repeat(np.arange(CLUSTERS), SIZE))
    centres = 10 * np.eye(16)[:CLUSTERS]
    return (centres[cluster] + rng.normal(0, 0.5, (len(cluster), 16))).astype(np.float32), cluster


@given(st.integers(0, 1000))
def test_first_picks_cover_all_clusters(seed):
    features, cluster = planted(seed)
    equal = np.full(len(cluster), 0.5)
    picks = select_to_label(features, equal, equal, CLUSTERS)
    assert set(cluster[picks]) == set(range(CLUSTERS))


def test_uncertain_lines_are_preferred_in_every_cluster():
    features, cluster = planted()
    uncertain = np.random.default_rng(1).random(len(cluster)) < 0.2
    for confidence, agreement in ((np.where(uncertain, 0.1, 0.95), 1.0), (0.98, np.where(uncertain, 0.2, 0.98))):
        both = [np.broadcast_to(values, cluster.shape).astype(float) for values in (confidence, agreement)]
        picks = select_to_label(features, *both, 2 * CLUSTERS)
        assert uncertain[picks].all()
        assert set(cluster[picks]) == set(range(CLUSTERS))


def test_near_duplicates_are_never_chosen_together():
    features, _ = planted()
    copies = np.concatenate([features[:20], features[:20] + 0.001, features[:20]])
    confidence = np.tile(np.linspace(0.1, 0.9, 20), 3)
    picks = select_to_label(copies, confidence, np.ones(60), 60)
    assert len(picks) == 20
    assert len(set(picks % 20)) == 20
    assert len(select_to_label(np.ones((5, 3), np.float32), np.ones(5), np.ones(5), 5)) == 1


def test_a_frequent_kind_is_chosen_before_an_outlier_unless_density_is_ignored():
    rng = np.random.default_rng(0)
    first = rng.normal(0, 0.5, (60, 4))
    second = rng.normal((6, 0, 0, 0), 0.5, (60, 4))
    features = np.concatenate([first, second, [[0, 7, 0, 0]]]).astype(np.float32)
    equal = np.full(len(features), 0.5)
    assert 120 not in select_to_label(features, equal, equal, 2)
    assert 120 in select_to_label(features, equal, equal, 2, SelectionSettings(density_power=0))


def test_picks_are_distinct_deterministic_and_a_prefix_of_more_picks():
    features, cluster = planted()
    rng = np.random.default_rng(2)
    confidence, agreement = rng.random(len(cluster)), rng.random(len(cluster))
    many = select_to_label(features, confidence, agreement, 40)
    assert len(set(many.tolist())) == 40
    assert many[:10].tolist() == select_to_label(features, confidence, agreement, 10).tolist()
    order = rng.permutation(len(cluster))
    again = select_to_label(features[order], confidence[order], agreement[order], 40)
    assert order[again].tolist() == many.tolist()


@pytest.mark.parametrize(
    ("confidence", "count", "message"), [(1.5, 1, "confidence must be"), (0.5, 0, "at least 1"), (np.nan, 1, "0 to 1")]
)
def test_invalid_arguments_are_refused(confidence, count, message):
    with pytest.raises(InputError, match=message):
        select_to_label(np.zeros((2, 3), np.float32), np.full(2, confidence), np.ones(2), count)
    with pytest.raises(InputError, match="min_distance must be at least 0"):
        SelectionSettings(min_distance=-1)
