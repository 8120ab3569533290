"""A short run of `benchmarks.chaos`: jobs that are killed or cannot write go on to the same data set."""

import shutil

import numpy as np
import pytest

from benchmarks.chaos import Chaos, DisorderError

pytestmark = pytest.mark.ray

LIMIT = 10_000  # bytes; dataset.json is larger, recipe.yaml is not


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_disturbed_job_comes_to_the_same_data_set(tmp_path, form):
    """Without Ray, which takes long to start; it meets killed workers and drivers in the tests of clusters."""
    chaos = Chaos(tmp_path, form, np.random.default_rng(2), count=120, shard=5)
    try:
        assert f"ended with 1 (ocrmill: data-{form}/dataset.json cannot be written: " in chaos.round(0, "size", LIMIT)
        assert "killed" in chaos.round(0, "session")
        chaos.finish()
    finally:
        chaos.close()


def test_disorder_is_seen(tmp_path):
    chaos = Chaos(tmp_path, "parquet", np.random.default_rng(2), count=20, shard=5)
    shutil.copytree(chaos.reference, chaos.data)
    assert chaos.inspect().complete == 4
    shard = chaos.data / "shards" / "part-000002.parquet"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(DisorderError, match="part-000002"):
        chaos.inspect()
