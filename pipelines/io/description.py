"""The description of a dataset: dataset.json."""

import platform
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import cv2
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.io.paths import AnyPath
from pipelines.io.plan import ShardPlan
from pipelines.io.shard_writer import ShardFormat
from pipelines.io.split import Split
from synthtext.core import InputError

DESCRIPTION_FILE = "dataset.json"
"""File name of the description of a dataset."""

_LIBRARIES = ("ocrmill", "numpy", "opencv-python", "pillow", "uharfbuzz", "freetype-py", "pyarrow", "lmdb")


class FontRecord(BaseModel):
    """A font of a dataset.

    Attributes:
        family: such as "Lato".
        style: such as "Bold".
        digest: SHA-256 of the file.
        licence: as the font states it, or empty.
    """

    model_config = ConfigDict(frozen=True)

    family: str
    style: str
    digest: str
    licence: str = ""


class DatasetDescription(BaseModel):
    """A dataset as a whole. The size of the description does not grow with the number of shards.

    Attributes:
        kind: "lines" or "scenes".
        source: name of the recipe, or of what was imported.
        digest: of the recipe, or of what was imported.
        seed: of the job; None for imported data.
        start: index of the first sample.
        count: requested samples, skipped ones included, and those of other splits.
        split: whose samples the dataset holds; None: all.
        shard_size: samples in every shard but the last.
        format: of the shards.
        complete: whether all shards are committed.
        rows: samples in the data; None until the dataset is complete.
        bytes: size of the data of all shards, once the dataset is complete.
        skipped: number of skipped samples by reason, once the dataset is complete.
        charset: its characters, as one string.
        fonts: of the recipe.
        versions: of Python and of the libraries.
        cpu: instruction sets of the CPU, which may decide a byte.
        fingerprint: the parts of the digest, by name.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    source: str
    digest: str
    seed: int | None = None
    start: int = 0
    count: int
    split: Split | None = None
    shard_size: int
    format: ShardFormat
    complete: bool = False
    rows: int | None = None
    bytes: int = 0
    skipped: dict[str, int] = {}
    charset: str = ""
    fonts: tuple[FontRecord, ...] = ()
    versions: dict[str, str] = {}
    cpu: str = ""
    fingerprint: dict[str, str] = {}

    @property
    def plan(self) -> ShardPlan:
        """The shards. Raises InputError if a number is out of range."""
        return ShardPlan(self.count, self.start, self.shard_size, self.split)

    def to_json(self) -> str:
        """Return the description as JSON."""
        return self.model_dump_json(indent=1) + "\n"

    def check_rows(self, rows: int, folder: AnyPath) -> None:
        """Check the number of rows of a dataset in a folder, which is the sum over the manifests of its shards.

        Raises:
            InputError: the dataset is marked complete, but has another number of rows.
        """
        if self.complete and rows != self.rows:
            raise InputError(
                f"{folder} is marked complete with {self.rows:,} rows, but the manifests of its shards count {rows:,}; "
                "ocrmill check lists the missing shards, and the command that made the dataset adds them"
            )

    def difference(
        self, other: "DatasetDescription", describe_difference: Callable[[Mapping[str, str], Mapping[str, str]], str]
    ) -> str:
        """Return why the samples of another job cannot be added to this dataset; empty when they can.

        Args:
            other: the description that the job would write.
            describe_difference: of two fingerprints.
        """
        if self.digest != other.digest:
            if self._is_of_another_job(other):
                return f"made from another source, {self.source}, not from {other.source}"
            return describe_difference(self.fingerprint, other.fingerprint) or f"{self.source} is not {other.source}"
        for name in ("kind", "seed", "start", "split", "shard_size", "format", "cpu"):
            old, new = getattr(self, name), getattr(other, name)
            if old != new:
                return f"{name.replace('_', ' ')} was {old}, is {new}"
        return ""

    def _is_of_another_job(self, other: "DatasetDescription") -> bool:
        """Whether another command made it: their fingerprints have only the entries of every job in common."""
        mine, theirs = (
            {name for name in one.fingerprint if name != "generator code" and not name.startswith("version of ")}
            for one in (self, other)
        )
        return self.kind != other.kind or (bool(mine or theirs) and not mine & theirs)


def read_description(path: AnyPath) -> DatasetDescription:
    """Read dataset.json. Raises InputError if it is missing or broken."""
    try:
        return DatasetDescription.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        reason = f"{field}: {first['msg']}" if field else first["msg"]
        raise InputError(f"{path} is not the description of an ocrmill dataset: {reason}") from None


def current_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that render, encode or write."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:  # read once: reading the metadata takes milliseconds
    versions = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:  # ocrmill runs from a source folder
            continue
    return versions


def cpu_features() -> str:
    """Return the instruction sets of this machine, by which the libraries choose their code."""
    return f"{platform.machine()}: {cv2.getCPUFeaturesLine()}"
