"""Lines and scenes in a Parquet file, local or remote."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.datasets.scene_labels import parse_instances
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.sequence import RowT_co
from pipelines.datasets.source import MISSING_IMAGE, MISSING_LABEL, EncodedLine, MissingDataError, StoredSource
from pipelines.io.connection import wrap_storage_errors
from pipelines.io.location import RemotePath
from pipelines.io.paths import AnyPath
from synthtext.core import InputError

PathT = TypeVar("PathT", bound=AnyPath)

RowGroupColumns: TypeAlias = tuple[Any, ...]
"""Columns of a row group, each with its size `nbytes`. In Parquet: keys, encoded images and labels."""


@dataclass(frozen=True)
class _ParquetFile(StoredSource[RowT_co]):
    """A Parquet file whose row groups are cached.

    A local file is opened for one read at a time, so nothing has to be closed or shared between processes. Of remote
    files, where each opening takes a request or two, the last ones stay open.
    """

    def __len__(self) -> int:
        return int(self.group_offsets[-1])

    @cached_property
    def group_offsets(self) -> NDArray[np.int64]:
        """(G + 1,) first row of each row group; the last entry is the number of rows."""
        with open_parquet(self.path) as file:
            metadata = file.metadata
            return np.cumsum([0, *(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))])

    def _values(self, rows: NDArray[np.int64], label: str) -> list[tuple[Any, ...]]:
        """Read key, encoded image (or None) and label of rows, in the given order."""
        groups = np.searchsorted(self.group_offsets, rows, side="right") - 1
        positions = (rows - self.group_offsets[groups]).tolist()
        requested = dict.fromkeys(groups.tolist())
        cached = {group: ROW_GROUP_CACHE.get(self.path, group, label, _read_group) for group in requested}
        try:
            return [
                tuple(column[position].as_py() for column in cached[group])
                for group, position in zip(groups.tolist(), positions, strict=True)
            ]
        except UnicodeDecodeError:
            raise InputError(f"{self.path} is damaged: a key or a text in it is not UTF-8 text") from None


@dataclass(frozen=True)
class ParquetSource(_ParquetFile[EncodedLine]):
    """Lines in a Parquet file with the columns key, image.bytes, text, width and height, and any others."""

    def texts(self) -> Iterator[str]:
        """Iterate over all labels, in order."""
        with open_parquet(self.path) as file:
            for batch in file.iter_batches(columns=["text"]):
                yield from batch.column(0).to_pylist()

    def sizes(self) -> NDArray[np.int64]:
        """Return width and height of every image, (N, 2) pixels."""
        with open_parquet(self.path) as file:
            table = file.read(columns=["width", "height"])
        return np.stack([table["width"].to_numpy(), table["height"].to_numpy()], axis=1).astype(np.int64)

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Read the chosen columns that the file has."""
        with open_parquet(self.path) as file:
            table = file.read(columns=[name for name in names if name in file.schema_arrow.names])
            return {name: table[name].to_pylist() for name in table.column_names}

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """Read lines, in the given order."""
        lines = []
        for key, image, text in self._values(rows, "text"):
            if image is None:
                raise MissingDataError(f"{self.path}: {key} has no image", MISSING_IMAGE)
            if text is None:
                raise MissingDataError(f"{self.path}: {key} has no text", MISSING_LABEL)
            lines.append(EncodedLine(key, image, text))
        return lines


@dataclass(frozen=True)
class ParquetSceneSource(_ParquetFile[EncodedScene]):
    """Scenes in a Parquet file with the columns key, image.bytes and instances; others are not read."""

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """Read scenes, in the given order."""
        scenes = []
        for key, image, instances in self._values(rows, "instances"):
            if image is None:
                raise MissingDataError(f"{self.path}: {key} has no image")
            scenes.append(EncodedScene(key, image, parse_instances(instances, f"{self.path}: {key}")))
        return scenes


@contextmanager
def open_parquet(path: AnyPath) -> Iterator[pq.ParquetFile]:
    """Open a local or remote file for one read; raises InputError if it is damaged or lacks a column.

    The checksums of the pages that are read are verified.
    """
    try:
        if isinstance(path, RemotePath):
            with wrap_storage_errors(path.server, path.bucket):
                file, metadata = _open_remote(path)
                # Ranges that lie close together are one request, and are freed with this object.
                yield pq.ParquetFile(file, metadata=metadata, pre_buffer=True, page_checksum_verification=True)
            return
        with pq.ParquetFile(path, memory_map=True, page_checksum_verification=True) as file:
            yield file
    except (OSError, pa.ArrowException, KeyError, UnicodeDecodeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{path} cannot be read as Parquet: {reason}") from None


@lru_cache(maxsize=256)
def _open_remote(path: RemotePath) -> tuple[pa.NativeFile, pq.FileMetaData]:
    storage, name = path.filesystem()
    file = storage.open_input_file(name)
    return file, pq.read_metadata(file)


class RowGroupCache:
    """The row groups that were used last, up to `budget` bytes; the last one is kept whatever its size.

    A local file that was replaced is read again, as is one that a relative path names in another working directory.
    """

    def __init__(self, budget: int) -> None:
        self._budget, self._size = budget, 0
        self._groups: OrderedDict[tuple[object, int, str], RowGroupColumns] = OrderedDict()

    def get(
        self, path: PathT, group: int, label: str, read: Callable[[PathT, int, str], RowGroupColumns]
    ) -> RowGroupColumns:
        """Return a row group by its index and the name of its column of labels; read it if it is not cached."""
        key = (_file_identity(path), group, label)
        if key not in self._groups:
            self._groups[key] = read(path, group, label)
            self._size += _nbytes(self._groups[key])
            while self._size > self._budget and len(self._groups) > 1:
                self._size -= _nbytes(self._groups.popitem(last=False)[1])
        self._groups.move_to_end(key)
        return self._groups[key]


def _file_identity(path: AnyPath) -> object:
    if not isinstance(path, RemotePath):
        with suppress(OSError):  # reading a missing file is an error that names it
            status = path.stat()
            return status.st_dev, status.st_ino, status.st_mtime_ns
    return path


def _read_group(path: AnyPath, group: int, label: str) -> RowGroupColumns:
    with open_parquet(path) as file:
        table = file.read_row_group(group, columns=["key", "image.bytes", label])
        images = table["image"].combine_chunks()
        return table["key"].combine_chunks(), images.field("bytes"), table[label].combine_chunks()


def _nbytes(columns: RowGroupColumns) -> int:
    return sum(column.nbytes for column in columns)


ROW_GROUP_CACHE = RowGroupCache(256 * 2**20)
"""The cache of this process."""
