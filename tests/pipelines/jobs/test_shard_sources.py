"""All sources run through one job: the same bytes on workers and at URIs, and repairs through the registry."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.datasets.open import open_line_source
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.filtering import filter_lines
from pipelines.jobs.importing import import_data
from pipelines.jobs.line_filter import FilterSettings
from pipelines.jobs.repair import repair_dataset
from pipelines.jobs.shard_source import find_source
from synthtext.core import InputError
from tests.pipelines.conftest import S3Server

pytestmark = pytest.mark.slow

WORDS = ["HOUSE", "river", "4711", "BREAD", "light", "SALT", "train", "1984", "PAPER", "stone", "MILK", "cloud"]


@pytest.fixture(scope="module")
def labels(draw_lines: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    return draw_lines(tmp_path_factory.mktemp("photos") / "photos", WORDS)


@pytest.fixture(scope="module")
def jobs(labels: str, published: Path) -> dict[str, Callable[..., object]]:
    """An import and a filter, each of three shards."""
    settings = FilterSettings(strong=published / "recognizer", max_edits=0.2)
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


def test_an_unknown_source_is_refused() -> None:
    assert find_source("scenes").__name__ == "GeneratedSource"
    with pytest.raises(InputError, match="kind 'cropps' is unknown; did you mean 'crops'"):
        find_source("cropps")
