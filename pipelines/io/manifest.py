"""Shard manifests: a shard exists once its manifest does."""

from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.io.connection import StorageError
from pipelines.io.paths import AnyPath
from pipelines.io.plan import ShardSpec
from pipelines.io.statistics import Statistics


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
