"""The finished shards of a data set on a storage."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.datasets.source import MISSING_IMAGE, MISSING_LABEL, EncodedLine, MissingDataError, StoredSource
from pipelines.io.cache import fetch_file
from pipelines.io.connection import StorageError, read_error, wrap_storage_errors
from pipelines.io.dataset_folder import stored_bytes
from pipelines.io.description import DatasetDescription, read_description
from pipelines.io.location import RemotePath, parallel_map
from pipelines.io.manifest import read_manifest
from pipelines.io.paths import AnyPath
from pipelines.io.writers import LMDB_DATA_FILE
from synthtext.core import InputError


def remote_description(folder: RemotePath) -> DatasetDescription:
    """What a data set on a storage says of itself.

    Raises:
        InputError: there is none, or the storage does not let it be read.
    """
    try:
        folder.check_access()
        there = (folder / "dataset.json").is_file()
    except StorageError as error:
        raise read_error(folder, error) from None
    if not there:
        raise InputError(f"{folder}: there is no data set of ours; other sources must lie on this machine")
    return read_description(folder / "dataset.json")


class _Shard(NamedTuple):
    """What a reader keeps of a mark, whose statistics are many times that."""

    file: str
    rows: int
    bytes: int
    sha256: str


def remote_shards(folder: RemotePath, description: DatasetDescription) -> list[AnyPath]:
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
        sizes = shards.list_files()
        names = [name for name, size in sizes.items() if name.startswith("part-") and name.endswith(".json") and size]
        found = list(parallel_map(lambda name: _shard(shards / name), names))
    except StorageError as error:
        raise read_error(shards, error) from None
    for name, shard in zip(names, found, strict=True):
        if shard is None or stored_bytes(sizes, shard.file) != shard.bytes:
            what = (
                "is no mark of a shard" if shard is None else f"marks a finished shard, but {shard.file} is not whole"
            )
            raise InputError(f"{shards / name} {what}; the job that made the data set mends it")
    full = [shard for shard in found if shard is not None and shard.rows]
    description.check_rows(sum(shard.rows for shard in full), folder)
    return list(parallel_map(lambda shard: _data_of(shards, shard), full))


def _shard(path: RemotePath) -> _Shard | None:
    mark = read_manifest(path)
    return None if mark is None else _Shard(mark.file, mark.rows, mark.bytes, mark.sha256)


def _data_of(shards: RemotePath, shard: _Shard) -> AnyPath:
    data = shards / shard.file
    return data if data.suffix == ".parquet" else fetch_file(data / LMDB_DATA_FILE, shard.sha256).parent


ROW_GROUP_CACHE_BYTES = 256 * 2**20
"""Most bytes of row groups that a process keeps at hand."""

PathT = TypeVar("PathT", bound=AnyPath)

RowGroupColumns: TypeAlias = tuple[Any, ...]
"""Of a row group, each with its size, `nbytes`. In Parquet: keys, encoded pictures and labels."""


@dataclass(frozen=True)
class ParquetSource(StoredSource):
    """One Parquet file with the columns key, image.bytes, text, width and height; others are read by `columns` alone.

    A file on a disk is opened for one read at a time: nothing has to be closed, and nothing is shared between
    processes. On a storage, where every opening is a request or two, the files that were read last stay open, without
    what was read of them.
    """

    def __len__(self) -> int:
        return int(self.group_offsets[-1])

    @cached_property
    def group_offsets(self) -> NDArray[np.int64]:
        """The file's row groups."""
        return row_group_offsets(self.path)

    def texts(self) -> Iterator[str]:
        """All labels, in order."""
        with open_parquet(self.path) as file:
            for batch in file.iter_batches(columns=["text"]):
                yield from batch.column(0).to_pylist()

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of every picture, (N, 2) pixels."""
        with open_parquet(self.path) as file:
            table = file.read(columns=["width", "height"])
        return np.stack([table["width"].to_numpy(), table["height"].to_numpy()], axis=1).astype(np.int64)

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """The chosen columns that the file has."""
        with open_parquet(self.path) as file:
            table = file.read(columns=[name for name in names if name in file.schema_arrow.names])
            return {name: table[name].to_pylist() for name in table.column_names}

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """The lines of these rows, in this order."""
        groups = np.searchsorted(self.group_offsets, rows, side="right") - 1
        places = (rows - self.group_offsets[groups]).tolist()
        columns = {group: ROW_GROUP_CACHE.get(self.path, group, "text") for group in set(groups.tolist())}
        try:
            return [_line(columns[group], place) for group, place in zip(groups.tolist(), places, strict=True)]
        except UnicodeDecodeError:
            raise InputError(f"{self.path} is damaged: a key or a text in it is no UTF-8 text") from None


@contextmanager
def open_parquet(path: AnyPath) -> Iterator[pq.ParquetFile]:
    """A file, on a disk or a storage, for one read.

    Raises:
        InputError: it is no Parquet file, lacks a column, or is damaged where it is read.
    """
    try:
        if isinstance(path, RemotePath):
            with wrap_storage_errors(path.server, path.bucket):
                yield _remote(path)
            return
        with pq.ParquetFile(path, memory_map=True) as file:
            yield file
    except (OSError, pa.ArrowException, KeyError, UnicodeDecodeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} cannot be read as Parquet: {reason}") from None


def _remote(path: RemotePath) -> pq.ParquetFile:
    """A file on a storage, for one read; the ranges of it that lie close together are one request, and are let go."""
    file, metadata = _opened(path)
    return pq.ParquetFile(file, metadata=metadata, pre_buffer=True)


@lru_cache(maxsize=256)
def _opened(path: RemotePath) -> tuple[pa.NativeFile, pq.FileMetaData]:
    """What opening a file on a storage gives, for a request or two; none of its rows."""
    storage, name = path.filesystem()
    file = storage.open_input_file(name)
    return file, pq.read_metadata(file)


def row_group_offsets(path: AnyPath) -> NDArray[np.int64]:
    """(G + 1,) rows at which the row groups of a file begin, and the number of rows."""
    with open_parquet(path) as file:
        metadata = file.metadata
        return np.cumsum([0, *(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))])


def _line(columns: RowGroupColumns, row: int) -> EncodedLine:
    keys, images, texts = columns
    key, image, text = keys[row].as_py(), images[row].as_py(), texts[row].as_py()
    if image is None or text is None:
        raise MissingDataError(
            f"{key} has no {'picture' if image is None else 'text'}", MISSING_IMAGE if image is None else MISSING_LABEL
        )
    return EncodedLine(key, image, text)


class RowGroupCache:
    """The row groups that were used last, by file, within a budget of bytes."""

    def __init__(self, budget: int) -> None:
        self._budget, self._size = budget, 0
        self._groups: OrderedDict[tuple[AnyPath, int, str], RowGroupColumns] = OrderedDict()

    def get(
        self, path: PathT, group: int, label: str, read: Callable[[PathT, int, str], RowGroupColumns] | None = None
    ) -> RowGroupColumns:
        """A row group, with the column that holds the labels.

        Args:
            path: of the file.
            group: its number.
            label: name of the column.
            read: reads it if it is not at hand; None: from a Parquet file.
        """
        found = self._groups.get((path, group, label))
        if found is None:
            found = self._groups[path, group, label] = (read or _read_group)(path, group, label)
            self._size += _size(found)
            while self._size > self._budget and len(self._groups) > 1:
                self._size -= _size(self._groups.popitem(last=False)[1])
        self._groups.move_to_end((path, group, label))
        return found


def _read_group(path: AnyPath, group: int, label: str) -> RowGroupColumns:
    with open_parquet(path) as file:
        table = file.read_row_group(group, columns=["key", "image.bytes", label])
        images = table["image"].combine_chunks()
        return table["key"].combine_chunks(), images.field("bytes"), table[label].combine_chunks()


def _size(columns: RowGroupColumns) -> int:
    return sum(column.nbytes for column in columns)


ROW_GROUP_CACHE = RowGroupCache(ROW_GROUP_CACHE_BYTES)
"""Those of this process."""
