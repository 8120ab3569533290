"""One Arrow record batch as a file that readers map."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lmdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import JobError
from pipelines.io.atomic import fsync_path, temporary_path
from pipelines.io.row import IMAGE_TYPE, AnyRow


def write_record_batch(path: Path, batch: pa.RecordBatch) -> None:
    """Write a file under a temporary name, sync it, and give it its name; its folder is made.

    Raises:
        JobError: it cannot be written.
    """
    staged = temporary_path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pa.OSFile(str(staged), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
        fsync_path(staged)
        staged.replace(path)
        fsync_path(path.parent)
    except OSError as error:
        staged.unlink(missing_ok=True)
        raise JobError(f"{path} cannot be written: {error}; the same command again goes on") from None


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
            use_dictionary=list(kind.DICTIONARY_COLUMNS),
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
    if kind == IMAGE_TYPE:
        return {"_type": "Image"}
    if pa.types.is_struct(kind):
        return {child.name: _feature(child.type) for child in kind}
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        return [_feature(kind.value_type)]  # a "Sequence" of records would be a record of sequences
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "Sequence"}
    return {"dtype": "float32" if pa.types.is_float32(kind) else str(kind), "_type": "Value"}


LMDB_DATA_FILE = "data.mdb"
"""The file in an LMDB's folder."""

_SPARE = 2**20  # bytes of the map for the tree's inner pages


class LmdbWriter:
    """Writes one LMDB folder with nothing in it but data.mdb; the same rows give the same bytes.

    Keys: `num-samples`; `image-%09d`, `label-%09d` and `meta-%09d` (JSON), counted from 1.

    Args:
        path: of the folder.
        kind: of the rows.
    """

    def __init__(self, path: Path, kind: type[AnyRow]) -> None:
        path.mkdir()
        self._count = 0
        self._environment = lmdb.open(str(path), map_size=_SPARE, lock=False, sync=False, metasync=False)

    def write(self, rows: Sequence[Any]) -> None:
        """Write rows in one transaction."""
        values: list[tuple[str, bytes]] = []
        for number, row in enumerate(rows, self._count + 1):
            values.append((f"image-{number:09d}", row.image))
            values.append((f"label-{number:09d}", row.label.encode()))
            values.append((f"meta-{number:09d}", row.meta_json().encode()))
        self._put(values)
        self._count += len(rows)

    def close(self) -> None:
        """Write the number of samples."""
        self._put([("num-samples", str(self._count).encode())])
        self._environment.close()

    def _put(self, values: list[tuple[str, bytes]]) -> None:
        # The map grows as needed: its size is kept in the file, and every reader reserves as much address space.
        page = self._environment.stat()["psize"]
        used = (self._environment.info()["last_pgno"] + 1) * page
        self._environment.set_mapsize(used + sum(len(value) + page for _, value in values) + _SPARE)
        with self._environment.begin(write=True) as transaction:
            # In the order of their keys pages are filled from left to right.
            for key, value in sorted(values):
                transaction.put(key.encode(), value)
