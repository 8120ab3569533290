"""Sources of labelled images: their protocols, what all formats have in common, and concatenated sources."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, SupportsIndex, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import decode_image
from pipelines.datasets.sequence import RowSequence, RowT_co
from pipelines.errors import format_counts
from pipelines.io.location import RemotePath, parallel_map
from pipelines.io.paths import AnyPath
from synthtext.core import InputError, Sample

COUNTERCLOCKWISE = "counterclockwise polygon"
SELF_INTERSECTING_QUAD = "self-intersecting quadrilateral"
SELF_INTERSECTING_POLYGON = "self-intersecting polygon"
OUTSIDE_IMAGE = "polygon outside of the image"
PARTLY_OUTSIDE_IMAGE = "polygon partly outside of the image"
LONE_SURROGATE = "text with a lone surrogate"
SEVERAL_POLYGONS = "polygon in several parts"
BOX_INSTEAD_OF_POLYGON = "mask without a polygon, replaced by its box"

_OUTCOMES = {
    "repaired": (COUNTERCLOCKWISE, SELF_INTERSECTING_QUAD),
    "kept": (PARTLY_OUTSIDE_IMAGE, BOX_INSTEAD_OF_POLYGON),
    "ignored": (SELF_INTERSECTING_POLYGON, SEVERAL_POLYGONS, LONE_SURROGATE),
}
"""What becomes of texts with these problems; texts with any other problem are left out."""


def describe_label_problems(problems: Mapping[str, int]) -> str:
    """Describe problems of labels by outcome, such as "repaired: counterclockwise polygon (3)"; empty for none."""
    others = tuple(problems.keys() - set(chain.from_iterable(_OUTCOMES.values())))
    counts = {
        outcome: format_counts({name: problems[name] for name in names if name in problems})
        for outcome, names in {**_OUTCOMES, "left out": others}.items()
    }
    return "; ".join(f"{outcome}: {described}" for outcome, described in counts.items() if described)


MISSING_IMAGE, MISSING_LABEL = "image missing", "label missing"
BROKEN_IMAGE, UNREADABLE_LABEL = "image broken", "label unreadable"
"""Reasons why a row cannot be used."""

OUTSIDE_FOLDER = "image outside of the folder, see --allow-outside"
"""The reason of an image that a symbolic link leads to."""

MAX_NAMED = 10
"""Broken labels of a source that are named one by one; others are only counted."""

_logger = logging.getLogger("pipelines.datasets")
_named: Counter[str] = Counter()  # broken labels by source


class MissingDataError(InputError):
    """A part of a source is missing; `reason` says what, for counts of rows that are left out."""

    def __init__(self, message: str, reason: str = MISSING_IMAGE) -> None:
        super().__init__(message)
        self.reason = reason


class EncodedLine(NamedTuple):
    """A line as it is stored. A notebook shows its image and its text.

    Attributes:
        key: Names the line in its source.
        image: The encoded image.
        text: As labelled.
    """

    key: str
    image: bytes
    text: str

    def decode(self) -> Sample:
        """Return the line with its pixels; raises InputError if the image is broken."""
        return Sample(self.key, decode_image(self.image, self.key), self.text)

    def __repr__(self) -> str:
        return f"EncodedLine(key={self.key!r}, text={self.text!r}, {len(self.image):,} bytes)"

    def _repr_html_(self) -> str:
        return self.decode()._repr_html_()


ResultT = TypeVar("ResultT")


class RowSource(Protocol[RowT_co]):
    """N lines or scenes, which behave as a Python sequence: length, index, slice, and iteration.

    A source holds no object for each row. A slice is lazy. A pickled copy opens the files again.
    """

    @property
    def name(self) -> str:
        """The name as the user gave it."""
        ...

    def __len__(self) -> int: ...

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> RowT_co: ...
    @overload
    def __getitem__(self, index: slice, /) -> RowSequence[RowT_co]: ...

    def __iter__(self) -> Iterator[RowT_co]: ...

    @property
    def group_offsets(self) -> NDArray[np.int64]:
        """(G + 1,) first row of each group of rows that are cheap to read together; the last entry is N."""
        ...

    def read(self, rows: NDArray[np.int64]) -> Sequence[RowT_co]:
        """Read rows, in the given order.

        Raises:
            InputError: An image is missing or a label is invalid; the message names it.
        """
        ...


class LineSource(RowSource[EncodedLine], Protocol):
    """N labelled lines."""

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
            names: Of columns of shards: font, script, corpus, contrast, effects, ...; or confidence.

        Returns:
            Those that the source has, each with a value for every row, None where it is unknown. Label files have none
            but the confidence that `ocrmill select` writes, LMDBs of other tools none.
        """
        ...


@dataclass(frozen=True)
class StoredSource(RowSequence[RowT_co]):
    """N labelled images at a path or a URI."""

    path: AnyPath

    READ_GROUP_SIZE: ClassVar[int] = 1024
    """Rows that are read together where the format has no row groups."""

    @property
    def name(self) -> str:
        """The path or the URI."""
        return str(self.path)

    @property
    def group_offsets(self) -> NDArray[np.int64]:
        """(G + 1,) first row of each group of `READ_GROUP_SIZE` rows; the last entry is N."""
        return np.append(np.arange(0, len(self), self.READ_GROUP_SIZE), len(self))


@dataclass(frozen=True)
class LocalSource(StoredSource[RowT_co]):
    """N labelled images at a local path."""

    path: Path


@dataclass(frozen=True)
class ConcatenatedSource(RowSequence[RowT_co]):
    """Sources (at least one) one after the other, as one source; `name` is as the user gave it."""

    name: str
    parts: tuple[RowSource[RowT_co], ...]

    def __len__(self) -> int:
        return int(self.part_offsets[-1])

    @cached_property
    def part_offsets(self) -> NDArray[np.int64]:
        """(parts + 1,) first row of each part; the last entry is the number of rows."""
        return np.cumsum([0, *map(len, self.parts)])

    @cached_property
    def group_offsets(self) -> NDArray[np.int64]:
        """(G + 1,) first row of each group of each part; the last entry is the number of rows."""
        groups = [start + part.group_offsets[:-1] for start, part in zip(self.part_offsets, self.parts, strict=False)]
        return np.append(np.concatenate(groups), len(self))

    def part_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the index of the part that holds each row."""
        return np.searchsorted(self.part_offsets, rows, side="right") - 1

    def read(self, rows: NDArray[np.int64]) -> list[RowT_co]:
        """Read rows, in the given order."""
        owners = self.part_of(rows)
        order = np.argsort(owners, kind="stable")
        items: list[RowT_co] = []
        for owner in np.unique(owners):
            positions = order[owners[order] == owner]
            items += self.parts[owner].read(rows[positions] - self.part_offsets[owner])
        return [items[position] for position in np.argsort(order)]


@dataclass(frozen=True)
class ConcatenatedLines(ConcatenatedSource[EncodedLine]):
    """Sources of lines one after the other, as one source."""

    parts: tuple[LineSource, ...]

    def texts(self) -> Iterator[str]:
        """Iterate over all labels, in order."""
        return chain.from_iterable(self._map_parts(lambda part: list(part.texts())))

    def sizes(self) -> NDArray[np.int64]:
        """Return width and height of every image, (N, 2) pixels."""
        return np.concatenate(list(self._map_parts(lambda part: part.sizes())))

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Read the chosen columns that all parts have."""
        tables = list(self._map_parts(lambda part: part.columns(names)))
        common = [name for name in names if all(name in table for table in tables)]
        return {name: [value for table in tables for value in table[name]] for name in common}

    def _map_parts(self, function: Callable[[LineSource], ResultT]) -> Iterator[ResultT]:
        """Apply a function to every part, in order; to several parts at a time if any is remote."""
        is_remote = any(isinstance(part, StoredSource) and isinstance(part.path, RemotePath) for part in self.parts)
        return parallel_map(function, self.parts) if is_remote else map(function, self.parts)


def read_row(source: RowSource[RowT_co], row: int, name_broken: bool = True) -> RowT_co | str:
    """Read a row; if it cannot be read, return the reason. A warning names each of the first broken labels."""
    try:
        return source.read(np.array([row]))[0]
    except MissingDataError as error:
        return error.reason
    except InputError as error:
        if name_broken and _named[source.name] < MAX_NAMED:
            _named[source.name] += 1
            _logger.warning("%s", error)
        return UNREADABLE_LABEL


def read_rows(source: RowSource[RowT_co], rows: NDArray[np.int64]) -> Sequence[RowT_co | str]:
    """Read rows together; if that fails, read each alone and return the reason for those that cannot be read."""
    try:
        return source.read(rows)
    except InputError:
        return [read_row(source, row) for row in rows.tolist()]
