"""Checks one shard of a dataset: its manifest, its checksum and its rows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pipelines.io.atomic import file_sha256
from pipelines.io.commit import SHARDS_FOLDER
from pipelines.io.dataset_folder import FILTER_DECISIONS_FOLDER
from pipelines.io.description import DatasetDescription
from pipelines.io.encode import ROW_TYPES
from pipelines.io.plan import ShardManifest, ShardSpec, read_manifest
from pipelines.io.writers import LMDB_DATA_FILE
from pipelines.jobs.check_rows import Flaw, StoredRow, check_line, check_scene, image_flaws, read_row_groups
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
        self._add_example(problem)
        self.counts[problem.kind] += 1
        if problem.shard is not None:
            self.damaged_shards.add(problem.shard)

    def merge(self, other: "Problems") -> None:
        """Add the problems of another part."""
        for problems in other.examples.values():
            for problem in problems:
                self._add_example(problem)
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

    def _add_example(self, problem: Problem) -> None:
        examples = self.examples.setdefault(problem.kind, [])
        if len(examples) < MAX_EXAMPLES:
            examples.append(problem)


class KeyChecker:
    """Checks the keys of a shard, one after another.

    The index of a sample lies in the range of its shard, so that duplicates can only occur within a shard.

    Args:
        prefix: of the keys, 8 characters.
        samples: indices of the samples of the shard; None: keys come from another dataset, and only have to be unique.
    """

    def __init__(self, prefix: str, samples: range | None) -> None:
        self._prefix, self._samples = prefix, samples
        self._seen: set[int | str] = set()

    def flaws(self, key: object) -> Iterator[Flaw]:
        """The flaws of the next key."""
        if self._samples is None:
            yield from self._foreign_flaws(key)
            return
        number = key.removeprefix(self._prefix) if isinstance(key, str) and key.startswith(self._prefix) else ""
        if not (len(number) == 10 and number.isascii() and number.isdecimal()):
            yield "key is invalid", f"it should be {self._prefix} and a number of ten digits"
        elif int(number) not in self._samples:
            first, last = self._samples.start, self._samples.stop - 1
            yield "key is invalid", f"sample {int(number)} is not from {first} to {last}"
        elif int(number) in self._seen:
            yield "duplicate key", f"sample {int(number)}"
        else:
            self._seen.add(int(number))

    def _foreign_flaws(self, key: object) -> Iterator[Flaw]:
        if not isinstance(key, str) or not key:
            yield "key is invalid", "it is missing"
        elif key in self._seen:
            yield "duplicate key", ""
        else:
            self._seen.add(key)


@dataclass(frozen=True)
class ShardCheckTask:
    """What is needed to check a shard, in this process or by a worker.

    Attributes:
        dataset: folder of the dataset.
        description: of the dataset.
        spec: of the shard.
        read_data: check the data and not only the manifest.
        is_filtered: the dataset is filtered: its rows have the keys of their source, and every shard has decisions.
    """

    dataset: Path
    description: DatasetDescription
    spec: ShardSpec
    read_data: bool = True
    is_filtered: bool = False

    def __str__(self) -> str:
        return f"the check of {self.data}"

    @property
    def manifest(self) -> Path:
        """Path of the manifest."""
        return self.dataset / SHARDS_FOLDER / self.spec.manifest_name

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
    """Check a shard. Rows are only read if the checksum is right, as the shard is written again otherwise."""
    problems = Problems()
    for path, location, flaws in _flaws(task):
        for kind, detail in flaws:
            name = path.relative_to(task.dataset).as_posix() + location
            problems.add(Problem(kind, name, detail, shard=task.spec.index))
    manifest = read_manifest(task.manifest)
    return ShardReport(problems, manifest if manifest is not None and not _manifest_flaws(manifest, task) else None)


def _flaws(task: ShardCheckTask) -> Iterator[tuple[Path, str, Sequence[Flaw]]]:
    """The flaws by file, and by location in it."""
    data, manifest = task.data, read_manifest(task.manifest)
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
    if not manifest.matches(spec, task.description.digest):
        detail = f"{manifest.count} samples from {manifest.start} on, of digest {manifest.digest[:8]}"
        return [("manifest of another shard", detail)]
    if manifest.file != task.data.name:
        return [("manifest of another shard", f"it names {manifest.file}")]
    if manifest.rows + skipped != spec.count:
        detail = f"{manifest.rows} rows and {skipped} skipped samples of {spec.count}"
        return [("manifest with wrong counts", detail)]
    if (manifest.statistics.rows, dict(manifest.statistics.skipped)) != (manifest.rows, manifest.skipped):
        return [("manifest with wrong counts", "its statistics differ")]
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
    keys, rows = KeyChecker(task.description.digest[:8], None if task.is_filtered else task.spec.samples), 0
    is_generated = task.description.seed is not None
    try:
        for group in read_row_groups(data, ROW_TYPES[task.description.kind], task.description.format):
            for row, reason in zip(group, image_flaws(group, is_generated), strict=True):
                broken = [("image broken", reason)] if reason else []
                flaws = [*keys.flaws(row.get("key")), *broken, *_label_flaws(row, task)]
                yield f", row {rows}, key {row.get('key')!a}", flaws
                rows += 1
    except InputError as error:
        yield "", [("rows unreadable", str(error))]
        return
    if rows != manifest.rows:
        yield "", [("number of rows differs", f"{rows}, {manifest.rows} in the manifest")]


def _label_flaws(row: StoredRow, task: ShardCheckTask) -> list[Flaw]:
    check = check_line if task.description.kind == "lines" else check_scene
    try:
        return list(check(row, task.charset))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        return [("columns unreadable", f"{type(error).__name__}: {error}")]
