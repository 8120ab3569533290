"""Progress after a resume, and metadata that does not grow with the number of shards."""

import json
import re

import pytest

from pipelines import progress
from pipelines.jobs.generation import generate

pytestmark = pytest.mark.slow

SLOW = """
import time
from dataclasses import dataclass

@dataclass(frozen=True)
class Slow:
    def draw(self, rng, size):
        return {}

    def apply(self, image, parameters):
        time.sleep(0.002)
        return image
"""


def test_progress_after_a_resume_counts_new_samples_only(tmp_path, monkeypatch, capsys):
    (tmp_path / "slow_of_resume.py").write_text(SLOW)
    (tmp_path / "recipe.yaml").write_text("base: digits\neffects: [{use: slow_of_resume.Slow, probability: 1}]\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(progress, "_LINE_INTERVAL", 0.0)  # a line for every piece of work
    before, count = 640, 832
    for number in (before, count):
        capsys.readouterr()
        generate(str(tmp_path / "recipe.yaml"), tmp_path / "data", number, workers=0, shard_size=128)
    message = capsys.readouterr().err.splitlines()
    form = r"generating: (\d+) of 832 lines, ([\d.]+) lines/s, (?:(\d+) min )?(\d+) s left"
    found = [match.groups(default="0") for line in message if (match := re.fullmatch(form, line))]
    assert [int(done) for done, *_ in found] == list(range(641, 832))
    for done, rate, minutes, seconds in found:
        assert 0 < float(rate) <= 500  # each takes two milliseconds at least
        left = 60 * int(minutes) + int(seconds)
        assert left == pytest.approx((count - int(done)) / float(rate), rel=0.06, abs=1)
    assert message[-1] == "generating: 832 of 832 lines"


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_metadata_does_not_grow_with_the_number_of_shards(tmp_path, form):
    for size in (40, 2):
        generate("digits", tmp_path / str(size), 40, workers=0, shard_size=size, format=form)
    few, many = (tmp_path / str(size) for size in (40, 2))
    assert len(list((many / "manifests").glob("*.json"))) == 20
    assert (few / "recipe.yaml").read_bytes() == (many / "recipe.yaml").read_bytes()
    assert (few / "statistics.json").read_bytes() == (many / "statistics.json").read_bytes()
    one, other = (json.loads((folder / "dataset.json").read_text()) for folder in (few, many))
    assert one.pop("bytes") < other.pop("bytes")  # of the shards
    assert one | {"shard_size": 2} == other
