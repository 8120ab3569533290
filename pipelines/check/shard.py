"""One shard: its mark, its file, its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipelines.check.keys import Keys
from pipelines.check.labels import Flaw, check_line, check_scene
from pipelines.check.picture import picture_flaws
from pipelines.check.problem import Problem, Problems
from pipelines.check.rows import StoredRow, stored_groups
from pipelines.generate.encode import ROWS
from pipelines.shards import Description, Mark, ShardSpec, read_mark
from pipelines.shards.files import sha256
from synthtext.core import Charset, InputError


@dataclass(frozen=True)
class ShardCheck:
    """What has to be known to look one shard through, here or on a worker.

    Attributes:
        shards: the folder.
        description: of the data set.
        spec: which shard.
        deep: read its data, too, not only its mark.
        filtered: its rows have the keys that they had in the source.
    """

    shards: Path
    description: Description
    spec: ShardSpec
    deep: bool = True
    filtered: bool = False

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
    mark: Mark | None


def check_shard(task: ShardCheck) -> ShardReport:
    """Look a shard through. Rows are read only where the checksum is right: the others are made again anyway."""
    problems = Problems()
    for place, flaws in _flaws(task):
        for kind, detail in flaws:
            problems.add(Problem(kind, f"shards/{place}", detail, shard=task.spec.index))
    mark = read_mark(task.shards / f"{task.spec.name}.json")
    return ShardReport(problems, mark if mark is not None and not _mark_flaws(mark, task) else None)


def _flaws(task: ShardCheck) -> Iterator[tuple[str, Sequence[Flaw]]]:
    """What is wrong where."""
    path, data = task.shards / f"{task.spec.name}.json", task.data
    mark = read_mark(path)
    if mark is None:
        missing = ("mark missing", "data without it count for nothing") if data.exists() else ("shard missing", "")
        yield (path if data.exists() else data).name, [("mark unreadable", "") if path.exists() else missing]
        return
    if flaws := _mark_flaws(mark, task):
        yield path.name, flaws
    elif task.deep:
        flaws = _data_flaws(data, mark)
        yield data.name, flaws
        if not flaws:
            yield from _row_flaws(data, mark, task)


def _mark_flaws(mark: Mark, task: ShardCheck) -> list[Flaw]:
    spec, gaps = task.spec, sum(mark.gaps.values())
    if not mark.is_of(spec, task.description.digest):
        says = f"{mark.count} samples from {mark.start} on, of digest {mark.digest[:8]}"
        return [("mark of another shard", says)]
    if mark.file != task.data.name:
        return [("mark of another shard", f"it names {mark.file}")]
    if mark.rows + gaps != spec.count:
        return [("mark with wrong numbers", f"{mark.rows} rows and {gaps} gaps for {spec.count} samples")]
    if (mark.statistics.rows, dict(mark.statistics.gaps)) != (mark.rows, mark.gaps):
        return [("mark with wrong numbers", "its statistics count other rows than it does")]
    return []


def _data_flaws(data: Path, mark: Mark) -> list[Flaw]:
    """What is wrong with the bytes as such."""
    if not data.exists():
        return [("data missing", "its mark is there")]
    file = data / "data.mdb" if data.is_dir() else data
    size = file.stat().st_size if file.is_file() else 0
    if size != mark.bytes:
        return [("size differs", f"{size:,} bytes, its mark says {mark.bytes:,}")]
    try:
        same = sha256(file) == mark.sha256
    except OSError as error:  # of the disk
        return [("data unreadable", error.strerror or str(error))]
    return [] if same else [("checksum differs", "it is not as it was written")]


def _row_flaws(data: Path, mark: Mark, task: ShardCheck) -> Iterator[tuple[str, Sequence[Flaw]]]:
    """What is wrong with which row."""
    keys, rows = Keys(task.description.digest[:8], None if task.filtered else task.spec.samples), 0
    drawn = task.description.seed is not None
    try:
        for group in stored_groups(data, ROWS[task.description.kind], task.description.format):
            for row, reason in zip(group, picture_flaws(group, drawn), strict=True):
                broken = [("picture broken", reason)] if reason else []
                flaws = [*keys.flaws(row.get("key")), *broken, *_label_flaws(row, task)]
                yield f"{data.name}, row {rows}, key {row.get('key')!a}", flaws
                rows += 1
    except InputError as error:
        yield data.name, [("rows unreadable", str(error))]
        return
    if rows != mark.rows:
        yield data.name, [("number of rows differs", f"{rows}, its mark says {mark.rows}")]


def _label_flaws(row: StoredRow, task: ShardCheck) -> list[Flaw]:
    check = check_line if task.description.kind == "lines" else check_scene
    try:
        return list(check(row, task.charset))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        return [("columns unreadable", f"{type(error).__name__}: {error}")]
