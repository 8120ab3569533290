"""Tasks on Ray: a bounded number in flight, retried when a worker dies, with errors as the function raised them."""

import logging
import os
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

import ray
from ray import cloudpickle
from ray.exceptions import (
    AuthenticationError,
    LocalRayletDiedError,
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayTaskError,
    WorkerCrashedError,
)

from pipelines.cluster import remote
from pipelines.cluster.connect import capture_stderr
from pipelines.cluster.nodes import NodeMonitor
from pipelines.errors import JobError
from synthtext.core import InputError

# Ray reads these on import.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
# After a minute Ray ends a worker that is still starting and starts another: on a busy machine without end.
os.environ.setdefault("RAY_worker_register_timeout_seconds", "600")

MAX_TASK_ATTEMPTS = 4
"""How often a task is started before its job fails because workers die."""

_WORKER_LOST = (WorkerCrashedError, LocalRayletDiedError, NodeDiedError, OutOfMemoryError, ObjectLostError)
_OBJECT_STORE_BYTES = 100 * 2**20  # results of tasks are small; the default would take a third of the memory
_WAIT_TIMEOUT = 1.0  # seconds of waiting for a result between two checks of the cluster
_MAX_STARTS = 6  # of a local Ray, which has half a minute to start: too little on a busy machine
_INVALID_TOKEN = b"InvalidAuthToken"
_TRANSIENT_TIMEOUT = 300.0  # seconds after which a node that keeps failing transiently is excluded
_TASKS_PER_CPU = 2  # one runs, one waits

cloudpickle.register_pickle_by_value(remote)  # type: ignore[no-untyped-call]

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")

_logger = logging.getLogger("pipelines.cluster")


class WorkerPool:
    """Runs tasks on the workers of a Ray cluster.

    Args:
        max_in_flight: tasks that are submitted to Ray at a time; None: enough for all CPUs, also when nodes join.

    Attributes:
        lost_workers: number of tasks that were retried because their worker died.
        excluded_nodes: the sentence about each node that gets no tasks, by id.
    """

    def __init__(self, max_in_flight: int | None) -> None:
        self.max_in_flight = max_in_flight
        self.lost_workers = 0
        self.excluded_nodes: dict[str, str] = {}
        self._failing_since: dict[str, float] = {}  # by node, of transient failures

    def run(
        self,
        function: Callable[[TaskT], ResultT],
        tasks: Iterable[TaskT],
        describe_difference: Callable[[Mapping[str, str]], str] = str,
    ) -> Iterator[ResultT]:
        """Yield the results of a function for tasks, in the order of their completion.

        A node where the function raises `IncompatibleNodeError`, or that has other code, gets no more tasks; other
        nodes take them. A node with a transient failure, such as a storage that does not answer, is retried for some
        minutes first. Both are logged once for every node.

        Args:
            function: of an importable module.
            tasks: consumed one by one, at most `max_in_flight` ahead of the results.
            describe_difference: of the fingerprint of an `IncompatibleNodeError` from that of the job.

        Raises:
            InputError, JobError: as the function raised them.
            InputError: all nodes are excluded.
            JobError: a task lost its worker `MAX_TASK_ATTEMPTS` times, or raised another error; or the cluster is lost.
        """
        nodes, waiting = NodeMonitor(self.excluded_nodes), iter(tasks)
        in_flight = _InFlight(function, nodes)
        try:
            while True:
                nodes.check()
                limit = max(1, _TASKS_PER_CPU * nodes.cpus) if self.max_in_flight is None else self.max_in_flight
                while len(in_flight) < limit and (task := next(waiting, None)) is not None:
                    in_flight.start(task)
                if not len(in_flight):
                    return
                try:
                    completed = in_flight.wait_next()
                except _WORKER_LOST:
                    self.lost_workers += 1
                    continue
                if completed is None:
                    continue
                task, attempt, outcome = completed
                if outcome.incompatibility is None:
                    self._failing_since.pop(outcome.node, None)
                    yield outcome.result
                else:
                    self._handle_incompatible(outcome, nodes.name(outcome.node), describe_difference)
                    in_flight.start(task, attempt)
        finally:
            in_flight.cancel()
            nodes.close()

    def _handle_incompatible(
        self, result: remote.TaskResult, name: str, describe_difference: Callable[[Mapping[str, str]], str]
    ) -> None:
        """Exclude a node, unless its failure is transient and recent."""
        if result.transient:
            now = time.monotonic()
            if result.node not in self._failing_since:
                self._failing_since[result.node] = now
                _logger.warning("node %s cannot work now and will be retried: %s", name, result.incompatibility)
            if now - self._failing_since[result.node] < _TRANSIENT_TIMEOUT:
                return
        if result.node not in self.excluded_nodes:
            details = f" ({describe_difference(result.result)})" if result.result else ""
            self.excluded_nodes[result.node] = f"node {name} was excluded: {result.incompatibility}{details}"
            _logger.warning(self.excluded_nodes[result.node])


_Reference: TypeAlias = "ray.ObjectRef[tuple[str, str | None, Any, bool]]"


class _InFlight(Generic[TaskT, ResultT]):
    """The tasks that are submitted to Ray, each with the number of its attempts."""

    def __init__(self, function: Callable[[TaskT], ResultT], nodes: NodeMonitor) -> None:
        self._function, self._nodes, self._code = function, nodes, remote.installed_code_version()
        self._remote = ray.remote(num_cpus=1, max_retries=0)(remote.run_task)
        self._tasks: dict[_Reference, tuple[TaskT, int]] = {}
        self._ready: deque[_Reference] = deque()  # keys of `_tasks` whose results have not been taken

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, task: TaskT, attempt: int = 1) -> None:
        packed: bytes = cloudpickle.dumps((self._function, task))  # type: ignore[no-untyped-call]
        run_task = self._remote.options(label_selector=self._nodes.label_selector)
        self._tasks[run_task.remote(packed, self._code)] = (task, attempt)

    def wait_next(self) -> tuple[TaskT, int, remote.TaskResult] | None:
        """Wait up to a second for a completed task, and return it with its attempt and outcome; None if there is none.

        A task that was lost with its worker is started again before the error is raised.
        """
        if not self._ready:  # all that are ready at a time: one `ray.wait` per task would take quadratic time
            ready, others = ray.wait(list(self._tasks), num_returns=1, timeout=_WAIT_TIMEOUT)
            if not ready:
                return None
            self._ready.extend([*ready, *(ray.wait(others, num_returns=len(others), timeout=0)[0] if others else ())])
        reference = self._ready.popleft()
        task, attempt = self._tasks.pop(reference)
        try:
            return task, attempt, remote.TaskResult(*ray.get(reference))
        except RayTaskError as error:
            cause = error.cause
            if isinstance(cause, InputError | JobError):
                raise type(cause)(str(cause)) from None
            raise JobError(f"{task} failed on a worker: {type(cause).__name__}: {first_line(cause)}") from error
        except _WORKER_LOST as error:
            self._retry(task, attempt, error)
            raise

    def _retry(self, task: TaskT, attempt: int, error: Exception) -> None:
        """Start a task again whose worker died; raises JobError after `MAX_TASK_ATTEMPTS` attempts."""
        if attempt >= MAX_TASK_ATTEMPTS:
            raise JobError(f"{task} lost its worker {attempt} times: {first_line(error)}") from None
        _logger.debug("%s lost its worker and is retried: %s", task, first_line(error))
        self.start(task, attempt + 1)

    def cancel(self) -> None:
        for reference in self._tasks:
            ray.cancel(reference, force=True)


@contextmanager
def worker_pool(workers: int, address: str | None = None) -> Iterator[WorkerPool]:
    """Start a local Ray that ends with the job, or join a cluster.

    Args:
        workers: processes; with an address, tasks at a time, where 0 means as many as the cluster has CPUs for.
        address: of a Ray cluster to join, or None.

    Raises:
        InputError: no cluster answers at the address, or it needs another token.
    """
    is_running = ray.is_initialized()
    if not is_running:
        _start(workers, address)
    try:
        yield WorkerPool(None if not workers else workers if address else _TASKS_PER_CPU * workers)
    finally:
        if not is_running:
            ray.shutdown()


def _start(workers: int, address: str | None) -> None:
    # "local" keeps Ray from joining the cluster in RAY_ADDRESS, or another one on this machine.
    init = partial(ray.init, address or "local", logging_level=logging.ERROR, log_to_driver=False, namespace="ocrmill")
    if address is None:
        _start_local(partial(init, num_cpus=workers, include_dashboard=False, object_store_memory=_OBJECT_STORE_BYTES))
        return
    with capture_stderr(lambda line: _INVALID_TOKEN in line) as token_errors:
        try:
            init()
            return
        except (AuthenticationError, ConnectionError, RuntimeError, ValueError) as error:
            failure = error
    if token_errors or isinstance(failure, AuthenticationError):
        raise InputError(
            f"the Ray cluster at {address} needs another token: set RAY_AUTH_TOKEN to that of its nodes, and "
            "RAY_AUTH_MODE=token"
        )
    raise InputError(f"no Ray cluster could be joined at {address!r}: {' '.join(str(failure).split())[:300]}")


def _start_local(start: Callable[[], object]) -> None:
    for attempt in range(1, _MAX_STARTS + 1):
        try:
            with _export_import_path():
                start()
            return
        except Exception as error:  # Ray raises plain ones when its processes do not start within half a minute
            _end_failed_start(error)
            ray.shutdown()
            if attempt == _MAX_STARTS:
                raise JobError(f"Ray did not start: {first_line(error)}; try again, or use --workers 0") from None


def _end_failed_start(error: Exception) -> None:
    """End the processes of a Ray that did not start in time: Ray forgets them, and they would slow the next start."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        node = frame.f_locals.get("self")
        if node is not None and hasattr(node, "kill_all_processes"):
            node.kill_all_processes(check_alive=False, wait=True)


@contextmanager
def _export_import_path() -> Iterator[None]:
    """Let child processes import what this one can, such as an effect of the user beside a recipe."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def first_line(error: Exception) -> str:
    """Return the first line of the message of an error."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
