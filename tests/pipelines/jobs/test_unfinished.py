"""Datasets whose job or extension was interrupted: unfinished, but not damaged."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from pipelines.cli.data import check_command
from pipelines.datasets.line_profile import profile_lines
from pipelines.datasets.open import open_line_source
from pipelines.io.description import read_description
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.finish import finish_dataset
from pipelines.jobs.generation import generate
from pipelines.jobs.repair import repair_dataset
from pipelines.jobs.shard_job import ShardJob
from synthtext.core import InputError

pytestmark = pytest.mark.slow

SIZE, BEFORE, COUNT = 4, 10, 18  # three shards, the last of them short; five after the extension


class InterruptedJobError(Exception):
    pass


def make(folder: Path, count: int) -> int:
    return generate("digits", folder, count, workers=0, shard_size=SIZE).rows


@pytest.fixture
def unfinished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ten of eighteen lines: the extension was interrupted before its first shard was committed."""
    make(tmp_path / "data", BEFORE)
    with monkeypatch.context() as context:
        context.setattr(ShardJob, "_commit", interrupt)
        with pytest.raises(InterruptedJobError):
            make(tmp_path / "data", COUNT)
    return tmp_path / "data"


def interrupt(*_: object) -> None:
    raise InterruptedJobError


def data(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "shards").glob("*.parquet")}


def test_everything_counts_the_finished_shards_alike(unfinished: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "pipelines"):
        source = open_line_source(unfinished)
    assert f"{unfinished} is unfinished: {BEFORE} of {COUNT} samples are finished" in caplog.text
    assert len(source) == BEFORE == len(profile_lines(source, np.random.default_rng(0)))
    (unfinished / "shards" / ".tmp-part-000002-1-0.parquet").touch()  # as a killed job leaves it
    report = check_dataset(unfinished)
    assert not report.problems.counts
    assert (report.statistics.rows, report.samples, report.pending) == (BEFORE, BEFORE, 3)
    about = read_description(unfinished / "dataset.json")
    assert (about.complete, about.rows) == (False, None)


def test_check_names_what_is_pending(unfinished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_command(str(unfinished))
    shown = capsys.readouterr().out
    assert f"{BEFORE} lines of digest" in shown
    assert "no problem found" in shown
    assert f"unfinished: {BEFORE} of {COUNT} samples, 3 shards are pending" in shown


def test_an_unfinished_dataset_may_be_damaged_too(unfinished: Path) -> None:
    path = next((unfinished / "shards").glob("part-000001.parquet"))
    path.write_bytes(path.read_bytes()[:-1])
    report = check_dataset(unfinished)
    assert dict(report.problems.counts) == {"size differs": 1}
    with pytest.raises(InputError, match="--repair"):
        finish_dataset(report)


def test_a_repair_resumes_the_job(unfinished: Path, tmp_path: Path) -> None:
    report = repair_dataset(check_dataset(unfinished))
    assert (report.problems.counts.total(), report.pending) == (0, 0)
    make(tmp_path / "whole", COUNT)
    assert data(unfinished) == data(tmp_path / "whole")


def test_the_job_may_return_to_as_many_samples_as_are_finished(unfinished: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"10 finished samples, more than 9: ask for as many, end it there .*--finish"):
        make(unfinished, BEFORE - 1)
    assert make(unfinished, BEFORE) == BEFORE
    make(tmp_path / "whole", BEFORE)
    for name in ("dataset.json", "statistics.json"):
        assert (unfinished / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    with pytest.raises(InputError, match="10 samples, more than 9: ask for as many, or choose another folder"):
        make(unfinished, BEFORE - 1)


def test_a_job_ends_before_its_first_missing_shard(tmp_path: Path) -> None:
    make(tmp_path / "data", COUNT)
    folder, whole = tmp_path / "data", data(tmp_path / "data")
    about = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(about | {"complete": False, "rows": None}))
    (folder / "statistics.json").unlink()
    (folder / "manifests" / "part-000002.json").unlink()
    report, removed = finish_dataset(check_dataset(folder))
    assert (report.problems.counts.total(), report.pending, removed) == (0, 0, 2)
    assert not check_dataset(folder).problems.counts
    make(tmp_path / "short", 2 * SIZE)
    assert (folder / "dataset.json").read_bytes() == (tmp_path / "short" / "dataset.json").read_bytes()
    assert data(folder) == data(tmp_path / "short")
    assert finish_dataset(report) == (report, 0)
    make(folder, COUNT)
    assert data(folder) == whole


def test_the_command_ends_a_job(unfinished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_command(str(unfinished), finish=True)
    assert "finished:" in capsys.readouterr().out
    about = read_description(unfinished / "dataset.json")
    assert (about.complete, about.rows, about.count) == (True, BEFORE, BEFORE)
    with pytest.raises(InputError, match="give one of the two"):
        check_command(str(unfinished), repair=True, finish=True)


def test_nothing_finished_cannot_be_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ShardJob, "_commit", interrupt)
    with pytest.raises(InterruptedJobError):
        make(tmp_path / "data", COUNT)
    with pytest.raises(InputError, match="no finished shard"):
        finish_dataset(check_dataset(tmp_path / "data"))
    with pytest.raises(InputError, match="no finished shard with any rows"):
        open_line_source(tmp_path / "data")
