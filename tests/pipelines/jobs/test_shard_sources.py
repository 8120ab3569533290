"""All sources run through one job: the same bytes on workers and at URIs, and repairs through the registry."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.cluster.pool import worker_pool
from pipelines.datasets.open import open_line_source
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.plan import ShardPlan
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.copypaste import copypaste
from pipelines.jobs.executor import Executor
from pipelines.jobs.filtering import filter_lines
from pipelines.jobs.importing import import_data
from pipelines.jobs.line_filter import FilterSettings
from pipelines.jobs.repair import repair_dataset
from pipelines.jobs.shard_job import ShardJob
from pipelines.jobs.shard_source import find_source
from synthtext.core import InputError
from tests.pipelines.conftest import S3Server

pytestmark = pytest.mark.slow

WORDS = ["HOUSE", "river", "4711", "BREAD", "light", "SALT", "train", "1984", "PAPER", "stone", "MILK", "cloud"]

NUMBERS = """
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.io.line_row import LineRow
from pipelines.jobs.shard_source import ShardSource, register_source
from synthtext.core import Clusters


@register_source("numbers")
@dataclass(frozen=True)
class NumbersSource(ShardSource):
    shade: int

    name, kind = "numbers", "lines"

    @property
    def fingerprint(self):
        return {"shade": str(self.shade)}

    def to_recipe(self):
        return {"kind": "numbers", "shade": self.shade}

    @classmethod
    def from_recipe(cls, recipe, description):
        return cls(recipe["shade"])

    def rows(self, spec):
        for index in spec.samples:
            image = cv2.imencode(".png", np.full((20, 30, 3), self.shade, np.uint8))[1].tobytes()
            key = f"{self.digest[:8]}{index:010d}"
            yield LineRow(key, image, f"{key}.png", str(index), 30, 20, Clusters.empty())
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder with a module of the user, which workers can import too."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "numbers_of_test.py").write_text(NUMBERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield


@pytest.fixture(scope="module")
def ray(modules: None) -> Iterator[None]:
    with worker_pool(2):
        yield


@pytest.fixture(scope="module")
def labels(draw_lines: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    return draw_lines(tmp_path_factory.mktemp("photos") / "photos", WORDS)


@pytest.fixture(scope="module")
def jobs(labels: str, published: Path) -> dict[str, Callable[..., object]]:
    """An import and a filter, each of three shards."""
    settings = FilterSettings(published / "recognizer", published / "recognizer", confidence=0.9, max_edits=0.2)
    return {
        "import": lambda out, workers: import_data(labels, out, workers=workers, shard_size=5),
        "filter": lambda out, workers: filter_lines(labels, out, settings, workers=workers, shard_size=5),
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Data, decisions and statistics."""
    names = [*folder.glob("shards/*.parquet"), *folder.glob("decisions/*"), folder / "statistics.json"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in names}


def flip(folder: Path, shard: int) -> None:
    path = folder / "shards" / f"part-{shard:06d}.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["import", "filter"])
def test_workers_write_the_same_bytes(
    name: str, jobs: dict[str, Callable[..., object]], ray: None, tmp_path: Path
) -> None:
    for workers in (0, 2):
        jobs[name](tmp_path / str(workers), workers)
    assert contents(tmp_path / "0") == contents(tmp_path / "2")
    assert len(contents(tmp_path / "0")) == (7 if name == "filter" else 4)


@pytest.mark.parametrize("name", ["import", "filter"])
def test_a_uri_gets_the_same_bytes_and_is_resumed_and_repaired(
    name: str,
    jobs: dict[str, Callable[..., object]],
    s3: S3Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    interrupt_after: Callable[[int, Callable[[], object]], None],
) -> None:
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "cache"))
    uri, folder = s3.uri(f"job-{name}"), s3.folder(f"job-{name}")
    jobs[name](tmp_path / "here", 0)
    interrupt_after(1, lambda: jobs[name](uri, 0))
    jobs[name](uri, 0)
    assert contents(folder) == contents(tmp_path / "here")
    assert not check_dataset(uri).problems.counts
    assert list(open_line_source(uri).texts()) == list(open_line_source(tmp_path / "here").texts())
    flip(folder, 1)
    if name == "filter":
        (folder / "decisions" / "part-000002.jsonl").unlink()
    s3.refresh()
    report = check_dataset(uri)
    assert report.problems.damaged_shards == ({1, 2} if name == "filter" else {1})
    assert not repair_dataset(report).problems.counts
    assert contents(folder) == contents(tmp_path / "here")


def test_a_copypaste_dataset_at_a_uri(
    draw_scenes: Callable[..., str], ray: None, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "cache"))
    scenes, folder = draw_scenes(tmp_path / "scenes", 4), s3.folder("pasted")
    summary = copypaste(scenes, tmp_path / "here", 6, workers=0, shard_size=2)
    for workers, count in ((0, 2), (2, 6)):  # the second run resumes with workers
        resumed = copypaste(scenes, s3.uri("pasted"), count, workers=workers, shard_size=2)
    assert resumed.source == summary.source
    assert contents(folder) == contents(tmp_path / "here")
    assert (folder / "crops.arrow").is_file()
    assert not check_dataset(s3.uri("pasted")).problems.counts


def test_a_killed_import_is_resumed(labels: str, jobs: dict[str, Callable[..., object]], tmp_path: Path) -> None:
    """Every commit takes a while, so that the import is killed between two of them."""
    code = "import time; from pipelines.io.dataset_folder import DatasetFolder; commit = DatasetFolder.commit\n"
    code += "DatasetFolder.commit = lambda *a: (commit(*a), time.sleep(1))\n"
    code += "from pipelines.jobs.importing import import_data\n"
    code += f"import_data({labels!r}, {str(tmp_path / 'data')!r}, workers=0, shard_size=5)"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL, env=env)
    while not list(tmp_path.glob("data/manifests/part-*.json")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("data/*s/part-000000.*")}
    assert len(kept) == 2
    assert not (tmp_path / "data" / "statistics.json").exists()
    jobs["import"](tmp_path / "data", 0)
    jobs["import"](tmp_path / "whole", 0)
    assert contents(tmp_path / "data") == contents(tmp_path / "whole")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_a_new_source_is_one_module_and_one_decorator(ray: None, tmp_path: Path) -> None:
    from numbers_of_test import NumbersSource  # type: ignore[import-not-found]

    for workers in (0, 1):
        folder = DatasetFolder(tmp_path / str(workers))
        ShardJob(NumbersSource(200), ShardPlan(10, size=4), folder, Executor(workers)).run()
    assert contents(tmp_path / "0") == contents(tmp_path / "1")
    flip(tmp_path / "1", 1)
    assert not repair_dataset(check_dataset(tmp_path / "1")).problems.counts
    assert contents(tmp_path / "0") == contents(tmp_path / "1")
    other = ShardJob(NumbersSource(100), ShardPlan(10, size=4), DatasetFolder(tmp_path / "1"), Executor(0))
    with pytest.raises(InputError, match="shade was 200, is 100"):
        other.run()


def test_an_unknown_source_is_refused() -> None:
    assert find_source("scenes").__name__ == "GeneratedSource"
    with pytest.raises(InputError, match="kind 'cropps' is unknown; did you mean 'crops'"):
        find_source("cropps")
