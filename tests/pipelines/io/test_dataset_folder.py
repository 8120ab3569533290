"""Folders of datasets: which are refused, what is removed, and how they are locked."""

import ctypes
import errno
import multiprocessing
import os
import platform
import re
import struct
import time
from pathlib import Path

import pytest

from pipelines.errors import JobError
from pipelines.io.atomic import file_lock
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription
from pipelines.io.line_row import LineRow
from pipelines.io.plan import ShardSpec
from pipelines.io.shard_writer import write_shard
from pipelines.jobs.check_dataset import check_dataset
from synthtext.core import InputError, SkippedSample


def test_check_does_not_create_the_folder(tmp_path):
    assert DatasetFolder(tmp_path / "a" / "b").check_usable() is None
    assert list(tmp_path.iterdir()) == []


def test_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"holiday\.jpg"):
        DatasetFolder(tmp_path).check_usable()


def test_shards_without_a_description_are_refused(tmp_path):
    folder = DatasetFolder(tmp_path)
    with folder.open():
        folder.commit(
            write_shard(
                [SkippedSample(0, ("no ink",))], LineRow, ShardSpec(0, 0, 1), "d" * 64, folder.shards, "parquet"
            )
        )
    with pytest.raises(InputError, match="part-000000"):
        folder.check_usable()


@pytest.mark.parametrize("content", ["", "[]", "{}", "\0\1", '{"kind": "lines", "count": "many"}'])
def test_broken_description_is_refused(tmp_path, content):
    (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(InputError, match=r"dataset\.json"):
        DatasetFolder(tmp_path).check_usable()


def test_file_in_place_of_a_folder_is_refused(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    for path in (file, file / "below"):
        with pytest.raises(InputError, match="is a file"):
            DatasetFolder(path).check_usable()


def test_folder_that_cannot_be_created_is_refused():
    with pytest.raises(InputError, match="/proc/nothing"), DatasetFolder(Path("/proc/nothing/data")).open():
        pass


def test_description_is_read_back_and_compared(tmp_path):
    folder = DatasetFolder(tmp_path)
    one = DatasetDescription(kind="lines", source="a", digest="1", seed=3, count=10, shard_size=4, format="lmdb")
    folder.write_description(one)
    assert folder.check_usable() == one
    describe = "{0} {1}".format
    assert one.difference(one.model_copy(update={"count": 99, "complete": True}), describe) == ""
    assert "seed" in one.difference(one.model_copy(update={"seed": 4}), describe)
    assert "format" in one.difference(one.model_copy(update={"format": "parquet"}), describe)
    assert one.difference(one.model_copy(update={"digest": "2"}), describe) != ""
    described = one.model_copy(update={"fingerprint": {"charset": "a", "version of numpy": "1"}})
    other = {"digest": "2", "source": "other", "fingerprint": {"charset": "b", "version of numpy": "1"}}
    assert described.difference(described.model_copy(update=other), lambda _old, _new: "charset") == "charset"
    for foreign in ({"mode": "natural", "version of numpy": "1"}, {}):
        update = other | {"fingerprint": foreign}
        difference = described.difference(described.model_copy(update=update), describe)
        assert difference == "made from another source, a, not from other"
    difference = described.difference(described.model_copy(update=other | {"kind": "scenes"}), describe)
    assert difference == "made from another source, a, not from other"


def test_open_removes_unfinished_files(tmp_path):
    folder = DatasetFolder(tmp_path)
    (folder.shards / ".tmp-part-000000-1-ab.lmdb").mkdir(parents=True)
    (folder.shards / ".tmp-part-000000-1-ab.lmdb" / "data.mdb").write_text("")
    (tmp_path / ".tmp-dataset-1-ab.json").write_text("")
    with folder.open():
        assert not list(tmp_path.rglob(".tmp-*"))
        (folder.shards / ".tmp-part-000001-1-ab.parquet").write_text("")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["manifests", "shards"]


def _hold(path: Path, held: "multiprocessing.synchronize.Event") -> None:
    with file_lock(path):
        held.set()
        time.sleep(60)


def test_lock_excludes_others_until_its_holder_is_killed(tmp_path):
    path = tmp_path / ".lock"
    context = multiprocessing.get_context("fork")
    held = context.Event()
    holder = context.Process(target=_hold, args=(path, held))
    holder.start()
    assert held.wait(20)
    with pytest.raises(JobError, match=f"process {holder.pid}"), file_lock(path):
        pass
    holder.kill()
    holder.join()
    assert path.exists()
    with file_lock(path):
        assert path.exists()
    assert not path.exists()


def _refuse_flock(reason: int) -> None:
    """Let flock fail in this process as on a mount without locks (seccomp; see its manual page)."""
    number = {"x86_64": 73, "aarch64": 32}[platform.machine()]
    load, jump, back = 0x20, 0x15, 0x06
    lines = [(load, 0, 0, 0), (jump, 0, 1, number), (back, 0, 0, 0x50000 | reason), (back, 0, 0, 0x7FFF0000)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    packed = ctypes.create_string_buffer(struct.pack("HP", len(lines), ctypes.addressof(program)))
    system = ctypes.CDLL(None, use_errno=True)
    assert system.prctl(38, 1, 0, 0, 0) == 0
    assert system.prctl(22, 2, packed) == 0


def _try_without_locks(path: Path, reason: int, errors: "multiprocessing.queues.Queue[str]") -> None:
    _refuse_flock(reason)
    for function in (lambda: file_lock(path / ".lock").__enter__(), lambda: check_dataset(path)):
        try:
            function()
            errors.put("none")
        except Exception as error:
            errors.put(f"{type(error).__name__}: {error}")


@pytest.mark.parametrize("reason", [errno.ENOSYS, errno.ENOLCK])
def test_disk_without_locks_is_refused(tmp_path, reason):
    (tmp_path / "dataset.json").write_text("{}")
    (tmp_path / ".lock").touch()
    context = multiprocessing.get_context("fork")
    errors = context.Queue()
    worker = context.Process(target=_try_without_locks, args=(tmp_path, reason, errors))
    worker.start()
    for _ in range(2):
        assert re.match(
            rf"JobError: .*\.lock cannot be locked: {os.strerror(reason)}; use a folder", errors.get(timeout=600)
        )
    worker.join()
