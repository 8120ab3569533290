"""Shards as Parquet files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.shards.row import AnyRow


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
    names: list[str] = []
    for field in schema:
        if pa.types.is_list(field.type):
            names.append(f"{field.name}.list.element")
        elif pa.types.is_struct(field.type):
            names += [f"{field.name}.{child.name}" for child in field.type]
        else:
            names.append(field.name)
    return names


def _features(schema: pa.Schema) -> dict[str, Any]:
    """The columns as the `datasets` library describes them: it shows a column of the type Image as pictures."""
    return {"info": {"features": {field.name: _feature(field.type) for field in schema}}}


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(kind):
        return {"_type": "Image"}
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "Sequence"}
    return {"dtype": "float32" if pa.types.is_float32(kind) else str(kind), "_type": "Value"}
