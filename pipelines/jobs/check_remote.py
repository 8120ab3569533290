"""Checks the shards of a dataset at a URI, which are downloaded one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.errors import JobError
from pipelines.io.atomic import staging_folder
from pipelines.io.commit import SHARDS_FOLDER
from pipelines.io.connection import StorageError
from pipelines.io.dataset_folder import STATISTICS_FILE
from pipelines.io.description import DESCRIPTION_FILE
from pipelines.io.location import RemotePath
from pipelines.io.writers import LMDB_DATA_FILE
from pipelines.jobs.check_shard import ShardCheckTask, ShardReport, check_shard
from synthtext.core import InputError


@dataclass(frozen=True)
class RemoteShardCheckTask:
    """What a worker needs to check a shard at a URI.

    Attributes:
        dataset: URI of the dataset.
        check: of the shard; its folder is not used.
    """

    dataset: RemotePath
    check: ShardCheckTask

    def __str__(self) -> str:
        return str(self.check)


def check_remote_shard(task: RemoteShardCheckTask) -> ShardReport:
    """Download a shard and check it.

    Raises:
        JobError: the storage cannot be read.
    """
    with staging_folder() as folder:
        check = replace(task.check, dataset=folder)
        check.data.parent.mkdir()
        check.notes.parent.mkdir()
        _download(task.dataset, check.manifest, folder)
        if check.is_filtered:
            _download(task.dataset, check.notes, folder)
        if check.read_data and check.description.format == "lmdb":
            check.data.mkdir()
            if not _download(task.dataset, check.data / LMDB_DATA_FILE, folder):
                check.data.rmdir()
        elif check.read_data:
            _download(task.dataset, check.data, folder)
        return check_shard(check)


@contextmanager
def remote_files(dataset: RemotePath) -> Iterator[tuple[Path, list[str]]]:
    """Download the statistics of a dataset, and list its files; withdrawn files, which are empty, are left out.

    Yields:
        A local folder with the statistics; and the names in the folder of the dataset and in that of its shards.

    Raises:
        InputError: there is no dataset, or the storage cannot be read.
    """
    try:
        dataset.check_access()
        names = [name for name, size in dataset.list_files().items() if size or not name.endswith(".json")]
    except StorageError as error:
        raise InputError(f"{dataset} cannot be read: {error}") from None
    if DESCRIPTION_FILE not in names and not any(name.startswith("shards/part-") for name in names):
        raise InputError(f"{dataset} is not an ocrmill dataset: it has neither a {DESCRIPTION_FILE} nor a shard")
    with staging_folder() as folder:
        if STATISTICS_FILE in names:
            _download(dataset, folder / STATISTICS_FILE, folder)
        prefix = f"{SHARDS_FOLDER}/"
        yield folder, sorted({"/".join(name.split("/")[: 1 + name.startswith(prefix)]) for name in names})


def _download(dataset: RemotePath, target: Path, folder: Path) -> bool:
    """Download a file of a dataset to the same place in a local folder; False if it does not exist."""
    source = dataset / target.relative_to(folder).as_posix()
    try:
        source.download(target)
    except FileNotFoundError:
        target.unlink(missing_ok=True)
        return False
    except StorageError as error:
        raise JobError(f"{source} cannot be read: {error}") from None
    except OSError as error:
        raise JobError(
            f"{target} cannot be written: {error.strerror}; set TMPDIR to a folder with free space"
        ) from None
    return True
