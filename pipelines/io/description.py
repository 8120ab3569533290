"""What a data set's folder says of itself: dataset.json."""

import platform
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

import cv2
from pydantic import BaseModel, ConfigDict, ValidationError

from pipelines.io.paths import AnyPath
from pipelines.io.shard_writer import ShardFormat
from synthtext.core import InputError

_LIBRARIES = ("ocrmill", "numpy", "opencv-python", "pillow", "uharfbuzz", "freetype-py", "pyarrow", "lmdb")


class FontRecord(BaseModel):
    """A font that was drawn with.

    Attributes:
        family: such as "Lato".
        style: such as "Bold".
        digest: SHA-256 of the file.
        licence: what the font says of it, or empty.
    """

    model_config = ConfigDict(frozen=True)

    family: str
    style: str
    digest: str
    licence: str = ""


class DatasetDescription(BaseModel):
    """A data set. Its size does not grow with the number of shards.

    Attributes:
        kind: "lines" or "scenes".
        source: what it was made from: name of the recipe, or what was imported.
        digest: of the recipe, or of what was imported.
        seed: of the job; none for imported data.
        start: index of the first sample.
        count: samples that were asked for, gaps included.
        shard_size: samples in every shard but the last.
        format: of the shards.
        complete: whether all shards are there.
        rows: samples that are there, once it is complete.
        gaps: samples that could not be drawn, by reason, once it is complete.
        charset: its characters, as one text.
        fonts: that the recipe draws from.
        versions: of Python and of the libraries.
        cpu: what of the CPU can decide a byte.
        ingredients: what the digest is made of, by name.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    source: str
    digest: str
    seed: int | None = None
    start: int = 0
    count: int
    shard_size: int
    format: ShardFormat
    complete: bool = False
    rows: int = 0
    skipped: dict[str, int] = {}
    charset: str = ""
    fonts: tuple[FontRecord, ...] = ()
    versions: dict[str, str] = {}
    cpu: str = ""
    fingerprint: dict[str, str] = {}

    def to_json(self) -> str:
        """As JSON."""
        return self.model_dump_json(indent=1) + "\n"

    def check_rows(self, rows: int, folder: AnyPath) -> None:
        """Compare the rows that are there with those that a complete data set must have.

        Args:
            rows: by the marks of its shards.
            folder: of the data set.

        Raises:
            InputError: it is called complete, and is not.
        """
        if self.complete and rows != self.rows:
            raise InputError(
                f"{folder} is called complete with {self.rows:,} rows, but the marks of its shards count {rows:,}; "
                "ocrmill check names the shards that are missing, and the command that made it goes on"
            )

    def difference(
        self, now: "DatasetDescription", explain: Callable[[Mapping[str, str], Mapping[str, str]], str]
    ) -> str:
        """Why samples of another job cannot be added to this data set; empty when they can.

        Args:
            now: what the other job would write.
            explain: says how two lists of ingredients differ.
        """
        if self.digest != now.digest:
            if self._is_of_another_job(now):
                return f"made from another source, {self.source}, not from {now.source}"
            return explain(self.fingerprint, now.fingerprint) or f"{self.source} is not {now.source}"
        for name in ("kind", "seed", "start", "shard_size", "format", "cpu"):
            old, new = getattr(self, name), getattr(now, name)
            if old != new:
                return f"{name.replace('_', ' ')} was {old}, is {new}"
        return ""

    def _is_of_another_job(self, other: "DatasetDescription") -> bool:
        """Whether another command made it: then the ingredients have no name in common but those that all jobs have."""
        mine, theirs = (
            {name for name in one.fingerprint if name != "generator code" and not name.startswith("version of ")}
            for one in (self, other)
        )
        return self.kind != other.kind or (bool(mine or theirs) and not mine & theirs)


def read_description(path: AnyPath) -> DatasetDescription:
    """Read dataset.json.

    Raises:
        InputError: it is missing, or not what a job of ours writes.
    """
    try:
        return DatasetDescription.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            f"{path} describes no data set of ours: {place + ': ' if place else ''}{first['msg']}"
        ) from None


def current_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that draw, encode or write."""
    found = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # run from a folder, not installed
            continue
    return found


def cpu_features() -> str:
    """The instruction sets that the libraries choose their code by on this machine."""
    return f"{platform.machine()}: {cv2.getCPUFeaturesLine()}"
