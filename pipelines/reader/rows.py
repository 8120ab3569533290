"""Rows of a source one by one, and why some cannot be read."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.reader.source import UNREADABLE, MissingError
from synthtext.core import InputError

Row = TypeVar("Row", covariant=True)


class Rows(Protocol[Row]):
    """Lines or scenes that are read by number."""

    def read(self, rows: NDArray[np.int64]) -> Sequence[Row]:
        """These rows, in this order; raises InputError if one of them cannot be read."""
        ...


def read_row(source: Rows[Row], row: int) -> Row | str:
    """One row; if it cannot be read, why, in words that can be counted."""
    try:
        return source.read(np.array([row]))[0]
    except MissingError as error:
        return error.reason
    except InputError:
        return UNREADABLE


def read_rows(source: Rows[Row], rows: NDArray[np.int64]) -> Sequence[Row | str]:
    """Some rows, read together where all of them can be; of those that cannot be read, why."""
    try:
        return source.read(rows)
    except InputError:
        return [read_row(source, row) for row in rows.tolist()]
