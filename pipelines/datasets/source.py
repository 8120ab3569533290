"""Sources of labelled images: what is common to all formats, and the protocol of sources of lines."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.concat import ConcatenatedSource
from pipelines.errors import format_counts
from pipelines.io.location import RemotePath, parallel_map
from pipelines.io.paths import AnyPath
from synthtext.core import InputError

COUNTERCLOCKWISE = "counterclockwise polygon"
SELF_INTERSECTING_QUAD = "self-intersecting quadrilateral"
SELF_INTERSECTING_POLYGON = "self-intersecting polygon"
OUTSIDE_IMAGE = "polygon outside of the image"
PARTLY_OUTSIDE_IMAGE = "polygon partly outside of the image"
LONE_SURROGATE = "text with a lone surrogate"
SEVERAL_POLYGONS = "polygon in several parts"
BOX_INSTEAD_OF_POLYGON = "mask without a polygon, replaced by its box"

_REPAIRED, _KEPT, _IGNORED, _LEFT_OUT = "repaired", "kept", "ignored", "left out"
_OUTCOMES = {
    COUNTERCLOCKWISE: _REPAIRED,
    SELF_INTERSECTING_QUAD: _REPAIRED,
    SELF_INTERSECTING_POLYGON: _IGNORED,
    SEVERAL_POLYGONS: _IGNORED,
    LONE_SURROGATE: _IGNORED,
    PARTLY_OUTSIDE_IMAGE: _KEPT,
    BOX_INSTEAD_OF_POLYGON: _KEPT,
}


def describe_label_problems(problems: Mapping[str, int]) -> str:
    """Describe problems of labels by outcome, such as "repaired: counterclockwise polygon (3)"; empty for none."""
    descriptions = []
    for outcome in (_REPAIRED, _KEPT, _IGNORED, _LEFT_OUT):
        counts = {name: count for name, count in problems.items() if _OUTCOMES.get(name, _LEFT_OUT) == outcome}
        if counts:
            descriptions.append(f"{outcome}: {format_counts(counts)}")
    return "; ".join(descriptions)


@dataclass(frozen=True)
class StoredSource(ABC):
    """N labelled images at a path or a URI.

    Attributes:
        path: Of the file or folder, or its URI.
    """

    path: AnyPath

    READ_GROUP_SIZE: ClassVar[int] = 1024
    """Rows that are read together where the format has no row groups."""

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    def name(self) -> str:
        """The path or the URI."""
        return str(self.path)

    @property
    def group_offsets(self) -> NDArray[np.int64]:
        """(G + 1,) first row of each group of rows that are read together; the last entry is N."""
        return np.append(np.arange(0, len(self), self.READ_GROUP_SIZE), len(self))


@dataclass(frozen=True)
class LocalSource(StoredSource):
    """N labelled images at a local path.

    Attributes:
        path: Of the file or folder.
    """

    path: Path


MISSING_IMAGE, MISSING_LABEL = "image missing", "label missing"
BROKEN_IMAGE, UNREADABLE_LABEL = "image broken", "label unreadable"
"""Reasons why a row cannot be used."""


class MissingDataError(InputError):
    """A part of a source is missing.

    Attributes:
        reason: What is missing, for counts of rows that are left out.
    """

    def __init__(self, message: str, reason: str = MISSING_IMAGE) -> None:
        super().__init__(message)
        self.reason = reason


class EncodedLine(NamedTuple):
    """A line as it is stored: its key, its encoded image, and its text as labelled."""

    key: str
    image: bytes
    text: str


class LineSource(Protocol):
    """N labelled lines. A source holds no object for each row; a pickled copy opens the files again."""

    @property
    def name(self) -> str:
        """The name as the user gave it."""
        ...

    def __len__(self) -> int: ...

    def texts(self) -> Iterator[str]:
        """Iterate over all labels, in order."""
        ...

    def sizes(self) -> NDArray[np.int64]:
        """Return width and height of every image, (N, 2) pixels, without decoding any.

        Raises:
            InputError: An image is missing or broken.
        """
        ...

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Read columns beside image and label for all rows, without decoding an image.

        Args:
            names: Of columns of shards: font, script, corpus, contrast, effects, ...

        Returns:
            Those that the source has, each with a value for every row, None where it is unknown. Label files and
            LMDBs of other tools have none.
        """
        ...

    @property
    def group_offsets(self) -> NDArray[np.int64]:
        """(G + 1,) first row of each group of rows that are cheap to read together; the last entry is N."""
        ...

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """Read lines, in the given order.

        Raises:
            InputError: An image is missing; the message names it.
        """
        ...


ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class ConcatenatedLines(ConcatenatedSource[EncodedLine]):
    """Sources of lines one after the other, as one source."""

    parts: tuple[LineSource, ...]

    def texts(self) -> Iterator[str]:
        """Iterate over all labels, in order."""
        if not self._is_remote:
            return (text for part in self.parts for text in part.texts())
        return (text for texts in parallel_map(lambda part: list(part.texts()), self.parts) for text in texts)

    def sizes(self) -> NDArray[np.int64]:
        """Return width and height of every image, (N, 2) pixels."""
        return np.concatenate(list(self._map_parts(lambda part: part.sizes())))

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Read the chosen columns that all parts have."""
        tables = list(self._map_parts(lambda part: part.columns(names)))
        common = [name for name in names if all(name in table for table in tables)]
        return {name: [value for table in tables for value in table[name]] for name in common}

    @property
    def _is_remote(self) -> bool:
        return any(isinstance(part, StoredSource) and isinstance(part.path, RemotePath) for part in self.parts)

    def _map_parts(self, function: Callable[[LineSource], ResultT]) -> Iterator[ResultT]:
        """Apply a function to every part, in order; to several remote parts at a time."""
        return parallel_map(function, self.parts) if self._is_remote else map(function, self.parts)


RowT_co = TypeVar("RowT_co", covariant=True)


class ReadsRows(Protocol[RowT_co]):
    """A source of lines or scenes that are read by index."""

    def read(self, rows: NDArray[np.int64]) -> Sequence[RowT_co]:
        """Read rows, in the given order; raises InputError if a row cannot be read."""
        ...


def read_row(source: ReadsRows[RowT_co], row: int) -> RowT_co | str:
    """Read a row; if it cannot be read, return the reason."""
    try:
        return source.read(np.array([row]))[0]
    except MissingDataError as error:
        return error.reason
    except InputError:
        return UNREADABLE_LABEL


def read_rows(source: ReadsRows[RowT_co], rows: NDArray[np.int64]) -> Sequence[RowT_co | str]:
    """Read rows together; if that fails, read each alone and return the reason for those that cannot be read."""
    try:
        return source.read(rows)
    except InputError:
        return [read_row(source, row) for row in rows.tolist()]
