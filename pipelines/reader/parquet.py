"""Lines in one Parquet file."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.reader.path_source import PathSource
from pipelines.reader.source import EncodedLine
from synthtext.core import InputError

BUDGET = 256 * 2**20
"""Most bytes of row groups that a process keeps at hand."""

Columns: TypeAlias = tuple[Any, ...]
"""Of a row group, each with its size, `nbytes`. In Parquet: keys, encoded pictures and labels."""


@dataclass(frozen=True)
class ParquetSource(PathSource):
    """One Parquet file with the columns key, image.bytes, text, width and height; others are read by `columns` alone.

    The file is opened for one read at a time: nothing has to be closed, and nothing is shared between processes.
    """

    def __len__(self) -> int:
        return int(self.groups[-1])

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """The file's row groups."""
        return row_groups(self.path)

    def texts(self) -> Iterator[str]:
        """All labels, in order."""
        for batch in _open(self.path).iter_batches(columns=["text"]):
            yield from batch.column(0).to_pylist()

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of every picture, (N, 2) pixels."""
        table = _open(self.path).read(columns=["width", "height"])
        return np.stack([table["width"].to_numpy(), table["height"].to_numpy()], axis=1).astype(np.int64)

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """The chosen columns that the file has."""
        file = _open(self.path)
        table = file.read(columns=[name for name in names if name in file.schema_arrow.names])
        return {name: table[name].to_pylist() for name in table.column_names}

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """The lines of these rows, in this order."""
        groups = np.searchsorted(self.groups, rows, side="right") - 1
        places = (rows - self.groups[groups]).tolist()
        columns = {group: ROW_GROUPS.get(self.path, group, "text") for group in set(groups.tolist())}
        return [_line(columns[group], place) for group, place in zip(groups.tolist(), places, strict=True)]


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, memory_map=True)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path} cannot be read as Parquet: {error}") from None


def row_groups(path: Path) -> NDArray[np.int64]:
    """(G + 1,) rows at which the row groups of a file begin, and the number of rows."""
    metadata = _open(path).metadata
    return np.cumsum([0, *(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))])


def _line(columns: Columns, row: int) -> EncodedLine:
    keys, images, texts = columns
    return EncodedLine(keys[row].as_py(), images[row].as_py(), texts[row].as_py())


class RowGroups:
    """The row groups that were used last, by file, within a budget of bytes."""

    def __init__(self, budget: int) -> None:
        self._budget, self._size = budget, 0
        self._groups: OrderedDict[tuple[Path, int, str], Columns] = OrderedDict()

    def get(
        self, path: Path, group: int, label: str, read: Callable[[Path, int, str], Columns] | None = None
    ) -> Columns:
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


def _read_group(path: Path, group: int, label: str) -> Columns:
    table = _open(path).read_row_group(group, columns=["key", "image.bytes", label])
    images = table["image"].combine_chunks()
    return table["key"].combine_chunks(), images.field("bytes"), table[label].combine_chunks()


def _size(columns: Columns) -> int:
    return sum(column.nbytes for column in columns)


ROW_GROUPS = RowGroups(BUDGET)
"""Those of this process."""
