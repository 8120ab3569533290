"""Checks one shard of a dataset, on a disk or at a URI: its manifest, its checksum and its rows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from pipelines.errors import JobError
from pipelines.io.atomic import file_sha256, staging_folder
from pipelines.io.commit import MANIFESTS_FOLDER, SHARDS_FOLDER
from pipelines.io.connection import StorageError
from pipelines.io.dataset_folder import FILTER_DECISIONS_FOLDER
from pipelines.io.description import DatasetDescription
from pipelines.io.encode import ROW_TYPES
from pipelines.io.location import RemotePath
from pipelines.io.plan import ShardManifest, ShardSpec, read_manifest
from pipelines.io.writers import LMDB_DATA_FILE
from pipelines.jobs.check_rows import Flaw, image_flaws, key_flaws, label_flaws, read_row_groups
from synthtext.core import Charset, InputError

MAX_EXAMPLES = 5
"""Problems of a kind that are reported one by one; the others are counted."""


@dataclass(frozen=True)
class Problem:
    """One problem of a dataset.

    Attributes:
        kind: a short description that can be counted, such as "checksum differs".
        location: file, row and key.
        detail: further information; may be empty.
        fix: what to do; empty if writing the shard again repairs it.
        shard: index of the shard to be written again, or None.
    """

    kind: str
    location: str
    detail: str = ""
    fix: str = ""
    shard: int | None = None

    def __str__(self) -> str:
        return f"{self.location}: {self.kind}{f' ({self.detail})' if self.detail else ''}"


@dataclass
class Problems:
    """The problems of a shard or of a whole dataset.

    Attributes:
        examples: the first problems of every kind.
        counts: number of all problems by kind.
        damaged_shards: indices of the shards to be written again.
    """

    examples: dict[str, list[Problem]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    damaged_shards: set[int] = field(default_factory=set)

    def add(self, problem: Problem) -> None:
        """Add a problem."""
        self._add_examples([problem])
        self.counts[problem.kind] += 1
        if problem.shard is not None:
            self.damaged_shards.add(problem.shard)

    def merge(self, other: "Problems") -> None:
        """Add the problems of another part."""
        for problems in other.examples.values():
            self._add_examples(problems)
        self.counts.update(other.counts)
        self.damaged_shards |= other.damaged_shards

    def lines(self, shard_fix: str) -> Iterator[str]:
        """The problems as lines, each with its fix, and the number of further problems of a kind.

        Args:
            shard_fix: the fix of problems that are repaired by writing a shard again.
        """
        for kind, problems in self.examples.items():
            yield from (f"{problem}; {problem.fix or shard_fix}" for problem in problems)
            if self.counts[kind] > len(problems):
                yield f"{self.counts[kind] - len(problems):,} more: {kind}"

    def _add_examples(self, problems: list[Problem]) -> None:
        examples = self.examples.setdefault(problems[0].kind, [])
        examples += problems[: MAX_EXAMPLES - len(examples)]


@dataclass(frozen=True)
class ShardCheckTask:
    """What is needed to check a shard, in this process or by a worker.

    Attributes:
        dataset: folder of the dataset.
        description: of the dataset.
        spec: of the shard.
        read_data: check the data and not only the manifest.
        is_filtered: the dataset is filtered: its rows have the keys of their source, and every shard has decisions.
        remote: URI of a remote dataset, whose folder is not used.
    """

    dataset: Path
    description: DatasetDescription
    spec: ShardSpec
    read_data: bool = True
    is_filtered: bool = False
    remote: RemotePath | None = None

    def __str__(self) -> str:
        return f"the check of {self.data}"

    @property
    def manifest(self) -> Path:
        """Path of the manifest."""
        return self.dataset / MANIFESTS_FOLDER / self.spec.manifest_name

    @property
    def data(self) -> Path:
        """Path of the data file or folder."""
        return self.dataset / SHARDS_FOLDER / f"{self.spec.name}.{self.description.format}"

    @property
    def notes(self) -> Path:
        """Path of the decisions of a filtered dataset."""
        return self.dataset / FILTER_DECISIONS_FOLDER / f"{self.spec.name}.jsonl"

    @cached_property
    def charset(self) -> Charset | None:
        """The characters that labels may have; None if unknown."""
        return Charset(tuple(self.description.charset)) if self.description.charset else None


@dataclass(frozen=True)
class ShardReport:
    """The result of the check of a shard.

    Attributes:
        problems: of the shard.
        manifest: of the shard, if it is valid.
    """

    problems: Problems
    manifest: ShardManifest | None


def check_shard(task: ShardCheckTask) -> ShardReport:
    """Check a shard; one at a URI is downloaded first.

    Rows are only read if the checksum is right, as the shard is written again otherwise. In an unfinished dataset a
    missing shard is no problem, and neither is a short one that an extension has not replaced yet.

    Raises:
        JobError: the storage cannot be read.
    """
    if task.remote is not None:
        with staging_folder() as folder:
            local = replace(task, dataset=folder, remote=None)
            _download_shard(task.remote, local)
            return check_shard(local)
    problems, manifest = Problems(), read_manifest(task.manifest)
    if not task.description.complete:
        if manifest is None and not (task.manifest.is_file() and task.manifest.stat().st_size):
            return ShardReport(problems, None)
        if manifest is not None and manifest.begins(task.spec, task.description.digest):
            task = replace(task, spec=replace(task.spec, count=manifest.count))
    for path, location, flaws in _flaws(task, manifest):
        for kind, detail in flaws:
            name = path.relative_to(task.dataset).as_posix() + location
            problems.add(Problem(kind, name, detail, shard=task.spec.index))
    return ShardReport(problems, manifest if manifest is not None and not _manifest_flaws(manifest, task) else None)


def _download_shard(dataset: RemotePath, task: ShardCheckTask) -> None:
    for path in (task.data, task.manifest, task.notes):
        path.parent.mkdir()
    download_file(dataset, task.manifest, task.dataset)
    if task.is_filtered:
        download_file(dataset, task.notes, task.dataset)
    if task.read_data and task.description.format == "lmdb":
        task.data.mkdir()
        if not download_file(dataset, task.data / LMDB_DATA_FILE, task.dataset):
            task.data.rmdir()
    elif task.read_data:
        download_file(dataset, task.data, task.dataset)


def download_file(dataset: RemotePath, target: Path, folder: Path) -> bool:
    """Download a file of a dataset to the same place in a local folder; False if it does not exist.

    Raises:
        JobError: the storage cannot be read, or the file cannot be written.
    """
    source = dataset / target.relative_to(folder).as_posix()
    try:
        source.download(target)
    except FileNotFoundError:
        target.unlink(missing_ok=True)
        return False
    except StorageError as error:
        raise JobError(f"{source} cannot be read: {error}") from None
    except OSError as error:
        reason = f"{target} cannot be written: {error.strerror}"
        raise JobError(f"{reason}; set TMPDIR to a folder with free space") from None
    return True


def _flaws(task: ShardCheckTask, manifest: ShardManifest | None) -> Iterator[tuple[Path, str, Sequence[Flaw]]]:
    """The flaws by file, and by location in it."""
    data = task.data
    if manifest is None:
        if task.manifest.exists():
            yield task.manifest, "", [("manifest unreadable", "")]
        elif data.exists():
            yield task.manifest, "", [("manifest missing", "data without it are ignored")]
        else:
            yield data, "", [("shard missing", "")]
        return
    if flaws := _manifest_flaws(manifest, task):
        yield task.manifest, "", flaws
        return
    if task.is_filtered and not task.notes.is_file():
        yield task.notes, "", [("decisions missing", "")]
    if task.read_data:
        flaws = _data_flaws(data, manifest)
        yield data, "", flaws
        if not flaws:
            for location, row_flaws in _row_flaws(data, manifest, task):
                yield data, location, row_flaws


def _manifest_flaws(manifest: ShardManifest, task: ShardCheckTask) -> list[Flaw]:
    spec, skipped = task.spec, sum(manifest.skipped.values())
    other, wrong = "manifest of another shard", "manifest with wrong counts"
    if not manifest.matches(spec, task.description.digest):
        return [(other, f"{manifest.count} samples from {manifest.start} on, of digest {manifest.digest[:8]}")]
    if manifest.file != task.data.name:
        return [(other, f"it names {manifest.file}")]
    if manifest.rows + skipped != len(spec.samples):
        return [(wrong, f"{manifest.rows} rows and {skipped} skipped samples of {len(spec.samples)}")]
    if (manifest.statistics.rows, dict(manifest.statistics.skipped)) != (manifest.rows, manifest.skipped):
        return [(wrong, "its statistics differ")]
    return []


def _data_flaws(data: Path, manifest: ShardManifest) -> list[Flaw]:
    """The flaws of the file as a whole."""
    if not data.exists():
        return [("data missing", "the manifest is there")]
    file = data / LMDB_DATA_FILE if data.is_dir() else data
    size = file.stat().st_size if file.is_file() else 0
    if size != manifest.bytes:
        return [("size differs", f"{size:,} bytes, {manifest.bytes:,} in the manifest")]
    try:
        is_same = file_sha256(file) == manifest.sha256
    except OSError as error:  # of the disk
        return [("data unreadable", error.strerror or str(error))]
    return [] if is_same else [("checksum differs", "the file has changed")]


def _row_flaws(data: Path, manifest: ShardManifest, task: ShardCheckTask) -> Iterator[tuple[str, Sequence[Flaw]]]:
    """The flaws by row."""
    description, seen, rows = task.description, set[str](), 0
    prefix, samples = description.digest[:8], None if task.is_filtered else frozenset(task.spec.samples)
    try:
        for group in read_row_groups(data, ROW_TYPES[description.kind], description.format):
            for row, reason in zip(group, image_flaws(group, description.seed is not None), strict=True):
                flaws = [
                    *key_flaws(row.get("key"), prefix, samples, seen),
                    *label_flaws(row, description.kind, task.charset),
                ]
                if reason:
                    flaws.append(("image broken", reason))
                yield f", row {rows}, key {row.get('key')!a}", flaws
                rows += 1
    except InputError as error:
        yield "", [("rows unreadable", str(error))]
        return
    if rows != manifest.rows:
        yield "", [("number of rows differs", f"{rows}, {manifest.rows} in the manifest")]
