"""A survey as a file, bound to what was surveyed."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.datasets.online import SourceIndex
from pipelines.io.writers import write_record_batch
from synthtext.core import InputError

_COLUMNS = ("index", "width", "height", "text")
_ABOUT = b"survey"


def save_index(path: Path, survey: SourceIndex, about: Mapping[str, object]) -> None:
    """Write a survey as an Arrow file, under another name first.

    Args:
        path: of the file.
        survey: to be written.
        about: what was surveyed, JSON.

    Raises:
        JobError: it cannot be written.
    """
    arrays = [
        pa.array(survey.indices, pa.uint32()),
        *(pa.array(survey.sizes[:, axis], pa.int32()) for axis in (0, 1)),
        survey.texts,
    ]
    told = json.dumps({**about, "gaps": survey.skipped, "surveyed": survey.count}, ensure_ascii=False)
    batch = pa.RecordBatch.from_arrays(arrays, names=list(_COLUMNS)).replace_schema_metadata({_ABOUT: told.encode()})
    write_record_batch(path, batch)


def load_index(path: Path) -> tuple[SourceIndex, dict[str, object]] | None:
    """Read a survey, and what was surveyed.

    Returns:
        Both; None if there is no such file.

    Raises:
        InputError: the file is broken.
    """
    if not path.is_file():
        return None
    try:
        with pa.memory_map(str(path)) as file:
            batch = pa.ipc.open_file(file).get_batch(0)
            about = json.loads((batch.schema.metadata or {})[_ABOUT])
            index, width, height, texts = (batch.column(name) for name in _COLUMNS)
            survey = SourceIndex(
                about.pop("surveyed"),
                index.to_numpy().astype(np.int64),
                np.stack([width.to_numpy(), height.to_numpy()], axis=1).astype(np.int64),
                pa.array(texts.to_pylist(), pa.string()),  # a copy: the file may go
                about.pop("gaps"),
            )
    except (OSError, pa.ArrowInvalid, KeyError, ValueError) as error:
        raise InputError(f"{path} is damaged ({error}): remove it, and the same command makes it again") from None
    return survey, about
