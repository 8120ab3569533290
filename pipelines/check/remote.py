"""A data set on a storage: what is looked at is brought here, a shard at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.check.shard import ShardCheck, ShardReport, check_shard
from pipelines.errors import JobError
from pipelines.shards.lmdb import DATA
from pipelines.shards.staging import staging_folder
from pipelines.storage import Location, StorageError
from synthtext.core import InputError

_DESCRIPTION, _STATISTICS = "dataset.json", "statistics.json"


@dataclass(frozen=True)
class RemoteShardCheck:
    """What has to be known to look through a shard that lies on a storage.

    Attributes:
        shards: the folder.
        check: of the shard, in a folder that does not matter.
    """

    shards: Location
    check: ShardCheck

    def __str__(self) -> str:
        return str(self.check)


def check_remote_shard(task: RemoteShardCheck) -> ShardReport:
    """Bring a shard here and look it through.

    Raises:
        JobError: the storage cannot be read.
    """
    with staging_folder() as folder:
        here = replace(task.check, shards=folder)
        _bring(task.shards / f"{here.spec.name}.json", folder / f"{here.spec.name}.json")
        if here.deep and here.description.format == "lmdb":
            here.data.mkdir()
            if not _bring(task.shards / here.data.name / DATA, here.data / DATA):
                here.data.rmdir()
        elif here.deep:
            _bring(task.shards / here.data.name, here.data)
        return check_shard(here)


@contextmanager
def small_files(place: Location) -> Iterator[tuple[Path, list[str]]]:
    """The statistics of a data set, in a folder here, and the names of all that lies there: an emptied file does not.

    Raises:
        InputError: it is no data set of ours, or the storage cannot be read.
    """
    try:
        place.check()
        names = [name for name, size in place.listing().items() if size or not name.endswith(".json")]
    except StorageError as error:
        raise InputError(f"{place} cannot be read: {error}") from None
    if _DESCRIPTION not in names and not any(name.startswith("shards/part-") for name in names):
        raise InputError(f"{place} is no data set of ours: there is neither a dataset.json nor a shard in it")
    with staging_folder() as folder:
        if _STATISTICS in names:
            _bring(place / _STATISTICS, folder / _STATISTICS)
        yield folder, sorted({"/".join(name.split("/")[: 1 + name.startswith("shards/")]) for name in names})


def _bring(file: Location, target: Path) -> bool:
    """Copy a file here; False if there is none."""
    try:
        file.download(target)
    except FileNotFoundError:
        target.unlink(missing_ok=True)
        return False
    except StorageError as error:
        raise JobError(f"{file} cannot be read: {error}") from None
    except OSError as error:
        raise JobError(f"{target} cannot be written: {error.strerror}; set TMPDIR to a folder with room") from None
    return True
