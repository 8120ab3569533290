"""What was wrong with labels of scenes, in words: what was mended, made ignored, kept or left out."""

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

COUNTERCLOCKWISE = "polygon runs counterclockwise"
SELF_INTERSECTING_QUAD = "polygon crosses itself"
SELF_INTERSECTING_POLYGON = "polygon of more than four points crosses itself"
OUTSIDE_IMAGE = "polygon outside of the picture"
PARTLY_OUTSIDE_IMAGE = "polygon reaches over the picture's edge"
LONE_SURROGATE = "text with half of a surrogate pair"
SEVERAL_POLYGONS = "polygon in several pieces"
BOX_INSTEAD_OF_POLYGON = "mask without a polygon, its box is taken"

_BECAME = {
    COUNTERCLOCKWISE: "mended",
    SELF_INTERSECTING_QUAD: "mended",
    SELF_INTERSECTING_POLYGON: "to be ignored",
    SEVERAL_POLYGONS: "to be ignored",
    LONE_SURROGATE: "to be ignored",
    PARTLY_OUTSIDE_IMAGE: "kept",
    BOX_INSTEAD_OF_POLYGON: "kept",
}
_LEFT_OUT = "left out"


def describe_label_problems(problems: Mapping[str, int]) -> str:
    """Counts and reasons by what became of the labels, such as "mended: polygon crosses itself (3)"; empty for none."""
    parts = []
    for became in ("mended", "kept", "to be ignored", _LEFT_OUT):
        mine = {name: count for name, count in problems.items() if _BECAME.get(name, _LEFT_OUT) == became}
        if mine:
            parts.append(f"{became}: {format_counts(mine)}")
    return "; ".join(parts)


@dataclass(frozen=True)
class StoredSource(ABC):
    """N labelled pictures at a path or a URI.

    Attributes:
        path: of the file or folder, or its URI.
    """

    path: AnyPath

    READ_GROUP_SIZE: ClassVar[int] = 1024
    """Rows that are read together where the format has no row groups of its own."""

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    def name(self) -> str:
        """The path or the URI."""
        return str(self.path)

    @property
    def group_offsets(self) -> NDArray[np.int64]:
        """(G + 1,) rows at which runs begin that are read together, and N; reading one row alone costs no more."""
        return np.append(np.arange(0, len(self), self.READ_GROUP_SIZE), len(self))


@dataclass(frozen=True)
class LocalSource(StoredSource):
    """N labelled pictures at a path.

    Attributes:
        path: of the file or folder.
    """

    path: Path


ResultT = TypeVar("ResultT")

MISSING_IMAGE, MISSING_LABEL = "picture missing", "label missing"
BROKEN_IMAGE, UNREADABLE_LABEL = "picture broken", "label unreadable"
"""Why a row cannot be used."""


class MissingDataError(InputError):
    """Something that a source promises is not there; `reason` says what, for those who count what they leave out."""

    def __init__(self, message: str, reason: str = MISSING_IMAGE) -> None:
        super().__init__(message)
        self.reason = reason


class EncodedLine(NamedTuple):
    """One line as it is stored."""

    key: str
    image: bytes  # an encoded picture
    text: str  # as labelled


class LineSource(Protocol):
    """N labelled lines. Holds no object for a row; is pickled to other processes, which open the files anew."""

    @property
    def name(self) -> str:
        """As the user gave it."""
        ...

    def __len__(self) -> int: ...

    def texts(self) -> Iterator[str]:
        """All labels, in order."""
        ...

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of every picture, (N, 2) pixels, without decoding one.

        Raises:
            InputError: a picture is missing or is none.
        """
        ...

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Chosen columns beside picture and label, of all rows, without decoding a picture.

        Args:
            names: of columns as in shards: font, script, corpus, contrast, effects, ...

        Returns:
            Those that the source has, each with a value for every row, None where it is not known. A label file and an
            LMDB of others have none.
        """
        ...

    @property
    def group_offsets(self) -> NDArray[np.int64]:
        """(G + 1,) rows at which a run that is cheap to read together begins; the last entry is N."""
        ...

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """The lines of these rows, in this order.

        Raises:
            InputError: a picture is missing; the sentence names it.
        """
        ...


@dataclass(frozen=True)
class ConcatenatedLines(ConcatenatedSource[EncodedLine]):
    """Sources of lines one after the other, as one."""

    parts: tuple[LineSource, ...]

    def texts(self) -> Iterator[str]:
        """All labels, in order."""
        if not self._is_elsewhere:
            return (text for part in self.parts for text in part.texts())
        return (text for texts in parallel_map(lambda part: list(part.texts()), self.parts) for text in texts)

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of every picture, (N, 2) pixels."""
        return np.concatenate(list(self._each(lambda part: part.sizes())))

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """The chosen columns that all parts have."""
        found = list(self._each(lambda part: part.columns(names)))
        common = [name for name in names if all(name in columns for columns in found)]
        return {name: [value for columns in found for value in columns[name]] for name in common}

    @property
    def _is_elsewhere(self) -> bool:
        return any(isinstance(part, StoredSource) and isinstance(part.path, RemotePath) for part in self.parts)

    def _each(self, look: Callable[[LineSource], ResultT]) -> Iterator[ResultT]:
        """What a look at every part gives, in order; some at a time where a storage has to be waited for."""
        return parallel_map(look, self.parts) if self._is_elsewhere else map(look, self.parts)


RowT_co = TypeVar("RowT_co", covariant=True)


class ReadsRows(Protocol[RowT_co]):
    """Lines or scenes that are read by number."""

    def read(self, rows: NDArray[np.int64]) -> Sequence[RowT_co]:
        """These rows, in this order; raises InputError if one of them cannot be read."""
        ...


def read_row(source: ReadsRows[RowT_co], row: int) -> RowT_co | str:
    """One row; if it cannot be read, why, in words that can be counted."""
    try:
        return source.read(np.array([row]))[0]
    except MissingDataError as error:
        return error.reason
    except InputError:
        return UNREADABLE_LABEL


def read_rows(source: ReadsRows[RowT_co], rows: NDArray[np.int64]) -> Sequence[RowT_co | str]:
    """Some rows, read together where all of them can be; of those that cannot be read, why."""
    try:
        return source.read(rows)
    except InputError:
        return [read_row(source, row) for row in rows.tolist()]
