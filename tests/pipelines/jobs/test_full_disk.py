"""Disks that are full and folders that cannot be written: real limits of the system, one sentence, and the job goes on.

The limit is the system's on the size of a file (RLIMIT_FSIZE): whatever crosses it fails as on a disk without room.
"""

import json
import os
import resource
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from pipelines.datasets.open import dataset_kind, open_line_source, open_scene_source
from pipelines.errors import JobError
from pipelines.io.atomic import file_lock
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import read_description
from pipelines.io.statistics import Statistics
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.generation import generate
from pipelines.training.resolve import parse_source
from synthtext.core import InputError

COUNT, SIZE = 30, 10
NOBODY = 65534


def run(out, form="parquet", **options):
    return generate("digits", out, COUNT, **{"workers": 0, "shard_size": SIZE, "format": form, **options})


@contextmanager
def largest_file(size: int):
    """Nothing larger can be written by this process, nor by those that it starts."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def nobody():
    """This process may only do what everybody may, as if it were not root's."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared():
    """A folder that everybody may write to."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    for form in ("parquet", "lmdb"):
        run(folder / form, form)
    return folder


def sums(folder: Path) -> dict[str, str]:
    return {path.stem: json.loads(path.read_text())["sha256"] for path in sorted(folder.glob("manifests/*.json"))}


def nothing_looks_finished(folder: Path) -> bool:
    """No shard, no temporary file, and a dataset that is not marked complete."""
    left = [path.name for path in folder.rglob("*") if "part-" in path.name or path.name.startswith(".tmp-")]
    about = folder / "dataset.json"
    return not left and not (about.exists() and read_description(about).complete)


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_full_disk_while_writing_a_shard(undisturbed, tmp_path, form):
    largest = max(path.stat().st_size for path in (undisturbed / form / "shards").rglob("*.[pm]*"))
    about = (undisturbed / form / "dataset.json").stat().st_size
    assert about < largest - 1000  # so that the shard is what fails
    with (
        largest_file(largest - 1000),
        pytest.raises(JobError, match=r"part-00000\d.* cannot be written: .*(too large|full disk)"),
    ):
        run(tmp_path / "data", form)
    finished = sums(tmp_path / "data")
    assert len(finished) < 3
    assert not read_description(tmp_path / "data" / "dataset.json").complete
    assert not list((tmp_path / "data").rglob(".tmp-*"))
    assert run(tmp_path / "data", form).new_shards == 3 - len(finished)
    assert sums(tmp_path / "data") == sums(undisturbed / form)


def test_full_disk_while_writing_the_description(undisturbed, tmp_path):
    with (
        largest_file(1000),
        pytest.raises(JobError, match=r"recipe.yaml cannot be written: File too large; re-run the same"),
    ):
        run(tmp_path / "data")
    assert nothing_looks_finished(tmp_path / "data")
    size = (undisturbed / "parquet" / "recipe.yaml").stat().st_size + 1000
    with (
        largest_file(size),
        pytest.raises(JobError, match=r"dataset.json cannot be written: File too large; re-run the same"),
    ):
        run(tmp_path / "data")
    assert nothing_looks_finished(tmp_path / "data")
    run(tmp_path / "data")
    assert sums(tmp_path / "data") == sums(undisturbed / "parquet")
    (tmp_path / "data" / "manifests" / "part-000001.json").unlink()
    with largest_file(size), pytest.raises(JobError, match=r"dataset.json cannot be written"):
        run(tmp_path / "data")  # still called complete, so its statistics are still there
    assert (tmp_path / "data" / "statistics.json").is_file()


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_full_disk_while_writing_a_manifest_or_the_statistics(undisturbed, tmp_path, form):
    from pipelines.io.encode import ROW_TYPES
    from pipelines.io.plan import ShardPlan
    from pipelines.io.shard_writer import write_shard
    from synthtext.core import SkippedSample

    folder = DatasetFolder(tmp_path / "data")
    (spec,) = ShardPlan(1, size=1)
    with folder.open():
        draft = write_shard([SkippedSample(0, ("too faint",))], ROW_TYPES["lines"], spec, "0" * 64, folder.shards, form)
        with largest_file(100), pytest.raises(JobError, match=r"part-000000.* cannot be written: File too large"):
            folder.commit(draft)
        assert not list(folder.finished_manifests(ShardPlan(1, size=1), "0" * 64))
        assert not list(folder.manifests.glob("*.json"))
        with largest_file(100), pytest.raises(JobError, match=r"statistics.json cannot be written: File too large"):
            folder.write_statistics(Statistics())
    assert not list(folder.path.rglob(".tmp-*"))


def test_a_read_only_folder_is_refused_before_generation(shared):
    shared.chmod(0o555)
    with nobody(), pytest.raises(InputError, match=f"{shared} cannot be written: use another folder"):
        run(shared / "data")
    assert not list(shared.iterdir())


def test_a_folder_without_search_permission_is_refused(shared):
    (shared / "closed").mkdir(0o000)
    path = shared / "closed" / "data"
    looks = (
        run,
        check_dataset,
        open_line_source,
        open_scene_source,
        dataset_kind,
        lambda path: parse_source(f"{path}=0.5"),
    )
    with nobody():
        for look in looks:
            with pytest.raises(InputError, match=r"closed/data.* cannot be read: Permission denied"):
                look(path)
    (shared / "closed").chmod(0o700)


def test_a_lock_is_released_in_a_folder_that_becomes_read_only(shared):
    with ExitStack() as stack:
        stack.enter_context(file_lock(shared / ".lock"))
        shared.chmod(0o555)
        with nobody():
            stack.close()
    shared.chmod(0o777)
    assert (shared / ".lock").exists()
    with file_lock(shared / ".lock"):  # nobody holds it
        pass
    assert not (shared / ".lock").exists()


@pytest.mark.parametrize("form", ["parquet", "lmdb"])
def test_a_folder_that_becomes_read_only_during_a_job(undisturbed, shared, form):
    shutil.copytree(undisturbed / form, shared / "data")
    for path in (shared / "data", *(shared / "data").rglob("*")):
        path.chmod(0o777)
    (shared / "data" / "manifests" / "part-000001.json").unlink()
    (shared / "data" / "shards").chmod(0o555)
    with nobody(), pytest.raises(JobError, match=r"part-000001.* cannot be written: .*Permission denied"):
        run(shared / "data", form)
    assert not read_description(shared / "data" / "dataset.json").complete
    assert len(sums(shared / "data")) == 2
    (shared / "data" / "shards").chmod(0o777)
    run(shared / "data", form)
    assert sums(shared / "data") == sums(undisturbed / form)
