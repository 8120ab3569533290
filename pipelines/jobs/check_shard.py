"""What is wrong with a data set, one line each, bounded however much there is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pipelines.io.atomic import file_sha256
from pipelines.io.description import DatasetDescription
from pipelines.io.manifest import ShardManifest, read_manifest
from pipelines.io.plan import ShardSpec
from pipelines.jobs.check_rows import Flaw, StoredRow, check_line, check_scene, image_flaws, read_row_groups
from pipelines.jobs.encode import ROW_TYPES
from synthtext.core import Charset, InputError

MAX_EXAMPLES = 5
"""Problems of a kind that are told one by one; further ones are counted."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        kind: in a few words that can be counted, such as "checksum differs".
        place: file, row and key.
        detail: what exactly; may be empty.
        fix: what to do; empty for what drawing the shard again mends.
        shard: number of the shard that has to be made again, or None.
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
    """The problems of a shard or of a whole data set; those of parts can be merged.

    Attributes:
        shown: the first ones of every kind.
        counts: all, by kind.
        damaged: numbers of the shards that have to be made again.
    """

    examples: dict[str, list[Problem]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    damaged_shards: set[int] = field(default_factory=set)

    def add(self, problem: Problem) -> None:
        """Count a problem."""
        self._show(problem)
        self.counts[problem.kind] += 1
        if problem.shard is not None:
            self.damaged_shards.add(problem.shard)

    def merge(self, other: "Problems") -> None:
        """Add the problems of another part."""
        for problems in other.examples.values():
            for problem in problems:
                self._show(problem)
        self.counts.update(other.counts)
        self.damaged_shards |= other.damaged_shards

    def lines(self, remedy: str) -> Iterator[str]:
        """The problems as lines, each with what to do; of further ones of a kind, how many there are.

        Args:
            remedy: for those that making a shard again mends.
        """
        for kind, problems in self.examples.items():
            yield from (f"{problem}; {problem.fix or remedy}" for problem in problems)
            if self.counts[kind] > len(problems):
                yield f"{self.counts[kind] - len(problems):,} more: {kind}"

    def _show(self, problem: Problem) -> None:
        shown = self.examples.setdefault(problem.kind, [])
        if len(shown) < MAX_EXAMPLES:
            shown.append(problem)


class KeyChecker:
    """Looks at the keys of a shard one after the other.

    Shards have samples of their own, so a key that is in the range of its shard can be doubled within it alone.

    Args:
        prefix: that keys begin with, 8 characters.
        samples: of the shard; None: its rows come from another data set, and each key has to be there once.
    """

    def __init__(self, prefix: str, samples: range | None) -> None:
        self._prefix, self._samples = prefix, samples
        self._seen: set[int | str] = set()

    def flaws(self, key: object) -> Iterator[Flaw]:
        """What is wrong with the next key."""
        if self._samples is None:
            yield from self._flaws_of_any(key)
            return
        number = key.removeprefix(self._prefix) if isinstance(key, str) and key.startswith(self._prefix) else ""
        if not (len(number) == 10 and number.isascii() and number.isdecimal()):
            yield "key is wrong", f"it should be {self._prefix} and a number of ten digits"
        elif int(number) not in self._samples:
            first, last = self._samples.start, self._samples.stop - 1
            yield "key is wrong", f"sample {int(number)} is none of {first} to {last}"
        elif int(number) in self._seen:
            yield "key doubled", f"sample {int(number)} was there already"
        else:
            self._seen.add(int(number))

    def _flaws_of_any(self, key: object) -> Iterator[Flaw]:
        if not isinstance(key, str) or not key:
            yield "key is wrong", "there is none"
        elif key in self._seen:
            yield "key doubled", "it was there already"
        else:
            self._seen.add(key)


@dataclass(frozen=True)
class ShardCheckTask:
    """What has to be known to look one shard through, here or on a worker.

    Attributes:
        shards: the folder.
        description: of the data set.
        spec: which shard.
        deep: read its data, too, not only its mark.
        filtered: its rows have the keys that they had in the source.
    """

    shards: Path
    description: DatasetDescription
    spec: ShardSpec
    read_data: bool = True
    has_source_keys: bool = False

    def __str__(self) -> str:
        return f"the check of {self.data}"

    @property
    def data(self) -> Path:
        """Where its file or folder should be."""
        return self.shards / f"{self.spec.name}.{self.description.format}"

    @cached_property
    def charset(self) -> Charset | None:
        """The characters that labels may have; None if nobody knows."""
        return Charset(tuple(self.description.charset)) if self.description.charset else None


@dataclass(frozen=True)
class ShardReport:
    """What was found.

    Attributes:
        problems: of the shard.
        mark: if it can be read and is that of the shard.
    """

    problems: Problems
    manifest: ShardManifest | None


def check_shard(task: ShardCheckTask) -> ShardReport:
    """Look a shard through. Rows are read only where the checksum is right: the others are made again anyway."""
    problems = Problems()
    for place, flaws in _flaws(task):
        for kind, detail in flaws:
            problems.add(Problem(kind, f"shards/{place}", detail, shard=task.spec.index))
    mark = read_manifest(task.shards / f"{task.spec.name}.json")
    return ShardReport(problems, mark if mark is not None and not _mark_flaws(mark, task) else None)


def _flaws(task: ShardCheckTask) -> Iterator[tuple[str, Sequence[Flaw]]]:
    """What is wrong where."""
    path, data = task.shards / f"{task.spec.name}.json", task.data
    mark = read_manifest(path)
    if mark is None:
        missing = ("mark missing", "data without it count for nothing") if data.exists() else ("shard missing", "")
        yield (path if data.exists() else data).name, [("mark unreadable", "") if path.exists() else missing]
        return
    if flaws := _mark_flaws(mark, task):
        yield path.name, flaws
    elif task.read_data:
        flaws = _data_flaws(data, mark)
        yield data.name, flaws
        if not flaws:
            yield from _row_flaws(data, mark, task)


def _mark_flaws(mark: ShardManifest, task: ShardCheckTask) -> list[Flaw]:
    spec, gaps = task.spec, sum(mark.skipped.values())
    if not mark.matches(spec, task.description.digest):
        says = f"{mark.count} samples from {mark.start} on, of digest {mark.digest[:8]}"
        return [("mark of another shard", says)]
    if mark.file != task.data.name:
        return [("mark of another shard", f"it names {mark.file}")]
    if mark.rows + gaps != spec.count:
        return [("mark with wrong numbers", f"{mark.rows} rows and {gaps} gaps for {spec.count} samples")]
    if (mark.statistics.rows, dict(mark.statistics.skipped)) != (mark.rows, mark.skipped):
        return [("mark with wrong numbers", "its statistics count other rows than it does")]
    return []


def _data_flaws(data: Path, mark: ShardManifest) -> list[Flaw]:
    """What is wrong with the bytes as such."""
    if not data.exists():
        return [("data missing", "its mark is there")]
    file = data / "data.mdb" if data.is_dir() else data
    size = file.stat().st_size if file.is_file() else 0
    if size != mark.bytes:
        return [("size differs", f"{size:,} bytes, its mark says {mark.bytes:,}")]
    try:
        same = file_sha256(file) == mark.sha256
    except OSError as error:  # of the disk
        return [("data unreadable", error.strerror or str(error))]
    return [] if same else [("checksum differs", "it is not as it was written")]


def _row_flaws(data: Path, mark: ShardManifest, task: ShardCheckTask) -> Iterator[tuple[str, Sequence[Flaw]]]:
    """What is wrong with which row."""
    keys, rows = KeyChecker(task.description.digest[:8], None if task.has_source_keys else task.spec.samples), 0
    drawn = task.description.seed is not None
    try:
        for group in read_row_groups(data, ROW_TYPES[task.description.kind], task.description.format):
            for row, reason in zip(group, image_flaws(group, drawn), strict=True):
                broken = [("image broken", reason)] if reason else []
                flaws = [*keys.flaws(row.get("key")), *broken, *_label_flaws(row, task)]
                yield f"{data.name}, row {rows}, key {row.get('key')!a}", flaws
                rows += 1
    except InputError as error:
        yield data.name, [("rows unreadable", str(error))]
        return
    if rows != mark.rows:
        yield data.name, [("number of rows differs", f"{rows}, its mark says {mark.rows}")]


def _label_flaws(row: StoredRow, task: ShardCheckTask) -> list[Flaw]:
    check = check_line if task.description.kind == "lines" else check_scene
    try:
        return list(check(row, task.charset))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        return [("columns unreadable", f"{type(error).__name__}: {error}")]
