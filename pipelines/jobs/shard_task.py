"""One shard of a job, written by this process or by a worker."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import IncompatibleNodeError, JobError
from pipelines.io.connection import StorageUnavailableError
from pipelines.io.description import cpu_features, current_versions
from pipelines.io.encode import ROW_TYPES
from pipelines.io.paths import AnyPath
from pipelines.io.plan import ShardSpec
from pipelines.io.row import Row
from pipelines.io.shard_writer import PendingShard, ShardFormat, write_shard
from pipelines.jobs.shard_source import ShardNote, ShardSource
from pipelines.recipes.digest import fingerprint_digest
from pipelines.recipes.drawing import opencv_single_thread
from synthtext.core import InputError, SkippedSample


@dataclass(frozen=True)
class ShardTask:
    """What a worker needs to write a shard.

    Attributes:
        source: of the rows; pickled to the worker.
        digest: of the source on the machine that runs the job.
        machine_digest: of the `machine_fingerprint` of that machine.
        spec: of the shard.
        folder: of the shards; every worker must see it under this path or URI.
        format: of the shard.
    """

    source: ShardSource
    digest: str
    machine_digest: str
    spec: ShardSpec
    folder: AnyPath
    format: ShardFormat

    def __str__(self) -> str:
        return f"shard {self.spec.index} of {self.source.name}"


class WrittenShard(NamedTuple):
    """A shard that is ready to be committed, and the notes about its samples: JSON Lines, or empty."""

    pending: PendingShard
    notes: str


def write_task(task: ShardTask, on_progress: Callable[[int], None] = lambda amount: None) -> WrittenShard:
    """Produce the rows of a shard and write them.

    Args:
        task: the shard.
        on_progress: called with the number of samples that were finished.

    Raises:
        JobError: the shard cannot be written, or the code of the source failed.
    """
    notes: list[str] = []

    def rows() -> Iterator[Row | SkippedSample]:
        for item in task.source.rows(task.spec):
            if isinstance(item, ShardNote):
                notes.append(f"{item.json}\n")
            else:
                yield item
                on_progress(1)

    row_type = ROW_TYPES[task.source.kind]
    with opencv_single_thread():
        pending = write_shard(rows(), row_type, task.spec, task.digest, task.folder, task.format)
    return WrittenShard(pending, "".join(notes))


def machine_fingerprint(source: ShardSource) -> dict[str, str]:
    """Everything on this machine that decides the bytes of a source's shards, by name.

    Raises:
        InputError: an input file cannot be read.
    """
    found = source.fingerprint | {f"version of {name}": text for name, text in current_versions().items()}
    if source.uses_cpu:
        machine, _, features = cpu_features().partition(": ")
        found |= {"kind of CPU": machine}
        found |= {f"CPU feature {name.strip('*?')}": _feature_use(name) for name in features.split()}
    return found


def _feature_use(feature: str) -> str:
    """Whether OpenCV has code for this CPU feature alone, and whether the CPU has the feature."""
    return "missing" if feature.endswith("?") else "chosen" if feature.startswith("*") else "always used"


def write_task_on_worker(task: ShardTask) -> WrittenShard:
    """Write a shard in a worker process.

    Raises:
        IncompatibleNodeError: this machine's fonts, files, library versions or CPU would give other rows, or it cannot
            read an input; `transient` is set if a storage does not answer.
        JobError: the shard cannot be written, or the code of the source failed.
    """
    return write_task(replace(task, source=_worker.source_of(task)))


class _Worker:
    """Keeps the source of the last task, so that a process opens files and models once and not for every shard."""

    def __init__(self) -> None:
        self._key: tuple[str, int | None] | None = None
        self._source: ShardSource | None = None

    def source_of(self, task: ShardTask) -> ShardSource:
        key = task.digest, task.source.seed
        if self._source is None or self._key != key:
            try:
                self._check_machine(task)
                task.source.open()
            except (InputError, JobError) as error:  # the main process could read all of it
                raise IncompatibleNodeError(
                    f"it cannot process {task.source.name}: {error}",
                    transient=isinstance(error, StorageUnavailableError),
                ) from None
            self._source, self._key = task.source, key
        return self._source

    @staticmethod
    def _check_machine(task: ShardTask) -> None:
        found = machine_fingerprint(task.source)
        if fingerprint_digest(found) != task.machine_digest:
            raise IncompatibleNodeError(f"it would produce other rows of {task.source.name}", found)
        if isinstance(task.folder, Path) and not task.folder.is_dir():  # a URI is reachable from everywhere
            raise IncompatibleNodeError(
                f"it does not see {task.folder}: the folder of the dataset must be on a shared disk"
            )


_worker = _Worker()
