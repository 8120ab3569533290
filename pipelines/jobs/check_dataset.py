"""A data set on a storage: what is looked at is brought here, a shard at a time."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from pipelines.errors import JobError
from pipelines.io.atomic import TEMPORARY_PREFIX, check_unlocked, staging_folder
from pipelines.io.connection import StorageError
from pipelines.io.dataset_folder import FILTER_DECISIONS_FOLDER
from pipelines.io.description import DatasetDescription, read_description
from pipelines.io.location import RemotePath
from pipelines.io.paths import AnyPath, parse_path, wrap_read_errors
from pipelines.io.plan import ShardPlan
from pipelines.io.statistics import Statistics
from pipelines.io.writers import LMDB_DATA_FILE
from pipelines.jobs.check_shard import Problem, Problems, ShardCheckTask, ShardReport, check_shard
from pipelines.jobs.encode import ROW_TYPES
from pipelines.jobs.executor import Executor
from pipelines.progress import progress_bar
from synthtext.core import InputError

_DESCRIPTION, _STATISTICS = "dataset.json", "statistics.json"


@dataclass(frozen=True)
class RemoteShardCheckTask:
    """What has to be known to look through a shard that lies on a storage.

    Attributes:
        shards: the folder.
        check: of the shard, in a folder that does not matter.
    """

    shards: RemotePath
    check: ShardCheckTask

    def __str__(self) -> str:
        return str(self.check)


def check_remote_shard(task: RemoteShardCheckTask) -> ShardReport:
    """Bring a shard here and look it through.

    Raises:
        JobError: the storage cannot be read.
    """
    with staging_folder() as folder:
        here = replace(task.check, shards=folder)
        _bring(task.shards / f"{here.spec.name}.json", folder / f"{here.spec.name}.json")
        if here.read_data and here.description.format == "lmdb":
            here.data.mkdir()
            if not _bring(task.shards / here.data.name / LMDB_DATA_FILE, here.data / LMDB_DATA_FILE):
                here.data.rmdir()
        elif here.read_data:
            _bring(task.shards / here.data.name, here.data)
        return check_shard(here)


@contextmanager
def small_files(place: RemotePath) -> Iterator[tuple[Path, list[str]]]:
    """The statistics of a data set, in a folder here, and the names of all that lies there: an emptied file does not.

    Raises:
        InputError: it is no data set of ours, or the storage cannot be read.
    """
    try:
        place.check_access()
        names = [name for name, size in place.list_files().items() if size or not name.endswith(".json")]
    except StorageError as error:
        raise InputError(f"{place} cannot be read: {error}") from None
    if _DESCRIPTION not in names and not any(name.startswith("shards/part-") for name in names):
        raise InputError(f"{place} is no data set of ours: there is neither a dataset.json nor a shard in it")
    with staging_folder() as folder:
        if _STATISTICS in names:
            _bring(place / _STATISTICS, folder / _STATISTICS)
        yield folder, sorted({"/".join(name.split("/")[: 1 + name.startswith("shards/")]) for name in names})


def _bring(file: RemotePath, target: Path) -> bool:
    """Copy a file here; False if there is none."""
    try:
        file.download(target)
    except FileNotFoundError:
        target.unlink(missing_ok=True)
        return False
    except StorageError as error:
        raise JobError(f"{file} cannot be read: {error}") from None
    except OSError as error:
        raise JobError(f"{target} cannot be written: {error.strerror}; set TMPDIR to a folder with room") from None
    return True


T = TypeVar("T")

SUMMARY_PROBLEMS = (
    "not called complete",
    "totals differ",
    "statistics missing",
    "statistics unreadable",
    "statistics are not those of the shards",
)
"""Problems that the marks of the shards mend."""

LEFTOVER_FILE = "left unfinished by a job that was stopped"
"""The problem that whoever holds the data set's lock mends."""

_REWRITE = "--repair writes it again from the shards' marks"
_KNOWN = ("dataset.json", "recipe.yaml", "statistics.json", "crops.arrow", "shards", FILTER_DECISIONS_FOLDER)
_LOCK = ".lock"


@dataclass(frozen=True)
class CheckReport:
    """What a look at a data set gave.

    Attributes:
        path: of its folder, absolute, or its URI.
        description: of the data set; None if it cannot be read, and then nothing else was looked at.
        problems: all that is wrong.
        total: of the shards whose marks are right.
    """

    path: AnyPath
    description: DatasetDescription | None
    problems: Problems
    statistics: Statistics = field(default_factory=Statistics)


def check_dataset(out: str | Path, workers: int = 0, shards: Collection[int] | None = None) -> CheckReport:
    """Look a data set through; nothing is touched.

    Args:
        out: its folder or its URI; what lies on a storage is brought here, a shard at a time.
        workers: Ray processes; 0 for this one.
        shards: numbers of the shards whose data are read; None: of all. The marks of the others are read all the same.

    Raises:
        InputError: the folder holds no data set of ours.
        JobError: a job is writing to it.
    """
    Executor(workers)  # refuses an invalid number
    found = parse_path(out)
    if isinstance(found, RemotePath):
        with small_files(found) as (path, names):
            return replace(_look(path, names, workers, shards, found), path=found)
    path = found.absolute()
    _refuse_others(path)
    return _look(path, _names(path), workers, shards)


def _look(
    path: Path, names: Sequence[str], workers: int, shards: Collection[int] | None, remote: RemotePath | None = None
) -> CheckReport:
    """Look through a folder; where the shards are on a storage, only the small files are in it."""
    problems = Problems()
    description = _describe(path if remote is None else remote, names, problems)
    if description is None:
        return CheckReport(path, None, problems)
    plan = ShardPlan(description.count, description.start, description.shard_size)
    folder = path / "shards"
    filtered = FILTER_DECISIONS_FOLDER in names  # which are all that is here of what lies on a storage
    tasks = (
        ShardCheckTask(folder, description, spec, shards is None or spec.index in shards, filtered) for spec in plan
    )
    total = Statistics()
    if remote is None:
        reports = _checked(check_shard, tasks, workers)
    else:
        elsewhere = remote / "shards"
        reports = _checked(check_remote_shard, (RemoteShardCheckTask(elsewhere, task) for task in tasks), workers)
    for report in _watched(reports, len(plan)):
        problems.merge(report.problems)
        if report.manifest is not None:
            total.merge(report.manifest.statistics)
    if not problems.damaged_shards:
        _check_sums(path, description, total, problems)
    _check_names(names, description, plan, problems)
    return CheckReport(path, description, problems, total)


def _refuse_others(path: Path) -> None:
    """Refuse what is no data set, and one that is being written."""
    shards, lock = path / "shards", path / _LOCK
    with wrap_read_errors(path):
        if not (path / "dataset.json").exists() and not (shards.is_dir() and any(shards.glob("part-*"))):
            raise InputError(f"{path} is no data set of ours: there is neither a dataset.json nor a shard in it")
        if lock.is_file():
            check_unlocked(lock)


def _describe(path: AnyPath, names: Sequence[str], problems: Problems) -> DatasetDescription | None:
    try:
        found = read_description(path / "dataset.json")
        ShardPlan(found.count, found.start, found.shard_size)
        if found.kind not in ROW_TYPES:
            raise InputError(f"there is no kind {found.kind!r}")
    except InputError as error:
        marks = sum(name.startswith("shards/part-") and name.endswith(".json") for name in names)
        detail = f"{error}; {marks:,} shards have their marks, but none can be checked or used without it"
        remedy = "put a copy of it back, or make the data set again in another folder"
        problems.add(Problem("description unreadable", "dataset.json", detail, remedy))
        return None
    if found.fingerprint and "recipe.yaml" not in names:
        remedy = "put a copy of it back; without it nothing can be drawn again"
        problems.add(Problem("recipe missing", "recipe.yaml", fix=remedy))
    return found


def _watched(reports: Iterable[ShardReport], count: int) -> Iterator[ShardReport]:
    with progress_bar("checking", total=count, unit="shards") as bar:
        for report in reports:
            bar.advance()
            yield report


def _checked(check: Callable[[T], ShardReport], tasks: Iterable[T], workers: int) -> Iterator[ShardReport]:
    if not workers:
        yield from map(check, tasks)
        return
    from pipelines.cluster.pool import worker_pool

    with worker_pool(workers) as running:
        yield from running.run(check, tasks)


def _check_sums(path: Path, description: DatasetDescription, total: Statistics, problems: Problems) -> None:
    """What the whole says of its parts, once all parts are there."""
    unfinished, differ, missing, unreadable, others = SUMMARY_PROBLEMS
    if not description.complete:
        problems.add(Problem(unfinished, "dataset.json", "all shards are there", _REWRITE))
    elif (description.rows, description.skipped) != (total.rows, dict(total.skipped)):
        said = f"{description.rows:,} rows and {sum(description.skipped.values()):,} gaps"
        detail = f"{said}, the shards have {total.rows:,} and {total.skipped_count:,}"
        problems.add(Problem(differ, "dataset.json", detail, _REWRITE))
    try:
        text = (path / "statistics.json").read_text(encoding="utf-8")
        kind = "" if Statistics.model_validate_json(text) == total else others
    except FileNotFoundError:
        kind = missing
    except (OSError, UnicodeDecodeError, ValidationError):
        kind = unreadable
    if kind:
        problems.add(Problem(kind, "statistics.json", fix=_REWRITE))


def _names(path: Path) -> list[str]:
    """What lies in the folder and in that of its shards."""
    folder = path / "shards"
    inside = sorted(place.name for place in path.iterdir())
    return inside + [f"shards/{place.name}" for place in (sorted(folder.iterdir()) if folder.is_dir() else ())]


def _check_names(names: Iterable[str], description: DatasetDescription, plan: ShardPlan, problems: Problems) -> None:
    """What lies in the folder and is no part of the data set."""
    for name in names:
        if not name.startswith("shards/"):
            if name not in _KNOWN:
                _add_stray(problems, name)
            continue
        stem, dot, suffix = name.removeprefix("shards/").rpartition(".")
        number = stem.removeprefix("part-")
        expected = dot and suffix in ("json", description.format) and len(number) >= 6 and number.isdecimal()
        if not expected or int(number) >= len(plan) or stem != plan[int(number)].name:
            _add_stray(problems, name)


def _add_stray(problems: Problems, name: str) -> None:
    if name.rpartition("/")[2].startswith(TEMPORARY_PREFIX) or name == _LOCK:
        remedy = "--repair removes it, as does the next job in this folder"
        problems.add(Problem(LEFTOVER_FILE, name, fix=remedy))
    else:
        problems.add(Problem("no part of this data set", name, fix="move it elsewhere"))
