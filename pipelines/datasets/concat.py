"""Sources one after the other, as one."""

from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

RowT = TypeVar("RowT")


class RowSource(Protocol[RowT]):
    """N rows of lines or scenes."""

    def __len__(self) -> int: ...

    @property
    def group_offsets(self) -> NDArray[np.int64]:
        """(G + 1,) rows at which a run that is cheap to read together begins; the last entry is N."""
        ...

    def read(self, rows: NDArray[np.int64]) -> list[RowT]:
        """These rows, in this order."""
        ...


@dataclass(frozen=True)
class ConcatenatedSource(Generic[RowT]):
    """Sources one after the other.

    Attributes:
        name: as the user gave it.
        parts: at least one.
    """

    name: str
    parts: tuple[RowSource[RowT], ...]

    def __len__(self) -> int:
        return int(self.part_offsets[-1])

    @cached_property
    def part_offsets(self) -> NDArray[np.int64]:
        """(parts + 1,) first row of every part, and the number of rows."""
        return np.cumsum([0, *map(len, self.parts)])

    @cached_property
    def group_offsets(self) -> NDArray[np.int64]:
        """The parts' groups."""
        inner = [start + part.group_offsets[:-1] for start, part in zip(self.part_offsets, self.parts, strict=False)]
        return np.append(np.concatenate(inner), len(self))

    def read(self, rows: NDArray[np.int64]) -> list[RowT]:
        """These rows, in this order."""
        owners = np.searchsorted(self.part_offsets, rows, side="right") - 1
        order = np.argsort(owners, kind="stable")
        found: list[RowT] = []
        for owner in np.unique(owners):
            mine = order[owners[order] == owner]
            found += self.parts[owner].read(rows[mine] - self.part_offsets[owner])
        return [found[position] for position in np.argsort(order)]
