"""The rows of a shard as they are stored, the same of either format."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import lmdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.reader.lmdb import count_of, opened, value_of
from pipelines.shards import Row, ShardFormat
from synthtext.core import InputError

StoredRow: TypeAlias = dict[str, Any]
"""The columns that `docs/formats.md` lists, by name; `image` is the encoded picture, bytes."""


def stored_groups(path: Path, kind: type[Row], form: ShardFormat) -> Iterator[list[StoredRow]]:
    """The rows of a shard in order, a row group at a time.

    Args:
        path: of the shard's file, or of its LMDB folder.
        kind: of its rows.
        form: how it is stored.

    Raises:
        InputError: it cannot be read, or lacks a column; the sentence says where.
    """
    return _lmdb_groups(path, kind) if form == "lmdb" else _parquet_groups(path, kind)


def _parquet_groups(path: Path, kind: type[Row]) -> Iterator[list[StoredRow]]:
    try:
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(kind.SCHEMA):
                raise InputError("its columns are not those of such a data set")
            for group in range(file.metadata.num_row_groups):
                rows = file.read_row_group(group).to_pylist()
                yield [row | {"image": (row["image"] or {}).get("bytes")} for row in rows]
    except (OSError, pa.ArrowException, ValueError) as error:
        raise InputError(f"it cannot be read as Parquet: {_first_line(error)}") from None


def _lmdb_groups(path: Path, kind: type[Row]) -> Iterator[list[StoredRow]]:
    count = count_of(path, kind.KIND)
    for begin in range(0, count, kind.GROUP):
        try:
            with opened(path) as transaction:
                numbers = range(begin + 1, min(begin + kind.GROUP, count) + 1)
                rows = [_lmdb_row(transaction, number, path) for number in numbers]
        except (lmdb.Error, ValueError, TypeError, RecursionError) as error:
            raise InputError(f"it cannot be read as LMDB: {_first_line(error)}") from None
        yield rows


def _lmdb_row(transaction: lmdb.Transaction, number: int, path: Path) -> StoredRow:
    image = value_of(transaction, f"image-{number:09d}", path)
    label = value_of(transaction, f"label-{number:09d}", path).decode()
    meta = json.loads(value_of(transaction, f"meta-{number:09d}", path))
    return {"text": label, **meta, "image": image}


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
