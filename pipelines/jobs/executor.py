"""Executors write the pending shards of a job in this process, on Ray workers, or on a Ray cluster."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
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
    """Produce the rows of a shard and write them; `on_progress` gets the number of samples that were finished.

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
        if left_out := task.spec.count - len(task.spec.samples):  # samples of other splits
            on_progress(left_out)

    row_type = ROW_TYPES[task.source.kind]
    with opencv_single_thread():
        pending = write_shard(rows(), row_type, task.spec, task.digest, task.folder, task.format)
    return WrittenShard(pending, "".join(notes))


def machine_fingerprint(source: ShardSource) -> dict[str, str]:
    """Return everything on this machine that decides the bytes of a source's shards, by name.

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
    key = task.digest, task.source.seed
    if key not in _opened:
        try:
            _check_machine(task)
            task.source.open()
        except (InputError, JobError) as error:  # the main process could read all of it
            transient = isinstance(error, StorageUnavailableError)
            raise IncompatibleNodeError(f"it cannot process {task.source.name}: {error}", transient=transient) from None
        _opened.clear()
        _opened[key] = task.source
    return write_task(replace(task, source=_opened[key]))


_opened: dict[tuple[str, int | None], ShardSource] = {}  # of the last task, so that files and models are opened once


def _check_machine(task: ShardTask) -> None:
    found = machine_fingerprint(task.source)
    if fingerprint_digest(found) != task.machine_digest:
        raise IncompatibleNodeError(f"it would produce other rows of {task.source.name}", found)
    if isinstance(task.folder, Path) and not task.folder.is_dir():  # a URI is reachable from everywhere
        raise IncompatibleNodeError(
            f"it does not see {task.folder}: the folder of the dataset must be on a shared disk"
        )


class Executor:
    """Writes shards.

    Args:
        workers: number of Ray processes; 0 uses this process; None uses all CPUs if several shards are pending. With an
            address it bounds the tasks in flight, and None uses the whole cluster.
        address: of a Ray cluster to join.

    Attributes:
        lost_workers: workers that died; their shards were written again.
        excluded_nodes: a message for each machine that was excluded.

    Raises:
        InputError: a value is invalid, or no cluster answers at the address.
    """

    def __init__(self, workers: int | None = None, address: str | None = None) -> None:
        if workers is not None and workers < 0:
            raise InputError(f"the number of workers must be at least 0, not {workers}")
        if workers == 0 and address is not None:
            raise InputError(
                "0 workers use this process and no cluster: leave out the address, or ask for more workers"
            )
        if address is not None:
            from pipelines.cluster.connect import check_cluster_address

            check_cluster_address(address)
        self._workers, self._address = workers, address
        self.lost_workers = 0
        self.excluded_nodes: tuple[str, ...] = ()

    def run(
        self,
        tasks: Iterable[ShardTask],
        count: int,
        on_progress: Callable[[int], None],
        describe_difference: Callable[[Mapping[str, str]], str],
    ) -> Generator[WrittenShard, None, None]:
        """Write shards, and yield each one when it is ready to be committed.

        Args:
            tasks: the shards, consumed lazily.
            count: number of tasks.
            on_progress: called with the number of samples that were finished.
            describe_difference: describes how the fingerprint of another machine differs.
        """
        workers = self._worker_count(count)
        if not workers and self._address is None:
            yield from (write_task(task, on_progress) for task in tasks)
            return
        from pipelines.cluster.pool import worker_pool

        with worker_pool(workers, self._address) as pool:
            for written in pool.run(write_task_on_worker, tasks, describe_difference):
                on_progress(written.pending.manifest.count)
                self.lost_workers, self.excluded_nodes = pool.lost_workers, tuple(pool.excluded_nodes.values())
                yield written

    def _worker_count(self, tasks: int) -> int:
        if self._workers is not None or self._address is not None:
            return self._workers or 0
        usable = min(len(os.sched_getaffinity(0)), tasks)
        return usable if usable > 1 else 0
