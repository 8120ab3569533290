"""Jobs on the workers of one local Ray: the same bytes as of one process, errors of workers, dead workers."""

import logging
import os
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.cluster.pool import MAX_TASK_ATTEMPTS, WorkerPool, worker_pool
from pipelines.datasets.open import open_line_source
from pipelines.errors import JobError
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.plan import ShardPlan
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.copypaste import copypaste
from pipelines.jobs.crops import crops
from pipelines.jobs.executor import Executor
from pipelines.jobs.filtering import filter_lines
from pipelines.jobs.generation import generate
from pipelines.jobs.importing import import_data
from pipelines.jobs.line_filter import FilterSettings
from pipelines.jobs.repair import repair_dataset
from pipelines.jobs.shard_job import ShardJob
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError
from tests.pipelines import ray_tasks

pytestmark = pytest.mark.ray

COUNT, SIZE = 200, 10


@pytest.fixture(scope="module")
def running():
    """A local Ray, although the environment names a cluster."""
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
    """The bytes of data and decisions."""
    files = [*folder.glob("shards/*.parquet"), *folder.glob("decisions/*")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_tasks_run_on_workers_and_are_consumed_lazily(running):
    taken = 0

    def numbers():
        nonlocal taken
        for number in range(20):
            taken += 1
            yield number

    found = []
    for done, (result, process) in enumerate(running.run(ray_tasks.square, numbers()), 1):
        found.append(result)
        assert process != os.getpid()
        assert taken - done < running.max_in_flight
    assert sorted(found) == [number * number for number in range(20)]


def test_an_input_error_of_a_worker_is_raised_unchanged(running):
    with pytest.raises(InputError, match=r"^no such font$"):
        list(running.run(ray_tasks.refuse, [1, 2, 3]))


def test_another_error_of_a_worker_is_a_job_error(running):
    with pytest.raises(JobError, match="KeyError: 'missing'") as failure:
        list(running.run(ray_tasks.fail, [1]))
    assert "\n" not in str(failure.value)


def test_the_task_of_a_dead_worker_is_retried_and_counted(running, tmp_path):
    before = running.lost_workers
    assert list(running.run(ray_tasks.die_once, [str(tmp_path / "flag")])) == [str(tmp_path / "flag")]
    assert running.lost_workers == before + 1


def test_task_that_kills_every_worker_fails_the_job(running):
    with pytest.raises(JobError, match=f"lost its worker {MAX_TASK_ATTEMPTS} times"):
        list(running.run(ray_tasks.die, ["shard 3"]))


def test_node_with_a_transient_failure_is_retried(running, tmp_path, monkeypatch, caplog):
    flags = [str(tmp_path / "a"), str(tmp_path / "b")]
    asked = WorkerPool(2)
    assert sorted(asked.run(ray_tasks.not_yet, flags)) == flags
    assert not asked.excluded_nodes
    assert caplog.messages
    assert all("will be retried: no answer" in line for line in caplog.messages)
    monkeypatch.setattr(sys.modules[WorkerPool.__module__], "_TRANSIENT_TIMEOUT", 0.5)
    with pytest.raises(InputError, match=r"no compatible node is left: node .* was excluded: no answer"):
        list(asked.run(ray_tasks.never, flags))


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


def test_a_full_disk_of_workers(running, tmp_path):
    """What workers may write to a file is limited by the system while a file tells them apart from the driver."""
    (tmp_path / "recipe.yaml").write_text(
        "kind: lines\ncharset: digits\nfonts: {system: false}\n"
        f"corpus: [{{use: tests.pipelines.ray_tasks.Narrow, driver: {tmp_path / 'driver'}}}]\n"
    )
    recipe = resolve_recipe(str(tmp_path / "recipe.yaml"))
    generate(recipe, tmp_path / "undisturbed", 40, workers=0, shard_size=20)
    for form in ("parquet", "lmdb"):
        out = tmp_path / form
        (tmp_path / "driver").write_text(str(os.getpid()))
        with pytest.raises(JobError, match=r"part-00000\d.* cannot be written: .*(too large|full disk)"):
            generate(recipe, out, 40, workers=2, shard_size=20, format=form)
        (tmp_path / "driver").unlink()
        assert not list((out / "manifests").glob("part-*.json"))
        assert generate(recipe, out, 40, workers=2, shard_size=20, format=form).new_shards == 2
    assert contents(tmp_path / "parquet") == contents(tmp_path / "undisturbed")


def test_workers_import_and_filter_to_the_same_bytes(running, draw_lines, published, tmp_path):
    words = ["HOUSE", "river", "4711", "BREAD", "light", "SALT", "train", "1984", "PAPER", "stone", "MILK", "cloud"]
    labels = draw_lines(tmp_path / "photos", words)
    settings = FilterSettings(published / "recognizer", published / "recognizer", confidence=0.9, max_edits=0.2)
    for workers in (0, 2):
        import_data(labels, tmp_path / f"import{workers}", workers=workers, shard_size=5)
        filter_lines(labels, tmp_path / f"filter{workers}", settings, workers=workers, shard_size=5)
    for name, files in (("import", 3), ("filter", 6)):
        alone, other = tmp_path / f"{name}0", tmp_path / f"{name}2"
        assert contents(alone) == contents(other)
        assert len(contents(alone)) == files
        assert (alone / "statistics.json").read_bytes() == (other / "statistics.json").read_bytes()


def test_workers_resume_a_copypaste_job_at_a_uri(running, draw_scenes, s3, tmp_path, monkeypatch):
    monkeypatch.setenv("OCRMILL_CACHE", str(tmp_path / "cache"))
    scenes, folder = draw_scenes(tmp_path / "scenes", 4), s3.folder("pasted")
    summary = copypaste(scenes, tmp_path / "here", 6, workers=0, shard_size=2)
    for workers, count in ((0, 2), (2, 6)):
        resumed = copypaste(scenes, s3.uri("pasted"), count, workers=workers, shard_size=2)
    assert resumed.source == summary.source
    assert contents(folder) == contents(tmp_path / "here")
    assert (folder / "statistics.json").read_bytes() == (tmp_path / "here" / "statistics.json").read_bytes()
    assert (folder / "crops.arrow").is_file()
    assert not check_dataset(s3.uri("pasted")).problems.counts


def test_a_new_source_is_one_module_and_one_decorator(running, tmp_path):
    for workers in (0, 1):
        folder = DatasetFolder(tmp_path / str(workers))
        ShardJob(ray_tasks.NumbersSource(200), ShardPlan(10, size=4), folder, Executor(workers)).run()
    assert contents(tmp_path / "0") == contents(tmp_path / "1")
    assert (tmp_path / "0" / "statistics.json").read_bytes() == (tmp_path / "1" / "statistics.json").read_bytes()
    flip(tmp_path / "1" / "shards" / "part-000001.parquet")
    assert not repair_dataset(check_dataset(tmp_path / "1")).problems.counts
    assert contents(tmp_path / "0") == contents(tmp_path / "1")
    other = ShardJob(ray_tasks.NumbersSource(100), ShardPlan(10, size=4), DatasetFolder(tmp_path / "1"), Executor(0))
    with pytest.raises(InputError, match="shade was 200, is 100"):
        other.run()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of settings that Ray itself reads
def test_ray_data_reads_the_folder_of_shards(running, reference):
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    rows = ray.data.read_parquet(str(reference / "shards")).take_all()
    assert sorted(row["text"] for row in rows) == sorted(open_line_source(reference).texts())
    for row in rows:
        picture = cv2.imdecode(np.frombuffer(row["image"]["bytes"], np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape == (row["height"], row["width"], 3)


def test_workers_check_and_repair_shards(running, checked_lines, tmp_path):
    copy = Path(shutil.copytree(checked_lines, tmp_path / "copy"))
    (path,) = (copy / "shards").glob("part-000001.[pl]*")
    path = path / "data.mdb" if path.is_dir() else path
    flip(path)
    found = check_dataset(copy, workers=2)
    assert dict(found.problems.counts) == {"checksum differs": 1}
    assert not repair_dataset(found, workers=2).problems.counts
    whole = checked_lines / path.relative_to(copy)
    assert path.read_bytes() == whole.read_bytes()
