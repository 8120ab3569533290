"""The generate job on Ray: the same bytes, errors of workers, dead workers, killed drivers."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.processes import kill_session, of_session, ray_workers
from pipelines.cluster.pool import MAX_TASK_ATTEMPTS, WorkerPool, worker_pool
from pipelines.errors import JobError
from pipelines.jobs.copypaste import copypaste
from pipelines.jobs.crops import crops
from pipelines.jobs.generation import generate
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError

pytestmark = pytest.mark.ray

COUNT, SIZE = 1000, 50

TASKS = """
import os, signal
from pathlib import Path

def square(number):
    return number * number, os.getpid()

def refuse(number):
    from synthtext.core import InputError
    raise InputError("no such font")

def fail(number):
    return {}["missing"]

def die_once(flag):
    if not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return flag

def not_yet(flag):
    from pipelines.errors import IncompatibleNodeError
    if not Path(flag).exists():
        Path(flag).touch()
        raise IncompatibleNodeError("no answer", transient=True)
    return flag

def never(flag):
    from pipelines.errors import IncompatibleNodeError
    raise IncompatibleNodeError("no answer", transient=True)

def die(task):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modules")
    (folder / "tasks_of_test.py").write_text(TASKS)
    sys.path.insert(0, str(folder))
    import tasks_of_test

    yield tasks_of_test
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def running(tasks):
    """It is of its own, though the environment names a cluster."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_ADDRESS", "127.0.0.1:9")
        with worker_pool(2) as found:
            yield found


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference") / "data"
    generate("digits", folder, COUNT, workers=0, shard_size=SIZE)
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in (folder / "shards").glob("*.parquet")}


def test_tasks_run_on_workers_and_are_consumed_lazily(running, tasks):
    taken = 0

    def numbers():
        nonlocal taken
        for number in range(20):
            taken += 1
            yield number

    found = []
    for done, (result, process) in enumerate(running.run(tasks.square, numbers()), 1):
        found.append(result)
        assert process != os.getpid()
        assert taken - done < running.max_in_flight
    assert sorted(found) == [number * number for number in range(20)]


def test_an_input_error_of_a_worker_is_raised_unchanged(running, tasks):
    with pytest.raises(InputError, match=r"^no such font$"):
        list(running.run(tasks.refuse, [1, 2, 3]))


def test_another_error_of_a_worker_is_a_job_error(running, tasks):
    with pytest.raises(JobError, match="KeyError: 'missing'") as failure:
        list(running.run(tasks.fail, [1]))
    assert "\n" not in str(failure.value)


def test_the_task_of_a_dead_worker_is_retried_and_counted(running, tasks, tmp_path):
    before = running.lost_workers
    assert list(running.run(tasks.die_once, [str(tmp_path / "flag")])) == [str(tmp_path / "flag")]
    assert running.lost_workers == before + 1


def test_task_that_kills_every_worker_fails_the_job(running, tasks):
    with pytest.raises(JobError, match=f"lost its worker {MAX_TASK_ATTEMPTS} times"):
        list(running.run(tasks.die, ["shard 3"]))


def test_node_with_a_transient_failure_is_retried(running, tasks, tmp_path, monkeypatch, caplog):
    flags = [str(tmp_path / "a"), str(tmp_path / "b")]
    asked = WorkerPool(2)
    assert sorted(asked.run(tasks.not_yet, flags)) == flags
    assert not asked.excluded_nodes
    assert caplog.messages
    assert all("will be retried: no answer" in line for line in caplog.messages)
    monkeypatch.setattr(sys.modules[WorkerPool.__module__], "_TRANSIENT_TIMEOUT", 0.5)
    with pytest.raises(InputError, match=r"no compatible node is left: node .* was excluded: no answer"):
        list(asked.run(tasks.never, flags))


def test_workers_write_the_same_bytes(running, reference, tmp_path):
    summary = generate("digits", tmp_path / "data", COUNT, workers=2, shard_size=SIZE)
    assert contents(tmp_path / "data") == contents(reference)
    assert (tmp_path / "data" / "statistics.json").read_bytes() == (reference / "statistics.json").read_bytes()
    assert (summary.rows, summary.lost_workers) == (COUNT, 0)


def test_workers_write_the_same_scenes_crops_and_pastes(running, tmp_path):
    small = [
        "fonts={system: false, bundled: true, size_range: [9, 30]}",
        "output={width_range: [200, 240], height_range: [160, 200]}",
    ]

    def jobs(folder, workers):
        generate("scenes", folder / "scenes", 6, overrides=small, workers=workers, shard_size=2)
        made = crops(tmp_path / "0" / "scenes", folder / "whole", workers=0)
        crops(tmp_path / "0" / "scenes", folder / "crops", workers=workers, shard_size=made.rows // 2 - 1)
        copypaste(tmp_path / "0" / "scenes", folder / "pasted", 8, workers=workers, shard_size=3)

    for workers in (0, 2):
        jobs(tmp_path / str(workers), workers)
    for name, shards in (("scenes", 3), ("crops", 3), ("pasted", 3)):
        alone = contents(tmp_path / "0" / name)
        assert len(alone) == shards
        assert contents(tmp_path / "2" / name) == alone


def test_worker_with_other_files_is_refused(running, tmp_path):
    (tmp_path / "words.txt").write_text("1\n2\n")
    (tmp_path / "recipe.yaml").write_text(
        "{kind: lines, charset: digits, corpus: [{use: text_file, path: words.txt}], fonts: {system: false}}"
    )
    recipe = resolve_recipe(str(tmp_path / "recipe.yaml"))
    assert recipe.digest
    (tmp_path / "words.txt").write_text("1\n3\n")
    with pytest.raises(InputError, match="would produce other rows"):
        generate(recipe, tmp_path / "data", 10, workers=1)
    assert not list(tmp_path.rglob("*.parquet"))


def start(folder: Path, workers: int) -> "subprocess.Popen[bytes]":
    call = f"generate('digits', {str(folder)!r}, {COUNT}, {workers=}, shard_size={SIZE})"
    # A job that a shell put into the background, as a test run may be, starts with Ctrl-C ignored.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heed}; from pipelines.jobs.generation import generate; {call}"
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, env=env, start_new_session=True)


def manifests(folder):
    return {path: path.stat().st_mtime_ns for path in (folder / "manifests").glob("part-*.json")}


def wait_for(condition, driver):
    for _ in range(60_000):  # ten minutes: another process may take all cores
        if condition():
            return
        assert driver.poll() is None, driver.stderr.read().decode()
        time.sleep(0.01)
    raise AssertionError("the condition was not met in ten minutes")


def test_a_job_of_a_killed_driver_is_resumed(reference, tmp_path):
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

    generate("digits", folder, COUNT, workers=0, shard_size=SIZE)
    assert contents(folder) == contents(reference)
    assert (folder / "statistics.json").read_bytes() == (reference / "statistics.json").read_bytes()
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


def test_workers_write_the_same_bytes_to_a_uri(running, reference, s3, tmp_path):
    for form in ("parquet", "lmdb"):
        here = reference if form == "parquet" else tmp_path / form
        if form == "lmdb":
            generate("digits", here, SIZE, workers=0, shard_size=SIZE, format=form)
        count = 3 * SIZE if form == "parquet" else SIZE
        done = generate("digits", s3.uri(f"ray-{form}"), count, workers=2, shard_size=SIZE, format=form)
        assert done.new_shards == count // SIZE
        for path in (s3.folder(f"ray-{form}") / "shards").rglob("*.[pm]*"):
            assert path.read_bytes() == (here / path.relative_to(s3.folder(f"ray-{form}"))).read_bytes()


NARROW = """
import os, resource
from dataclasses import dataclass
from pathlib import Path

@dataclass(frozen=True)
class Narrow:
    driver: str

    def draw(self, rng):
        most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        full = Path(self.driver).exists() and Path(self.driver).read_text() != str(os.getpid())
        resource.setrlimit(resource.RLIMIT_FSIZE, (10000 if full else most, most))
        return str(rng.integers(10**6))
"""


def test_a_full_disk_of_workers(running, tmp_path):
    """What workers may write to a file is limited by the system while a file tells them apart from the driver."""
    (tmp_path / "narrow_of_test.py").write_text(NARROW)
    (tmp_path / "recipe.yaml").write_text(
        "kind: lines\ncharset: digits\nfonts: {system: false}\n"
        f"corpus: [{{use: narrow_of_test.Narrow, driver: {tmp_path / 'driver'}}}]\n"
    )
    recipe = resolve_recipe(str(tmp_path / "recipe.yaml"))
    generate(recipe, tmp_path / "undisturbed", 40, workers=0, shard_size=20)
    for form in ("parquet", "lmdb"):
        out = tmp_path / form
        (tmp_path / "driver").write_text(str(os.getpid()))
        with pytest.raises(JobError, match=r"part-00000\d.* cannot be written: .*(too large|full disk)"):
            generate(recipe, out, 40, workers=2, shard_size=20, format=form)
        (tmp_path / "driver").unlink()
        assert not manifests(out)
        assert generate(recipe, out, 40, workers=2, shard_size=20, format=form).new_shards == 2
    assert contents(tmp_path / "parquet") == contents(tmp_path / "undisturbed")
