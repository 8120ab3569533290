"""In which order lines are read: a pure function of a seed and a position, however many processes read."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SHUFFLE_BUFFER_SIZE = 8192
"""Lines that are shuffled together: the row groups that hold them fit into memory."""


class _Epoch(NamedTuple):
    number: int
    group_offsets: NDArray[np.int64]  # which group comes when
    begins: NDArray[np.int64]  # (windows + 1,) first group of every window, in that order
    positions: NDArray[np.int64]  # (windows + 1,) first position of every window


class _Window(NamedTuple):
    epoch: int
    number: int
    rows: NDArray[np.int64]


class ShuffledRows:
    """An endless reading of one source's rows, each once an epoch.

    In every epoch the row groups come in another order; neighbours are put into windows of about so many rows, and
    each window is shuffled. So reading stays near to sequential, and any position is found without the ones before.
    """

    def __init__(
        self, rows: NDArray[np.int64], groups: NDArray[np.int64], seed: int, source: int, buffer_size: int | None = None
    ) -> None:
        """Prepare the order.

        Args:
            rows: (n,) rising, n > 0.
            groups: (G + 1,) first row of every row group, and the number of rows.
            seed: 0 to 2**32 - 1.
            source: number of the source: each has an order of its own.
            buffer_size: rows that are shuffled together; None: `SHUFFLED`.
        """
        borders = np.searchsorted(rows, groups)
        self._rows, self._begins, self._sizes = rows, borders[:-1], np.diff(borders)
        self._seed, self._buffer_size = (seed, source), buffer_size or SHUFFLE_BUFFER_SIZE
        self._epoch, self._window = self._make_epoch(0), _Window(-1, -1, rows[:0])

    def take(self, start: int, stop: int) -> NDArray[np.int64]:
        """The rows at positions start to stop - 1; position p is in epoch p // n."""
        taken = [self._rows[:0]]
        while start < stop:
            epoch, offset = divmod(start, len(self._rows))
            rows, begin = self._rows_around(epoch, offset)
            part = rows[offset - begin : offset - begin + stop - start]
            taken.append(part)
            start += len(part)
        return np.concatenate(taken)

    def _rows_around(self, epoch: int, offset: int) -> tuple[NDArray[np.int64], int]:
        """The window's rows, shuffled, and the offset of the first one."""
        if self._epoch.number != epoch:
            self._epoch = self._make_epoch(epoch)
        number = int(np.searchsorted(self._epoch.positions, offset, side="right")) - 1
        if self._window[:2] != (epoch, number):
            self._window = self._make_window(number)
        return self._window.rows, int(self._epoch.positions[number])

    def _make_epoch(self, number: int) -> _Epoch:
        groups = np.random.default_rng([*self._seed, number]).permutation(len(self._sizes))
        groups = groups[self._sizes[groups] > 0]
        after = np.cumsum(self._sizes[groups])
        before = after - self._sizes[groups]
        begins = np.append(np.flatnonzero(np.diff(before // self._buffer_size, prepend=-1)), len(groups))
        return _Epoch(number, groups, begins, np.append(before, after[-1])[begins])

    def _make_window(self, number: int) -> _Window:
        groups = self._epoch.group_offsets[self._epoch.begins[number] : self._epoch.begins[number + 1]]
        runs = zip(self._begins[groups].tolist(), self._sizes[groups].tolist(), strict=True)
        rows = np.concatenate([self._rows[begin : begin + size] for begin, size in runs])
        stream = np.random.default_rng([*self._seed, self._epoch.number, number + 1])  # 0 would be the epoch's own
        return _Window(self._epoch.number, number, stream.permutation(rows))


class SequentialRows:
    """An endless reading of one source's rows as they come, each once an epoch."""

    def __init__(self, rows: NDArray[np.int64]) -> None:
        """Prepare the order; `rows` (n,) are rising, n > 0."""
        self._rows = rows

    def take(self, start: int, stop: int) -> NDArray[np.int64]:
        """The rows at positions start to stop - 1; position p is in epoch p // n."""
        return self._rows[np.arange(start, stop) % len(self._rows)]


def split_by_weight(total: int, weights: Sequence[float]) -> list[int]:
    """Split the first `total` positions of a mixture among its sources.

    Each share is within `len(weights)` of its exact part, all are whole and add up, and none ever falls as the total
    grows: the next positions of a source follow on its last ones.
    """
    split = []
    # Sums from the end are never below their own weight, whatever is lost to rounding; differences can reach 0.
    sums = list(accumulate(reversed(weights)))[::-1]
    for weight, rest in zip(weights[:-1], sums, strict=False):
        part = int(total * (weight / rest))
        split.append(part)
        total -= part
    return [*split, total]


class Mixture:
    """Several sources, read by weight, each with epochs of its own."""

    def __init__(self, sources: Sequence[ShuffledRows | SequentialRows], weights: Sequence[float]) -> None:
        """Prepare the mixture; weights are above 0, as many as sources."""
        self._sources, self._weights = sources, weights

    def take(self, start: int, stop: int) -> list[NDArray[np.int64]]:
        """For every source, the rows that it gives to positions start to stop - 1; together stop - start."""
        begins, ends = split_by_weight(start, self._weights), split_by_weight(stop, self._weights)
        return [source.take(begin, end) for source, begin, end in zip(self._sources, begins, ends, strict=True)]
