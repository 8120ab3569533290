"""Writers of Arrow, Parquet and LMDB files; the same rows give the same bytes."""

import errno
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.io.atomic import fsync_path, temporary_path, wrap_write_errors
from pipelines.io.row import IMAGE_TYPE, AnyRow


def write_record_batch(path: Path, batch: pa.RecordBatch) -> None:
    """Write one record batch as an Arrow file, atomically, for readers that map it; its folder is created.

    Raises:
        JobError: the file cannot be written.
    """
    staged = temporary_path(path)
    with wrap_write_errors(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with pa.OSFile(str(staged), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
                writer.write_batch(batch)
            fsync_path(staged)
            staged.replace(path)
            fsync_path(path.parent)
        except OSError:
            staged.unlink(missing_ok=True)
            raise


class ParquetWriter:
    """Writes a Parquet file.

    Args:
        path: of the file.
        row_type: of the rows.
    """

    def __init__(self, path: Path, row_type: type[AnyRow]) -> None:
        self._row_type = row_type
        # Hugging Face `datasets` shows columns of type Image as images.
        features = {"info": {"features": {field.name: _feature(field.type) for field in row_type.SCHEMA}}}
        self._schema = row_type.SCHEMA.with_metadata({"huggingface": json.dumps(features)})
        self._file = pq.ParquetWriter(
            path,
            self._schema,
            compression={name: "zstd" for name in _leaves("", self._schema) if not name.startswith("image.")},
            use_dictionary=list(row_type.DICTIONARY_COLUMNS),
            write_statistics=["key", "width", "height"],  # those of images would hold the smallest and largest in full
            write_page_checksum=True,
        )

    def write(self, rows: Sequence[Any]) -> None:
        """Write a row group."""
        batch = pa.RecordBatch.from_arrays(self._row_type.columns(rows), schema=self._schema)
        self._file.write_batch(batch, row_group_size=len(rows))

    def close(self) -> None:
        """Write the footer."""
        self._file.close()


def _leaves(prefix: str, fields: Iterable[pa.Field]) -> Iterator[str]:
    """The names of the columns without children; those of images hold compressed data already."""
    for field in fields:
        name, data_type = f"{prefix}{field.name}", field.type
        while pa.types.is_list(data_type):
            name, data_type = f"{name}.list.element", data_type.value_type
        yield from _leaves(f"{name}.", data_type) if pa.types.is_struct(data_type) else [name]


def _feature(data_type: pa.DataType) -> Any:
    """Return a type in the format of Hugging Face `datasets`."""
    if data_type == IMAGE_TYPE:
        return {"_type": "Image"}
    if pa.types.is_struct(data_type):
        return {child.name: _feature(child.type) for child in data_type}
    if pa.types.is_list(data_type) and pa.types.is_struct(data_type.value_type):
        return [_feature(data_type.value_type)]  # `datasets` turns a "Sequence" of structs into a struct of sequences
    if pa.types.is_list(data_type):
        return {"feature": _feature(data_type.value_type), "_type": "Sequence"}
    return {"dtype": "float32" if pa.types.is_float32(data_type) else str(data_type), "_type": "Value"}


LMDB_DATA_FILE = "data.mdb"
"""Name of the data file in the folder of an LMDB."""

_MAP_RESERVE = 2**20  # bytes for the inner pages of the tree


@contextmanager
def _naming_full_disk(path: Path) -> Iterator[None]:
    """Name a full disk, which LMDB reports as an input/output error, because its last write was a short one."""
    try:
        yield
    except lmdb.Error as error:
        if shutil.disk_usage(path).free < _MAP_RESERVE and "Input/output error" in str(error):
            raise OSError(errno.ENOSPC, "No space left on device: the disk is full") from None
        raise


class LmdbWriter:
    """Writes the folder of an LMDB, which holds data.mdb alone.

    Keys: `num-samples`; `image-%09d`, `label-%09d` and `meta-%09d` (JSON), counted from 1.

    Args:
        path: of the folder.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self._path, self._count = path, 0
        self._environment = lmdb.open(str(path), map_size=_MAP_RESERVE, lock=False, sync=False, metasync=False)

    def write(self, rows: Sequence[Any]) -> None:
        """Write rows in one transaction."""
        values: list[tuple[str, bytes]] = []
        for number, row in enumerate(rows, self._count + 1):
            values.append((f"image-{number:09d}", row.image))
            values.append((f"label-{number:09d}", row.label.encode()))
            values.append((f"meta-{number:09d}", row.meta_json().encode()))
        with _naming_full_disk(self._path):
            self._put(values)
        self._count += len(rows)

    def close(self) -> None:
        """Write the number of samples."""
        try:
            with _naming_full_disk(self._path):
                self._put([("num-samples", str(self._count).encode())])
        finally:
            self._environment.close()

    def _put(self, values: list[tuple[str, bytes]]) -> None:
        # The map grows as needed: the file stores its size, and every reader reserves as much address space.
        page = self._environment.stat()["psize"]
        used = (self._environment.info()["last_pgno"] + 1) * page
        self._environment.set_mapsize(used + sum(len(value) + page for _, value in values) + _MAP_RESERVE)
        with self._environment.begin(write=True) as transaction:
            # In the order of the keys, pages are filled one after the other.
            for key, value in sorted(values):
                transaction.put(key.encode(), value)
