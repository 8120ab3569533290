"""What a shard holds: labelled pictures, in the forms in which the file formats take them."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from pipelines.io.statistics import Statistics
from synthtext.core import Parameters


class Row(Protocol):
    """A row of a shard."""

    KIND: ClassVar[str]
    """What a data set of such rows is called: "lines", "scenes"."""

    SCHEMA: ClassVar[pa.Schema]
    """The columns in Parquet."""

    DICTIONARY_COLUMNS: ClassVar[tuple[str, ...]]
    """Columns of few different values."""

    ROW_GROUP_SIZE: ClassVar[int]
    """Rows in a row group: what a reader that shuffles takes in one piece, and what a writer holds."""

    SHARD_SIZE: ClassVar[int]
    """Rows in a shard, if the user does not say. It must not follow the number of workers."""

    @property
    def image(self) -> bytes:
        """The encoded picture."""
        ...

    @property
    def label(self) -> str:
        """The label in an LMDB."""
        ...

    def meta_json(self) -> str:
        """Everything beside picture and label, in an LMDB."""
        ...

    @staticmethod
    def columns(rows: Sequence[Any]) -> list[pa.Array]:
        """The columns of rows of this kind, in the order of `SCHEMA`."""
        ...

    def add_to(self, statistics: Statistics) -> None:
        """Add this row to the statistics of its shard."""
        ...


AnyRow = TypeVar("AnyRow", bound=Row)

IMAGE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""The column of pictures."""


def image_array(images: Sequence[bytes], paths: Sequence[str]) -> pa.StructArray:
    """The column of pictures."""
    return pa.StructArray.from_arrays(
        [pa.array(images, pa.binary()), pa.array(paths, pa.string())], fields=list(IMAGE_TYPE)
    )


def to_json(value: Parameters | list[Parameters]) -> str:
    """A tree as JSON; numpy's scalars and arrays, which an effect may have drawn, become plain numbers and lists."""
    return _ENCODER.encode(value)


def _plain(value: object) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} is neither a JSON value nor an array of numbers")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


def list_array(arrays: Sequence[np.ndarray], dtype: type[np.generic]) -> pa.ListArray:
    """A column of lists: one concatenation instead of a Python object for every number."""
    ends = np.cumsum([0, *map(len, arrays)]).astype(np.int32)
    values = np.concatenate(arrays).astype(dtype, copy=False) if arrays else np.zeros(0, dtype)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(values))
