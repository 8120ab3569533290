"""The finished shards of a data set on a storage."""

from pipelines.fetch import fetched
from pipelines.shards import Description, Mark, read_description, read_mark
from pipelines.shards.lmdb import DATA
from pipelines.shards.remote import stored_size, together
from pipelines.storage import Location, Place, StorageError
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
        raise InputError(f"{folder} cannot be read: {error}") from None
    if not there:
        raise InputError(f"{folder}: there is no data set of ours; other sources must lie on this machine")
    return read_description(folder / "dataset.json")


def remote_shards(folder: Location) -> list[Place]:
    """The data of the finished shards that hold something, in order.

    Parquet stays where it is and is read in ranges. An LMDB, which only a file of this machine can be, is fetched as a
    whole into `cache_folder()`, once, and compared with the checksum in its mark.

    Raises:
        InputError: the storage cannot be read, a mark is broken, or data are missing or not those of their mark.
        JobError: an LMDB cannot be fetched.
    """
    shards = folder / "shards"
    try:
        sizes = shards.listing()
        names = [name for name, size in sizes.items() if name.startswith("part-") and name.endswith(".json") and size]
        marks = dict(zip(names, together(lambda name: read_mark(shards / name), names), strict=True))
    except StorageError as error:
        raise InputError(f"{shards} cannot be read: {error}") from None
    for name, mark in marks.items():
        if mark is None or stored_size(sizes, mark) != mark.bytes:
            what = "is no mark of a shard" if mark is None else f"marks a finished shard, but {mark.file} is not whole"
            raise InputError(f"{shards / name} {what}; the job that made the data set mends it")
    full = [mark for mark in marks.values() if mark is not None and mark.rows]
    return list(together(lambda mark: _data_of(shards, mark), full))


def _data_of(shards: Location, mark: Mark) -> Place:
    data = shards / mark.file
    return data if data.suffix == ".parquet" else fetched(data / DATA, mark.sha256).parent
