"""Shards as Parquet files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.shards.row import IMAGE, AnyRow


class ParquetWriter:
    """Writes one Parquet file; the same rows give the same bytes.

    Args:
        path: of the file.
        kind: of the rows.
    """

    def __init__(self, path: Path, kind: type[AnyRow]) -> None:
        self._kind = kind
        self._schema = kind.SCHEMA.with_metadata({"huggingface": json.dumps(_features(kind.SCHEMA))})
        self._file = pq.ParquetWriter(
            path,
            self._schema,
            compression=_compression(kind.SCHEMA),
            use_dictionary=list(kind.CATEGORIES),
            write_statistics=["key", "width", "height"],  # smallest and largest picture would be kept in full
        )

    def write(self, rows: Sequence[Any]) -> None:
        """Write a row group."""
        batch = pa.RecordBatch.from_arrays(self._kind.columns(rows), schema=self._schema)
        self._file.write_batch(batch, row_group_size=len(rows))

    def close(self) -> None:
        """Write the footer."""
        self._file.close()


def _compression(schema: pa.Schema) -> dict[str, str]:
    """Pictures are compressed already; the rest shrinks to a third."""
    return {name: "zstd" for name in _leaves(schema) if not name.startswith("image.")}


def _leaves(schema: pa.Schema) -> list[str]:
    return [name for field in schema for name in _leaves_of(field.name, field.type)]


def _leaves_of(name: str, kind: pa.DataType) -> list[str]:
    if pa.types.is_list(kind):
        return _leaves_of(f"{name}.list.element", kind.value_type)
    if pa.types.is_struct(kind):
        return [leaf for child in kind for leaf in _leaves_of(f"{name}.{child.name}", child.type)]
    return [name]


def _features(schema: pa.Schema) -> dict[str, Any]:
    """The columns as the `datasets` library describes them: it shows a column of the type Image as pictures."""
    return {"info": {"features": {field.name: _feature(field.type) for field in schema}}}


def _feature(kind: pa.DataType) -> Any:
    if kind == IMAGE:
        return {"_type": "Image"}
    if pa.types.is_struct(kind):
        return {child.name: _feature(child.type) for child in kind}
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        return [_feature(kind.value_type)]  # a "Sequence" of records would be a record of sequences
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "Sequence"}
    return {"dtype": "float32" if pa.types.is_float32(kind) else str(kind), "_type": "Value"}
