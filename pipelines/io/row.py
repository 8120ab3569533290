"""Rows of shards: labelled images in the representations that the file formats need."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from pipelines.io.statistics import Statistics
from synthtext.core import AppliedEffect, Parameters


class Row(Protocol):
    """A row of a shard."""

    KIND: ClassVar[str]
    """Kind of a dataset of such rows: "lines" or "scenes"."""

    SCHEMA: ClassVar[pa.Schema]
    """Columns of the Parquet file."""

    DICTIONARY_COLUMNS: ClassVar[tuple[str, ...]]
    """Columns with few distinct values, which are dictionary-encoded."""

    ROW_GROUP_SIZE: ClassVar[int]
    """Rows in a row group, the unit that a shuffling reader loads and a writer buffers."""

    SHARD_SIZE: ClassVar[int]
    """Default number of rows in a shard. It must not depend on the number of workers."""

    @property
    def image(self) -> bytes:
        """The encoded image."""
        ...

    @property
    def label(self) -> str:
        """The label in an LMDB."""
        ...

    def meta_json(self) -> str:
        """Return everything but image and label, for an LMDB."""
        ...

    @staticmethod
    def columns(rows: Sequence[Any]) -> list[pa.Array]:
        """Return the columns of rows of this type, in the order of `SCHEMA`."""
        ...

    def add_to(self, statistics: Statistics) -> None:
        """Add this row to the statistics of its shard."""
        ...


AnyRow = TypeVar("AnyRow", bound=Row)

IMAGE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""Type of the image column, which Hugging Face `datasets` shows as images."""


def image_array(images: Sequence[bytes], paths: Sequence[str]) -> pa.StructArray:
    """Return the column of encoded images."""
    return pa.StructArray.from_arrays(
        [pa.array(images, pa.binary()), pa.array(paths, pa.string())], fields=list(IMAGE_TYPE)
    )


def provenance_json(effects: Sequence[AppliedEffect], parameters: Parameters) -> str:
    """Return the column `meta` of a generated sample: its effects with their parameters, and all other parameters."""
    return to_json({"effects": [list(applied) for applied in effects], "parameters": parameters})


def to_json(value: Parameters | list[Parameters]) -> str:
    """Return nested values as compact JSON; NumPy scalars and arrays become numbers and lists."""
    return _ENCODER.encode(value)


def _to_builtin(value: object) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} is neither a JSON value nor an array of numbers")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_to_builtin)


def list_array(arrays: Sequence[np.ndarray], dtype: type[np.generic]) -> pa.ListArray:
    """Return a column of lists, without a Python object for every number."""
    ends = np.cumsum([0, *map(len, arrays)]).astype(np.int32)
    values = np.concatenate(arrays).astype(dtype, copy=False) if arrays else np.zeros(0, dtype)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(values))
