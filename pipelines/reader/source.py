"""What recognition data are to everything that reads them: rows of encoded lines, by number."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError

GROUP = 1024
"""Rows that are read together where the format has no row groups of its own."""


NO_PICTURE, NO_LABEL = "picture missing", "label missing"


class MissingError(InputError):
    """Something that a source promises is not there; `reason` says what, for those who count what they leave out."""

    def __init__(self, message: str, reason: str = NO_PICTURE) -> None:
        super().__init__(message)
        self.reason = reason


class EncodedLine(NamedTuple):
    """One line as it is stored."""

    key: str
    image: bytes  # an encoded picture
    text: str  # as labelled


class RecognitionSource(Protocol):
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

    @property
    def groups(self) -> NDArray[np.int64]:
        """(G + 1,) rows at which a run that is cheap to read together begins; the last entry is N."""
        ...

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """The lines of these rows, in this order.

        Raises:
            InputError: a picture is missing; the sentence names it.
        """
        ...


def even_groups(count: int) -> NDArray[np.int64]:
    """Groups of `GROUP` rows."""
    return np.append(np.arange(0, count, GROUP), count)


@dataclass(frozen=True)
class Concatenation:
    """Sources one after the other, as one.

    Attributes:
        name: as the user gave it.
        parts: at least one.
    """

    name: str
    parts: tuple[RecognitionSource, ...]

    def __len__(self) -> int:
        return int(self.starts[-1])

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """(parts + 1,) first row of every part, and the number of rows."""
        return np.cumsum([0, *map(len, self.parts)])

    def texts(self) -> Iterator[str]:
        """All labels, in order."""
        return (text for part in self.parts for text in part.texts())

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of every picture, (N, 2) pixels."""
        return np.concatenate([part.sizes() for part in self.parts])

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """The parts' groups."""
        inner = [start + part.groups[:-1] for start, part in zip(self.starts, self.parts, strict=False)]
        return np.append(np.concatenate(inner), len(self))

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """The lines of these rows, in this order."""
        owners = np.searchsorted(self.starts, rows, side="right") - 1
        order = np.argsort(owners, kind="stable")
        found: list[EncodedLine] = []
        for owner in np.unique(owners):
            mine = order[owners[order] == owner]
            found += self.parts[owner].read(rows[mine] - self.starts[owner])
        return [found[position] for position in np.argsort(order)]
