"""Shards, streamed by the library `datasets`; `tests/pipelines/jobs/test_jobs_on_ray.py` reads them with Ray Data."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.io.line_row import LineRow
from synthtext.core import Clusters, SkippedSample

COUNT = 9


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
