"""Sources one after the other, as one."""

from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Row = TypeVar("Row")


class Part(Protocol[Row]):
    """N rows of lines or scenes."""

    def __len__(self) -> int: ...

    @property
    def groups(self) -> NDArray[np.int64]:
        """(G + 1,) rows at which a run that is cheap to read together begins; the last entry is N."""
        ...

    def read(self, rows: NDArray[np.int64]) -> list[Row]:
        """These rows, in this order."""
        ...


@dataclass(frozen=True)
class Parts(Generic[Row]):
    """Sources one after the other.

    Attributes:
        name: as the user gave it.
        parts: at least one.
    """

    name: str
    parts: tuple[Part[Row], ...]

    def __len__(self) -> int:
        return int(self.starts[-1])

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """(parts + 1,) first row of every part, and the number of rows."""
        return np.cumsum([0, *map(len, self.parts)])

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """The parts' groups."""
        inner = [start + part.groups[:-1] for start, part in zip(self.starts, self.parts, strict=False)]
        return np.append(np.concatenate(inner), len(self))

    def read(self, rows: NDArray[np.int64]) -> list[Row]:
        """These rows, in this order."""
        owners = np.searchsorted(self.starts, rows, side="right") - 1
        order = np.argsort(owners, kind="stable")
        found: list[Row] = []
        for owner in np.unique(owners):
            mine = order[owners[order] == owner]
            found += self.parts[owner].read(rows[mine] - self.starts[owner])
        return [found[position] for position in np.argsort(order)]
