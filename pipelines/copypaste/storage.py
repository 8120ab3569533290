"""A bank of crops in a file that many processes map."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from augment.copy_paste import Columns, CropBank
from pipelines.shards.arrow import write_batch
from synthtext.core import InputError

_DIGEST, _LEFT_OUT = b"digest", b"left_out"


def save_bank(path: Path, bank: CropBank, digest: str, left_out: Mapping[str, int]) -> None:
    """Write a bank as an Arrow file of one row, a list for each of its arrays, under another name first.

    Args:
        path: of the file.
        bank: to be written.
        digest: of what decides the crops.
        left_out: texts that were not cut, by reason.

    Raises:
        JobError: it cannot be written.
    """
    columns = [
        pa.LargeListArray.from_arrays(pa.array([0, values.size], pa.int64()), pa.array(values.reshape(-1)))
        for values in bank.columns
    ]
    metadata = {_DIGEST: digest.encode(), _LEFT_OUT: json.dumps(dict(left_out)).encode()}
    batch = pa.RecordBatch.from_arrays(columns, names=list(Columns._fields)).replace_schema_metadata(metadata)
    write_batch(path, batch)


def load_bank(path: str | Path) -> CropBank:
    """Map the crops of a job (`DIR/crops.arrow`), to paste them while training.

    Raises:
        InputError: there is no such file, or it is broken.
    """
    found = open_bank(Path(path), None)
    if found is None:
        raise InputError(f"{path} is no bank of crops: name the crops.arrow of a CopyPaste data set")
    return found[0]


def open_bank(path: Path, digest: str | None) -> tuple[CropBank, "Counter[str]"] | None:
    """Map a bank.

    Args:
        path: of the file.
        digest: that it must have; None: any.

    Returns:
        The bank and why texts were left out; None if there is no such bank.
    """
    if not path.is_file():
        return None
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        metadata = reader.schema.metadata or {}
        if digest is not None and metadata.get(_DIGEST) != digest.encode():
            return None
        if reader.schema.names != list(Columns._fields):
            return None
        batch = reader.get_batch(0)
        arrays = {name: batch.column(name).values.to_numpy(zero_copy_only=False) for name in Columns._fields}
        left_out: Counter[str] = Counter(json.loads(metadata[_LEFT_OUT]))
    except (OSError, pa.ArrowException, ValueError) as error:
        raise InputError(f"{path} is broken: {error}; delete it, and the same command makes it anew") from None
    return CropBank(_shaped(arrays)), left_out


def _shaped(arrays: "dict[str, object]") -> Columns:
    """The arrays in their shapes, of which a file holds the numbers alone."""
    columns = Columns(**arrays)  # type: ignore[arg-type]
    return columns._replace(
        sizes=columns.sizes.reshape(-1, 2), points=columns.points.reshape(-1, 2), tones=columns.tones.reshape(-1, 3, 3)
    )
