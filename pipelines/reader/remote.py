"""The finished shards of a data set on a storage."""

from typing import NamedTuple

from pipelines.fetch import fetched
from pipelines.shards import Description, read_description, read_mark
from pipelines.shards.lmdb import DATA
from pipelines.shards.remote import stored_size, together
from pipelines.storage import Location, Place, StorageError, unread
from synthtext.core import InputError


def remote_description(folder: Location) -> Description:
    """What a data set on a storage says of itself.

    Raises:
        InputError: there is none, or the storage does not let it be read.
    """
    try:
        folder.check()
        there = (folder / "dataset.json").is_file()
    except StorageError as error:
        raise unread(folder, error) from None
    if not there:
        raise InputError(f"{folder}: there is no data set of ours; other sources must lie on this machine")
    return read_description(folder / "dataset.json")


class _Shard(NamedTuple):
    """What a reader keeps of a mark, whose statistics are many times that."""

    file: str
    rows: int
    bytes: int
    sha256: str


def remote_shards(folder: Location, description: Description) -> list[Place]:
    """The data of the finished shards that hold something, in order.

    Parquet stays where it is and is read in ranges. An LMDB, which only a file of this machine can be, is fetched as a
    whole into `cache_folder()`, once, and compared with the checksum in its mark.

    Args:
        folder: of the data set.
        description: what it says of itself.

    Raises:
        InputError: the storage cannot be read, a mark is broken, data are missing or not those of their mark, or shards
            are missing though the data set is called complete.
        JobError: an LMDB cannot be fetched.
    """
    shards = folder / "shards"
    try:
        sizes = shards.listing()
        names = [name for name, size in sizes.items() if name.startswith("part-") and name.endswith(".json") and size]
        found = list(together(lambda name: _shard(shards / name), names))
    except StorageError as error:
        raise unread(shards, error) from None
    for name, shard in zip(names, found, strict=True):
        if shard is None or stored_size(sizes, shard.file) != shard.bytes:
            what = (
                "is no mark of a shard" if shard is None else f"marks a finished shard, but {shard.file} is not whole"
            )
            raise InputError(f"{shards / name} {what}; the job that made the data set mends it")
    full = [shard for shard in found if shard is not None and shard.rows]
    description.check_rows(sum(shard.rows for shard in full), folder)
    return list(together(lambda shard: _data_of(shards, shard), full))


def _shard(path: Location) -> _Shard | None:
    mark = read_mark(path)
    return None if mark is None else _Shard(mark.file, mark.rows, mark.bytes, mark.sha256)


def _data_of(shards: Location, shard: _Shard) -> Place:
    data = shards / shard.file
    return data if data.suffix == ".parquet" else fetched(data / DATA, shard.sha256).parent
