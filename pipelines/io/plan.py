"""The division of a job into shards."""

from collections.abc import Iterator
from dataclasses import dataclass

from synthtext.core import InputError

SHARD_SIZE = 4096
"""Lines in a shard. It must not depend on the number of workers, or the files would."""

INDEX_LIMIT = 2**32
"""Upper bound of sample indices, exclusive: below it every index has random streams of its own."""


@dataclass(frozen=True, slots=True)
class ShardSpec:
    """A range of samples that are generated, committed, counted and, after a failure, generated again together.

    Attributes:
        index: number of the shard in its dataset, from 0.
        start: index of the first sample.
        count: samples, skipped ones included.
    """

    index: int
    start: int
    count: int

    @property
    def samples(self) -> range:
        """The indices of the samples."""
        return range(self.start, self.start + self.count)

    @property
    def name(self) -> str:
        """The name of the files of the shard, without suffix."""
        return f"part-{self.index:06d}"

    @property
    def manifest_name(self) -> str:
        """The file name of the manifest."""
        return f"{self.name}.json"


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """The shards of a job, computed on access: a plan of any size is three numbers.

    Attributes:
        count: samples of the job, at least 1.
        start: index of the first sample, at least 0.
        size: samples in every shard but the last.

    Raises:
        InputError: a number is out of range.
    """

    count: int
    start: int = 0
    size: int = SHARD_SIZE

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InputError(f"the number of samples must be at least 1, not {self.count}")
        if self.start < 0:
            raise InputError(f"the index of the first sample must be at least 0, not {self.start}")
        if self.start + self.count > INDEX_LIMIT:
            raise InputError(
                f"samples have indices from 0 to {INDEX_LIMIT - 1}: {self.count} from {self.start} on are too many"
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
