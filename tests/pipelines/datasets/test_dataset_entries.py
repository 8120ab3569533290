"""Shards on Ray, read by Ray Data and checked and repaired by workers; and streamed by the library `datasets`."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.cluster.pool import worker_pool
from pipelines.io.line_row import LineRow
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.repair import repair_dataset
from synthtext.core import Clusters, SkippedSample

pytestmark = pytest.mark.ray

COUNT = 9


@pytest.fixture(scope="module")
def running() -> Iterator[None]:
    """One Ray instance for all tests on workers."""
    with worker_pool(2):
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, dataset) -> Path:  # type: ignore[no-untyped-def]
    rows = [
        LineRow(
            key=f"k{number}",
            image=cv2.imencode(".png", np.full((8, 10 + number, 3), number, np.uint8))[1].tobytes(),
            path=f"k{number}.png",
            text=str(number),
            width=10 + number,
            height=8,
            clusters=Clusters.empty(),
        )
        for number in range(COUNT)
    ]
    return dataset(tmp_path_factory.mktemp("entries") / "data", [*rows[:5], SkippedSample(5, ("none",)), *rows[5:]])


def test_the_datasets_library_streams_images(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    import datasets

    found = datasets.load_dataset(
        "parquet", data_files=str(folder / "shards" / "*.parquet"), split="train", streaming=True
    )
    rows = list(found)
    assert [row["text"] for row in rows] == [str(number) for number in range(COUNT)]
    assert [row["image"].size for row in rows] == [(10 + number, 8) for number in range(COUNT)]


@pytest.mark.usefixtures("running")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of settings that Ray itself reads
def test_ray_data_reads_the_folder_of_shards(folder: Path) -> None:
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    rows = ray.data.read_parquet(str(folder / "shards")).take_all()
    assert sorted(row["text"] for row in rows) == [str(number) for number in range(COUNT)]
    for row in rows:
        picture = cv2.imdecode(np.frombuffer(row["image"]["bytes"], np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape == (8, row["width"], 3)


@pytest.mark.usefixtures("running")
def test_workers_check_and_repair_shards(checked_lines: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(checked_lines, tmp_path / "copy"))
    (path,) = (copy / "shards").glob("part-000001.[pl]*")
    path = path / "data.mdb" if path.is_dir() else path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    found = check_dataset(copy, workers=2)
    assert dict(found.problems.counts) == {"checksum differs": 1}
    assert not repair_dataset(found, workers=2).problems.counts
    whole = checked_lines / path.relative_to(copy)
    assert path.read_bytes() == whole.read_bytes()
