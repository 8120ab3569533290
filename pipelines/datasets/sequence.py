"""Access to the rows of a source as to a Python sequence: by index, by slice, and in a loop."""

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Generic, SupportsIndex, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

RowT_co = TypeVar("RowT_co", covariant=True)

_READ_SIZE = 16  # rows that are in memory while iterating


class RowSequence(ABC, Generic[RowT_co]):
    """N rows that a subclass reads by their indices."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def read(self, rows: NDArray[np.int64]) -> Sequence[RowT_co]:
        """Read rows, in the given order."""

    @overload
    def __getitem__(self, index: SupportsIndex) -> RowT_co: ...
    @overload
    def __getitem__(self, index: slice) -> "RowSlice[RowT_co]": ...
    def __getitem__(self, index: SupportsIndex | slice) -> "RowT_co | RowSlice[RowT_co]":
        """Return a row, or a slice, which reads its rows when they are used.

        Raises:
            IndexError: There is no such row.
        """
        if isinstance(index, slice):
            return RowSlice(self, range(*index.indices(len(self))))
        row, count = operator.index(index), len(self)
        if not -count <= row < count:
            raise IndexError(f"there is no row {row:,}: the source has {count:,}")
        return self.read(np.array([row % count]))[0]

    def __iter__(self) -> Iterator[RowT_co]:
        for start in range(0, len(self), _READ_SIZE):
            yield from self.read(np.arange(start, min(start + _READ_SIZE, len(self))))


class RowSlice(RowSequence[RowT_co]):
    """A slice of a sequence of rows."""

    def __init__(self, source: RowSequence[RowT_co], rows: range) -> None:
        self._source, self._rows = source, rows

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, rows: NDArray[np.int64]) -> Sequence[RowT_co]:
        """Read rows, counted from the start of the slice, in the given order."""
        return self._source.read(self._rows.start + self._rows.step * rows)

    def __repr__(self) -> str:
        return f"{self._source!r}[{self._rows.start}:{self._rows.stop}:{self._rows.step}]"
