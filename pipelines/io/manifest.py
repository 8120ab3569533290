"""The commit mark: a shard exists when its mark does."""

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.io.connection import StorageError
from pipelines.io.paths import AnyPath
from pipelines.io.plan import ShardSpec
from pipelines.io.statistics import Statistics


class ShardManifest(BaseModel):
    """What is known of a finished shard. Written last.

    Attributes:
        index: number of the shard.
        start: its first sample.
        count: its samples, gaps included.
        digest: of the recipe, or of what was imported.
        file: name of the shard's file or folder.
        rows: samples that are there.
        gaps: samples that are not, by reason.
        bytes: size of its data.
        sha256: checksum of the file, or of an LMDB's data.mdb.
        seconds: that it took to draw and write.
        worker: host and process that wrote it.
        statistics: of its rows.
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
        """Whether this marks that shard of that recipe, whole."""
        return (self.index, self.start, self.count, self.digest) == (spec.index, spec.start, spec.count, digest)

    def to_json(self) -> str:
        """As JSON."""
        return self.model_dump_json(indent=1) + "\n"


def read_manifest(path: AnyPath) -> ShardManifest | None:
    """Read a mark; None when it is missing, broken or cannot be read, and the shard has to be written again.

    Raises:
        StorageError: the storage fails, which says nothing of the mark.
    """
    try:
        return ShardManifest.model_validate_json(path.read_bytes())
    except StorageError:
        raise
    except (OSError, ValidationError):
        return None
