"""Unfinished datasets at a URI, on a real S3 server of this machine."""

from pathlib import Path
from typing import Any

from pipelines.datasets.open import open_line_source
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import read_description
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.finish import finish_dataset
from pipelines.jobs.generation import generate

SIZE, COUNT = 2, 7


def run(out: str | Path, count: int = COUNT) -> None:
    generate("digits", out, count, workers=0, shard_size=SIZE)


def test_an_unfinished_dataset_is_ended_at_a_uri(s3: Any, tmp_path: Path) -> None:
    uri, folder = s3.uri("unfinished"), s3.folder("unfinished")
    run(uri)
    about = read_description(folder / "dataset.json")
    DatasetFolder(uri).write_description(about.model_copy(update={"complete": False, "rows": None}))
    DatasetFolder(uri).remove_statistics()
    (folder / "manifests" / "part-000001.json").write_bytes(b"")  # withdrawn
    s3.refresh()
    report = check_dataset(uri)
    assert (report.problems.counts.total(), report.samples, report.pending) == (0, COUNT - SIZE, 1)
    assert len(open_line_source(uri)) == COUNT - SIZE
    report, removed = finish_dataset(report)
    s3.refresh()
    assert (removed, report.samples, report.pending) == (2, SIZE, 0)
    assert not check_dataset(uri).problems.counts
    run(tmp_path / "short", SIZE)
    assert (folder / "dataset.json").read_bytes() == (tmp_path / "short" / "dataset.json").read_bytes()
    run(uri)
    assert not check_dataset(uri).problems.counts
    assert len(open_line_source(uri)) == COUNT
