"""How a job is cut into shards."""

from collections.abc import Iterator
from dataclasses import dataclass

from synthtext.core import InputError

SHARD_SIZE = 4096
"""Lines in a shard. Fixed: it must not follow the number of workers, or their number would change the files."""

INDEX_LIMIT = 2**32
"""Samples are numbered from 0 to this minus 1: the range in which every index has random streams of its own."""


@dataclass(frozen=True, slots=True)
class ShardSpec:
    """The unit of work, of retry, of completion and of statistics.

    Attributes:
        index: number of the shard in its data set, from 0.
        start: first sample.
        count: samples, gaps included.
    """

    index: int
    start: int
    count: int

    @property
    def samples(self) -> range:
        """The indices of its samples."""
        return range(self.start, self.start + self.count)

    @property
    def name(self) -> str:
        """What its files are called, without suffix."""
        return f"part-{self.index:06d}"


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """The shards of a job, made when they are asked for: a plan of a hundred million samples is four numbers.

    Attributes:
        count: samples of the job, at least 1.
        start: index of the first one, at least 0.
        size: samples in every shard but the last.

    Raises:
        InputError: a number is out of its range.
    """

    count: int
    start: int = 0
    size: int = SHARD_SIZE

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InputError(f"the number of samples must be at least 1, not {self.count}")
        if self.start < 0:
            raise InputError(f"the first sample's index must be at least 0, not {self.start}")
        if self.start + self.count > INDEX_LIMIT:
            raise InputError(
                f"samples are numbered from 0 to {INDEX_LIMIT - 1}: {self.count} from {self.start} on are too many"
            )
        if self.size < 1:
            raise InputError(f"a shard holds at least 1 sample, not {self.size}")

    def __len__(self) -> int:
        return -(-self.count // self.size)

    def __getitem__(self, index: int) -> ShardSpec:
        if not 0 <= index < len(self):
            raise IndexError(f"there is no shard {index} among {len(self)}")
        offset = index * self.size
        return ShardSpec(index, self.start + offset, min(self.size, self.count - offset))

    def __iter__(self) -> Iterator[ShardSpec]:
        return (self[index] for index in range(len(self)))
