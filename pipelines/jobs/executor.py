"""Executors: write the pending shards of a job in this process, on Ray workers, or on a Ray cluster."""

import os
from collections.abc import Callable, Generator, Iterable, Mapping

from pipelines.jobs.shard_task import ShardTask, WrittenShard, write_task, write_task_on_worker
from synthtext.core import InputError


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
