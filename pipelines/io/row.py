"""Rows of shards: labelled images in the representations that the file formats need."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np
import pyarrow as pa

from pipelines.io.arrow import arrow_array
from pipelines.io.statistics import Statistics
from synthtext.core import Parameters, Sample, Scene

IMAGE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""Type of the image column, which Hugging Face `datasets` shows as images."""


class Row(ABC):
    """A row of a shard.

    Attributes:
        key: unique in the dataset.
        image: the encoded image.
        path: file name of the image; its suffix gives the format.
        width: of the image, pixels.
        height: of the image, pixels.
        effects: names, in the order of their application.
        meta: everything else, JSON.
        rejected: reasons of rejected attempts; only counted in the statistics, not stored.
    """

    __slots__ = ()

    key: str
    image: bytes
    path: str
    width: int
    height: int
    effects: tuple[str, ...]
    meta: str
    rejected: tuple[str, ...]

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
    @abstractmethod
    def label(self) -> str:
        """The label in an LMDB."""

    @abstractmethod
    def add_to(self, statistics: Statistics) -> None:
        """Add this row to the statistics of its shard."""

    def column_values(self) -> dict[str, Any]:
        """Return the value of each column of `SCHEMA`."""
        values = {name: getattr(self, name) for name in self.SCHEMA.names}
        return values | {"image": {"bytes": self.image, "path": self.path}}

    def json_values(self) -> dict[str, Any]:
        """Return the values that `meta_json` writes in another way than Parquet."""
        return {"meta": json.loads(self.meta)}

    def meta_json(self) -> str:
        """Return all columns but image and text by name, for an LMDB; `meta` is an object, coordinates are rounded."""
        values = self.column_values() | self.json_values()
        return to_json({name: value for name, value in values.items() if name not in ("image", "text")})

    @classmethod
    def columns(cls, rows: Sequence["Row"]) -> list[pa.Array]:
        """Return the columns of rows of this type, in the order of `SCHEMA`."""
        values = [row.column_values() for row in rows]
        return [arrow_array([row[field.name] for row in values], field.type) for field in cls.SCHEMA]


AnyRow = TypeVar("AnyRow", bound=Row)


def generated_fields(item: Sample | Scene, image: bytes, suffix: str) -> dict[str, Any]:
    """Return the fields of every row of a generated sample with its encoded image; file names end with `suffix`."""
    height, width = item.image.shape[:2]
    effects = item.meta.effects
    return {
        "key": item.key,
        "image": image,
        "path": item.key + suffix,
        "width": width,
        "height": height,
        "effects": tuple(applied.name for applied in effects),
        "meta": to_json({"effects": [list(applied) for applied in effects], "parameters": item.meta.parameters}),
        "rejected": item.meta.rejected,
    }


def to_json(value: Parameters | list[Parameters]) -> str:
    """Return nested values as compact JSON; NumPy scalars and arrays become numbers and lists."""
    return _ENCODER.encode(value)


def rounded(points: np.ndarray) -> np.ndarray:
    """Return coordinates rounded to 0.001 pixels, float64."""
    return points.astype(np.float64).round(3)


def _to_builtin(value: object) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{value!r} is neither a JSON value nor an array of numbers")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_to_builtin)
