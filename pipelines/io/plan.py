"""The division of a job into shards, and the manifests of finished shards: a shard exists once its manifest does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.io.connection import StorageError
from pipelines.io.paths import AnyPath
from pipelines.io.split import Split
from pipelines.io.statistics import Statistics
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
        count: samples, skipped ones included, and those of other splits.
        split: the samples are those of this split; None: all.
    """

    index: int
    start: int
    count: int
    split: Split | None = None

    @property
    def samples(self) -> Sequence[int]:
        """The indices of the samples; those of a split are chosen by a hash of the index in their keys."""
        indices = range(self.start, self.start + self.count)
        split = self.split
        return indices if split is None else [index for index in indices if split.has(b"%d" % index)]

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
    """The shards of a job, computed on access: a plan of any size is three numbers and a split.

    Attributes:
        count: samples of the job, at least 1.
        start: index of the first sample, at least 0.
        size: samples in every shard but the last.
        split: whose samples the shards hold; None: all.

    Raises:
        InputError: a number is out of range.
    """

    count: int
    start: int = 0
    size: int = SHARD_SIZE
    split: Split | None = None

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
        return ShardSpec(index, self.start + offset, min(self.size, self.count - offset), self.split)

    def __iter__(self) -> Iterator[ShardSpec]:
        return (self[index] for index in range(len(self)))


class ShardManifest(BaseModel):
    """The description of a finished shard, which is written last.

    Attributes:
        index: number of the shard.
        start: index of the first sample.
        count: samples, skipped ones included.
        digest: of the recipe, or of what was imported.
        file: name of the file or folder of the data.
        rows: samples in the data.
        skipped: number of skipped samples, by reason.
        bytes: size of the file, or of the data.mdb of an LMDB.
        sha256: checksum of the same.
        seconds: duration of generating and writing.
        worker: host and process that wrote the shard.
        statistics: of the rows.
    """

    model_config = ConfigDict(frozen=True)

    index: int
    start: int
    count: int
    digest: str
    file: str
    rows: int
    skipped: dict[str, int]
    bytes: int
    sha256: str
    seconds: float
    worker: str
    statistics: Statistics

    def matches(self, spec: ShardSpec, digest: str) -> bool:
        """Return whether the manifest is of this shard and this recipe."""
        return (self.index, self.start, self.count, self.digest) == (spec.index, spec.start, spec.count, digest)

    def begins(self, spec: ShardSpec, digest: str) -> bool:
        """Return whether the manifest is of this shard, or of a shorter one: the last shard before an extension."""
        same = (self.index, self.start, self.digest) == (spec.index, spec.start, digest)
        return same and self.count <= spec.count

    def to_json(self) -> str:
        """Return the manifest as JSON."""
        return self.model_dump_json(indent=1) + "\n"


def read_manifest(path: AnyPath) -> ShardManifest | None:
    """Read a manifest; None when it is missing or broken, so that the shard has to be written again.

    Raises:
        StorageError: the storage fails, whatever the manifest is.
    """
    try:
        return ShardManifest.model_validate_json(path.read_bytes())
    except StorageError:
        raise
    except (OSError, ValidationError):
        return None
