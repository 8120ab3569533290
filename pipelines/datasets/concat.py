"""Concatenated sources."""

from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

RowT = TypeVar("RowT")


class RowSource(Protocol[RowT]):
    """A source of N rows, each a line or a scene."""

    def __len__(self) -> int: ...

    @property
    def group_offsets(self) -> NDArray[np.int64]:
        """(G + 1,) first row of each group of rows that are cheap to read together; the last entry is N."""
        ...

    def read(self, rows: NDArray[np.int64]) -> list[RowT]:
        """Read rows, in the given order."""
        ...


@dataclass(frozen=True)
class ConcatenatedSource(Generic[RowT]):
    """Sources one after the other, as one source.

    Attributes:
        name: As the user gave it.
        parts: At least one source.
    """

    name: str
    parts: tuple[RowSource[RowT], ...]

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

    def read(self, rows: NDArray[np.int64]) -> list[RowT]:
        """Read rows, in the given order."""
        owners = self.part_of(rows)
        order = np.argsort(owners, kind="stable")
        items: list[RowT] = []
        for owner in np.unique(owners):
            positions = order[owners[order] == owner]
            items += self.parts[owner].read(rows[positions] - self.part_offsets[owner])
        return [items[position] for position in np.argsort(order)]
