"""The order in which rows are read: a pure function of a seed and a position, for any number of processes."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SHUFFLE_BUFFER_SIZE = 8192
"""Rows that are shuffled together; their row groups fit into memory."""


class _Epoch(NamedTuple):
    """The order of an epoch, whose consecutive row groups form windows."""

    number: int
    groups: NDArray[np.int64]
    starts: NDArray[np.int64]  # (windows + 1,) position in `groups` of the first group of each window
    positions: NDArray[np.int64]  # (windows + 1,) position in the epoch of the first row of each window


class ShuffledRows:
    """An endless shuffled sequence of the rows of one source, each once an epoch.

    In every epoch, the row groups come in another order; consecutive groups form windows of about `buffer_size` rows,
    and each window is shuffled. So reading is almost sequential, and any position is found without those before it.

    Args:
        rows: (n,) ascending, n > 0.
        group_offsets: (G + 1,) first row of every row group; the last entry is the number of rows.
        seed: From 0 to 2**32 - 1.
        source: Index of the source; each has its own order.
        buffer_size: Rows that are shuffled together; None for `SHUFFLE_BUFFER_SIZE`.
    """

    def __init__(
        self,
        rows: NDArray[np.int64],
        group_offsets: NDArray[np.int64],
        seed: int,
        source: int,
        buffer_size: int | None = None,
    ) -> None:
        borders = np.searchsorted(rows, group_offsets)
        self._rows, self._starts, self._sizes = rows, borders[:-1], np.diff(borders)
        self._seed, self._buffer_size = (seed, source), buffer_size or SHUFFLE_BUFFER_SIZE
        self._epoch = self._make_epoch(0)
        self._window = ((-1, -1), rows[:0])  # numbers of its epoch and in it, and its shuffled rows

    def take(self, start: int, stop: int) -> NDArray[np.int64]:
        """Return the rows at positions start to stop - 1; position p is in epoch p // n."""
        taken = [self._rows[:0]]
        while start < stop:
            epoch, offset = divmod(start, len(self._rows))
            if self._epoch.number != epoch:
                self._epoch = self._make_epoch(epoch)
            number = int(np.searchsorted(self._epoch.positions, offset, side="right")) - 1
            if self._window[0] != (epoch, number):
                self._window = (epoch, number), self._shuffle(number)
            first = offset - int(self._epoch.positions[number])
            taken.append(self._window[1][first : first + stop - start])
            start += len(taken[-1])
        return np.concatenate(taken)

    def _make_epoch(self, number: int) -> _Epoch:
        groups = np.random.default_rng([*self._seed, number]).permutation(len(self._sizes))
        groups = groups[self._sizes[groups] > 0]
        after = np.cumsum(self._sizes[groups])
        before = after - self._sizes[groups]
        starts = np.append(np.flatnonzero(np.diff(before // self._buffer_size, prepend=-1)), len(groups))
        return _Epoch(number, groups, starts, np.append(before, after[-1])[starts])

    def _shuffle(self, window: int) -> NDArray[np.int64]:
        """Return the shuffled rows of a window of the epoch."""
        groups = self._epoch.groups[self._epoch.starts[window] : self._epoch.starts[window + 1]]
        ranges = zip(self._starts[groups].tolist(), self._sizes[groups].tolist(), strict=True)
        rows = np.concatenate([self._rows[start : start + size] for start, size in ranges])
        rng = np.random.default_rng([*self._seed, self._epoch.number, window + 1])  # 0 is the stream of the epoch
        return rng.permutation(rows)


class SequentialRows:
    """An endless sequence of rows (n,), n > 0, of one source in the given order, each once an epoch."""

    def __init__(self, rows: NDArray[np.int64]) -> None:
        self._rows = rows

    def take(self, start: int, stop: int) -> NDArray[np.int64]:
        """Return the rows at positions start to stop - 1; position p is in epoch p // n."""
        return self._rows[np.arange(start, stop) % len(self._rows)]


def split_by_weight(total: int, weights: Sequence[float]) -> list[int]:
    """Split the first `total` positions of a mixture among its sources.

    Each share is whole and within `len(weights)` of its exact value, they add up to `total`, and none ever decreases
    as the total grows: the next positions of a source follow its last ones.
    """
    split = []
    # Sums from the end are never below their own weight, whatever is lost to rounding; differences could reach 0.
    sums = list(accumulate(reversed(weights)))[::-1]
    for weight, rest in zip(weights[:-1], sums, strict=False):
        part = int(total * (weight / rest))
        split.append(part)
        total -= part
    return [*split, total]


class Mixture:
    """Several sequences of rows, read by weight (above 0 for each); each has its own epochs."""

    def __init__(self, sources: Sequence[ShuffledRows | SequentialRows], weights: Sequence[float]) -> None:
        self._sources, self._weights = sources, weights

    def take(self, start: int, stop: int) -> list[NDArray[np.int64]]:
        """Return, for every source, its rows at positions start to stop - 1 of the mixture: stop - start in total."""
        starts, stops = split_by_weight(start, self._weights), split_by_weight(stop, self._weights)
        return [source.take(first, last) for source, first, last in zip(self._sources, starts, stops, strict=True)]
