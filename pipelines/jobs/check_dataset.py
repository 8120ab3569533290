"""Checks a dataset, on a disk or at a URI."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from pipelines.io.atomic import TEMPORARY_PREFIX, check_unlocked, staging_folder
from pipelines.io.card import CARD_FILE, CARD_PROBLEMS, card_problem, read_text
from pipelines.io.commit import LOCK_FILE, MANIFESTS_FOLDER, SHARDS_FOLDER
from pipelines.io.connection import StorageError
from pipelines.io.dataset_folder import CROP_BANK_FILE, FILTER_DECISIONS_FOLDER, RECIPE_FILE, STATISTICS_FILE
from pipelines.io.description import DESCRIPTION_FILE, DatasetDescription, read_description
from pipelines.io.encode import ROW_TYPES
from pipelines.io.location import RemotePath
from pipelines.io.paths import AnyPath, parse_path, wrap_read_errors
from pipelines.io.plan import ShardManifest, ShardPlan
from pipelines.io.statistics import Statistics
from pipelines.jobs.check_shard import Problem, Problems, ShardCheckTask, ShardReport, check_shard, download_file
from pipelines.jobs.executor import Executor
from pipelines.progress import progress_bar
from synthtext.core import InputError

SUMMARY_PROBLEMS = (
    *("not marked complete", "totals differ"),
    *("statistics missing", "statistics unreadable", "statistics differ from those of the shards"),
    *CARD_PROBLEMS,
)
"""Problems that are repaired from the manifests of the shards."""

LEFTOVER_FILE = "leftover of an interrupted job"
"""The problem that every job repairs when it locks the folder."""

_REWRITE = "--repair writes it again from the manifests of the shards"
_FILES = (DESCRIPTION_FILE, CARD_FILE, RECIPE_FILE, STATISTICS_FILE, CROP_BANK_FILE)
_KNOWN = (*_FILES, SHARDS_FOLDER, MANIFESTS_FOLDER, FILTER_DECISIONS_FOLDER)


@dataclass(frozen=True)
class CheckReport:
    """The result of a check.

    Attributes:
        path: of the dataset, absolute, or its URI.
        description: of the dataset; None if it cannot be read, and then nothing else was checked.
        problems: of the dataset.
        statistics: sum over the shards with valid manifests.
        bytes: size of the data of these shards.
        samples: in these shards, skipped ones included.
        pending: shards of an unfinished dataset that are missing, or shorter than they will be.
    """

    path: AnyPath
    description: DatasetDescription | None
    problems: Problems
    statistics: Statistics = field(default_factory=Statistics)
    bytes: int = 0
    samples: int = 0
    pending: int = 0


def check_dataset(out: str | AnyPath, workers: int = 0, shards: Collection[int] | None = None) -> CheckReport:
    """Check a dataset without changing it. An unfinished one is not damaged: its missing shards are `pending`.

    Args:
        out: its folder or URI; from a URI one shard at a time is downloaded.
        workers: Ray processes; 0 uses this process.
        shards: indices of the shards whose data are read; None: all. The manifests of all shards are read.

    Raises:
        InputError: there is no dataset in the folder.
        JobError: a job is writing to the folder.
    """
    Executor(workers)  # refuses an invalid number
    path = parse_path(out)
    if isinstance(path, RemotePath):
        with _remote_files(path) as (folder, names):
            return replace(_check(folder, names, workers, shards, path), path=path)
    folder = path.absolute()
    return _check(folder, _list_names(folder), workers, shards)


def _check(
    path: Path, names: Sequence[str], workers: int, shards: Collection[int] | None, remote: RemotePath | None = None
) -> CheckReport:
    """Check the files with these names; the folder of a remote dataset holds its statistics and card."""
    problems = Problems()
    description = _check_description(path if remote is None else remote, names, problems)
    if description is None:
        return CheckReport(path, None, problems)
    plan = description.plan
    is_filtered = FILTER_DECISIONS_FOLDER in names
    tasks = (
        ShardCheckTask(path, description, spec, shards is None or spec.index in shards, is_filtered, remote)
        for spec in plan
    )
    statistics, size, samples, finished = Statistics(), 0, 0, 0
    with progress_bar("checking", total=len(plan), unit="shards") as bar:
        for report in _run(tasks, workers):
            bar.advance()
            problems.merge(report.problems)
            if report.manifest is not None:
                statistics.merge(report.manifest.statistics)
                size += report.manifest.bytes
                samples += report.manifest.count
            damaged = report.manifest is None and report.problems.damaged_shards
            finished += bool(damaged) or (report.manifest is not None and _is_whole(report.manifest, plan))
    pending = len(plan) - finished
    if not problems.damaged_shards and not pending:
        _check_totals(path, description, statistics, size, problems)
    if remote is not None:  # where nothing is deleted, and data without a manifest count for nothing
        stems = {Path(name).stem for name in names if name.startswith(f"{MANIFESTS_FOLDER}/")}
        names = [name for name in names if not name.startswith(f"{SHARDS_FOLDER}/part-") or Path(name).stem in stems]
    _check_names(names, description, plan, problems)
    return CheckReport(path, description, problems, statistics, size, samples, pending)


def _is_whole(manifest: ShardManifest, plan: ShardPlan) -> bool:
    return manifest.count == plan[manifest.index].count


def _check_exists(path: AnyPath, found: bool) -> None:
    if not found:
        raise InputError(f"{path} is not an ocrmill dataset: it has neither a {DESCRIPTION_FILE} nor a shard")


def _check_description(path: AnyPath, names: Sequence[str], problems: Problems) -> DatasetDescription | None:
    try:
        description = read_description(path / DESCRIPTION_FILE)
        _ = description.plan
        if description.kind not in ROW_TYPES:
            raise InputError(f"kind {description.kind!r} is unknown")
    except InputError as error:
        manifests = sum(name.startswith(f"{MANIFESTS_FOLDER}/part-") for name in names)
        detail = f"{error}; {manifests:,} shards have a manifest, but cannot be checked or used without it"
        fix = "restore a copy, or create the dataset again in another folder"
        problems.add(Problem("description unreadable", DESCRIPTION_FILE, detail, fix))
        return None
    if description.fingerprint and RECIPE_FILE not in names:
        problems.add(Problem("recipe missing", RECIPE_FILE, fix="restore a copy; without it no shard can be repaired"))
    return description


def _run(tasks: Iterable[ShardCheckTask], workers: int) -> Iterator[ShardReport]:
    if not workers:
        yield from map(check_shard, tasks)
        return
    from pipelines.cluster.pool import worker_pool

    with worker_pool(workers) as pool:
        yield from pool.run(check_shard, tasks)


def _check_totals(
    path: Path, description: DatasetDescription, statistics: Statistics, size: int, problems: Problems
) -> None:
    """Compare the description and the statistics of the dataset with the sum of its intact shards."""
    unfinished, differ, missing, unreadable, others, *_ = SUMMARY_PROBLEMS
    if not description.complete:
        problems.add(Problem(unfinished, DESCRIPTION_FILE, "all shards are there", _REWRITE))
    elif (description.rows, description.skipped) != (statistics.rows, dict(statistics.skipped)):
        stated = f"{description.rows:,} rows and {sum(description.skipped.values()):,} skipped samples"
        detail = f"{stated}, the shards have {statistics.rows:,} and {statistics.skipped_count:,}"
        problems.add(Problem(differ, DESCRIPTION_FILE, detail, _REWRITE))
    try:
        text = (path / STATISTICS_FILE).read_text(encoding="utf-8")
        kind = "" if Statistics.model_validate_json(text) == statistics else others
    except FileNotFoundError:
        kind = missing
    except (OSError, UnicodeDecodeError, ValidationError):
        kind = unreadable
    if kind:
        problems.add(Problem(kind, STATISTICS_FILE, fix=_REWRITE))
    whole = description.model_copy(update={"rows": statistics.rows, "bytes": size})
    if description.complete and (problem := card_problem(read_text(path / CARD_FILE), {"": whole})):
        problems.add(Problem(problem, CARD_FILE, fix=_REWRITE))


def _list_names(path: Path) -> list[str]:
    """The names in the folder of a dataset, which no job may be writing, and in those of its shards."""
    shards, lock = path / SHARDS_FOLDER, path / LOCK_FILE
    with wrap_read_errors(path):
        _check_exists(path, (path / DESCRIPTION_FILE).exists() or (shards.is_dir() and any(shards.glob("part-*"))))
        if lock.is_file():
            check_unlocked(lock)
    names = sorted(entry.name for entry in path.iterdir())
    folders = [folder for folder in (shards, path / MANIFESTS_FOLDER) if folder.is_dir()]
    return names + [f"{folder.name}/{entry.name}" for folder in folders for entry in sorted(folder.iterdir())]


@contextmanager
def _remote_files(dataset: RemotePath) -> Iterator[tuple[Path, list[str]]]:
    """The folder of downloaded summaries, and names as from `_list_names`, without withdrawn (empty) files."""
    try:
        dataset.check_access()
        names = [name for name, size in dataset.list_files().items() if size or not name.endswith(".json")]
    except StorageError as error:
        raise InputError(f"{dataset} cannot be read: {error}") from None
    _check_exists(
        dataset, DESCRIPTION_FILE in names or any(name.startswith(f"{SHARDS_FOLDER}/part-") for name in names)
    )
    with staging_folder() as folder:
        for name in {STATISTICS_FILE, CARD_FILE}.intersection(names):
            download_file(dataset, folder / name, folder)
        parts = [name.split("/") for name in names]
        yield folder, sorted({"/".join(p[: 1 + (p[0] in (SHARDS_FOLDER, MANIFESTS_FOLDER))]) for p in parts})


def _check_names(names: Iterable[str], description: DatasetDescription, plan: ShardPlan, problems: Problems) -> None:
    """Find files that do not belong to the dataset."""
    for name in names:
        folder, _, file = name.rpartition("/")
        if name in _KNOWN or _is_part_of_shard(folder, file, description, plan):
            continue
        if file.startswith(TEMPORARY_PREFIX) or name == LOCK_FILE:
            if description.complete:  # a job that was killed leaves such files, and the next one removes them
                fix = "--repair removes it, as does the next job in this folder"
                problems.add(Problem(LEFTOVER_FILE, name, fix=fix))
        else:
            problems.add(Problem("not a part of the dataset", name, fix="move it to another folder"))


def _is_part_of_shard(folder: str, file: str, description: DatasetDescription, plan: ShardPlan) -> bool:
    stem, _, suffix = file.rpartition(".")
    number = stem.removeprefix("part-")
    is_numbered = len(number) >= 6 and number.isdecimal() and int(number) < len(plan)
    expected = {SHARDS_FOLDER: description.format, MANIFESTS_FOLDER: "json"}.get(folder)
    return suffix == expected and is_numbered and stem == plan[int(number)].name
