"""The index of a recipe as a file, with what was scanned."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.datasets.online import SourceIndex
from pipelines.io.writers import write_record_batch
from synthtext.core import InputError

_COLUMNS = ("index", "width", "height", "text")
_METADATA = b"index"


def save_index(path: Path, index: SourceIndex, scanned: Mapping[str, object]) -> None:
    """Write an index as an Arrow file, atomically.

    Args:
        path: Of the file.
        index: The index to write.
        scanned: What was scanned, as JSON values.

    Raises:
        JobError: The file cannot be written.
    """
    arrays = [
        pa.array(index.indices, pa.uint32()),
        *(pa.array(index.sizes[:, axis], pa.int32()) for axis in (0, 1)),
        index.texts,
    ]
    metadata = json.dumps({"count": index.count, "skipped": index.skipped, "scanned": scanned}, ensure_ascii=False)
    batch = pa.RecordBatch.from_arrays(arrays, names=list(_COLUMNS))
    write_record_batch(path, batch.replace_schema_metadata({_METADATA: metadata.encode()}))


def load_index(path: Path) -> tuple[SourceIndex, dict[str, object]] | None:
    """Read an index, and what was scanned.

    Returns:
        Both; None if there is no such file.

    Raises:
        InputError: The file is damaged.
    """
    if not path.is_file():
        return None
    try:
        with pa.memory_map(str(path)) as file:
            batch = pa.ipc.open_file(file).get_batch(0)
            metadata = json.loads((batch.schema.metadata or {})[_METADATA])
            indices, width, height, texts = (batch.column(name) for name in _COLUMNS)
            index = SourceIndex(
                metadata["count"],
                indices.to_numpy().astype(np.int64),
                np.stack([width.to_numpy(), height.to_numpy()], axis=1).astype(np.int64),
                pa.array(texts.to_pylist(), pa.string()),  # a copy, because the file may be removed
                metadata["skipped"],
            )
    except (OSError, pa.ArrowInvalid, KeyError, ValueError) as error:
        raise InputError(f"{path} is damaged ({error}): remove it, and re-run the same command") from None
    return index, metadata["scanned"]
