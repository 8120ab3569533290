"""Generation whose driver is killed or interrupted, and clusters that cannot be joined."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.processes import kill_session, of_session, ray_workers
from pipelines.jobs.generation import generate
from synthtext.core import InputError

pytestmark = pytest.mark.ray

COUNT, SIZE = 200, 10
# Every commit takes a while, so that the job still runs when the test ends it.
CODE = """
import signal, sys, time
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.jobs.generation import generate

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a job that a shell put into the background
commit = DatasetFolder.commit
DatasetFolder.commit = lambda *arguments: (commit(*arguments), time.sleep(0.1))
generate("digits", sys.argv[1], int(sys.argv[2]), workers=int(sys.argv[3]), shard_size=int(sys.argv[4]))
"""


def contents(folder):
    return {path.name: path.read_bytes() for path in (folder / "shards").glob("*.parquet")}


def start(folder: Path, workers: int) -> "subprocess.Popen[bytes]":
    arguments = [str(folder), str(COUNT), str(workers), str(SIZE)]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-c", CODE, *arguments], stderr=subprocess.PIPE, env=env, start_new_session=True
    )


def manifests(folder):
    return {path: path.stat().st_mtime_ns for path in (folder / "manifests").glob("part-*.json")}


def wait_for(condition, driver):
    for _ in range(60_000):  # ten minutes: another process may take all cores
        if condition():
            return
        assert driver.poll() is None, driver.stderr.read().decode()
        time.sleep(0.01)
    raise AssertionError("the condition was not met in ten minutes")


def test_a_job_of_a_killed_driver_is_resumed(tmp_path):
    """Its workers end with it, and the job may go on without any; for a driver without workers see `test_chaos`."""
    folder = tmp_path / "data"
    driver = start(folder, 2)
    wait_for(lambda: len(manifests(folder)) >= 3, driver)
    workers = set(ray_workers(driver.pid))
    assert len(workers) >= 2
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    driver.stderr.close()
    for _ in range(60_000):  # ten minutes, as above
        if not workers & set(of_session(driver.pid)):
            break
        time.sleep(0.01)
    else:
        kill_session(driver.pid)
        raise AssertionError("its workers outlive it")
    before = manifests(folder)
    shards = [folder / "shards" / f"{path.stem}.parquet" for path in before]
    data = {path: path.stat().st_mtime_ns for path in shards}
    assert 3 <= len(before) < COUNT // SIZE

    for job in (folder, tmp_path / "undisturbed"):
        generate("digits", job, COUNT, workers=0, shard_size=SIZE)
    assert contents(folder) == contents(tmp_path / "undisturbed")
    assert (folder / "statistics.json").read_bytes() == (tmp_path / "undisturbed" / "statistics.json").read_bytes()
    assert {path: path.stat().st_mtime_ns for path in before | data} == before | data
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]


def test_an_interrupted_driver_leaves_no_temporary_files(tmp_path):
    folder = tmp_path / "data"
    driver = start(folder, 0)
    wait_for(lambda: len(manifests(folder)) >= 2, driver)
    driver.send_signal(signal.SIGINT)
    _, errors = driver.communicate(timeout=600)
    assert b"KeyboardInterrupt" in errors
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]
    assert not (folder / "statistics.json").exists()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense", "ray://127.0.0.1:1", "127.0.0.1:99999", "host:"])
def test_an_unreachable_cluster_is_refused(tmp_path, address):
    with pytest.raises(InputError, match=address):
        generate("digits", tmp_path / "data", 10, address=address)
    assert list(tmp_path.iterdir()) == []
