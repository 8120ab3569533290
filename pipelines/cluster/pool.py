"""Tasks on Ray: a bounded number in flight, repeated when a worker dies, its errors as they were raised."""

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

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

# Read while Ray is imported.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")


MAX_TASK_ATTEMPTS = 4
"""How often a task is started before the job is given up because workers die of it."""

_LOST = (WorkerCrashedError, LocalRayletDiedError, NodeDiedError, OutOfMemoryError, ObjectLostError)
_OBJECT_STORE = 100 * 2**20  # bytes; what tasks return is small, and the default would take a third of the memory
_PAUSE = 1.0  # seconds of waiting for a result between looks at the cluster
_STARTS = 2  # of a Ray of our own, which may not be up in time on a busy machine
_NO_TOKEN = b"InvalidAuthToken"
_PATIENCE = 300.0  # seconds that a machine may fail for what may pass before it is refused
_AHEAD = 2  # tasks a CPU: one is worked on, one waits

cloudpickle.register_pickle_by_value(remote)  # type: ignore[no-untyped-call]

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")
Explain = Callable[[Mapping[str, str]], str]


class WorkerPool:
    """Runs tasks on the workers of a Ray cluster.

    Args:
        max_in_flight: of tasks that are handed to Ray at a time; None: as many as keep the cluster busy, however it grows.

    Attributes:
        deaths: tasks that were lost with their worker and started again.
        refused: a sentence of each machine that may not do such tasks, by the id of its node.
    """

    def __init__(self, limit: int | None) -> None:
        self.max_in_flight = limit
        self.lost_workers = 0
        self.excluded_nodes: dict[str, str] = {}
        self._failing: dict[str, float] = {}  # since when, by node

    def run(
        self,
        function: Callable[[TaskT], ResultT],
        tasks: Iterable[TaskT],
        describe_difference: Explain = str,
        log: Callable[[str], None] = lambda line: None,
    ) -> Iterator[ResultT]:
        """The results of a function for each task, as they come.

        A machine where the function raises `UnfitError`, or whose code is another, gets no more tasks; others go on.
        One that is unfit for what may pass, such as a storage that does not answer, is asked again for some minutes.

        Args:
            function: of an importable module.
            tasks: taken one by one, never more than the limit ahead of the results.
            describe_difference: says how the ingredients of an `UnfitError` differ from those of the job.
            say: is told once of every machine that is refused, or may be.

        Raises:
            InputError, JobError: as the function raised them.
            InputError: all machines were refused.
            JobError: a task lost its worker `ATTEMPTS` times, or raised another error; or the cluster is gone.
        """
        nodes = NodeMonitor(self.excluded_nodes)
        flight = _InFlight(function, nodes)
        waiting = iter(tasks)
        try:
            while True:
                nodes.check()
                room = max(1, _AHEAD * nodes.cpus if self.max_in_flight is None else self.max_in_flight)
                while len(flight) < room and (task := next(waiting, None)) is not None:
                    flight.start(task)
                if not len(flight):
                    return
                try:
                    landing = flight.wait_next()
                except _LOST:
                    self.lost_workers += 1
                    continue
                if landing is None:
                    continue
                if landing.outcome.incompatibility is None:
                    self._failing.pop(landing.outcome.node, None)
                    yield landing.outcome.result
                    continue
                self._refuse(landing.outcome, nodes, describe_difference, log)
                flight.start(landing.task, landing.attempt)
        finally:
            flight.cancel()
            nodes.close()

    def _refuse(
        self, outcome: remote.TaskResult, nodes: NodeMonitor, describe_difference: Explain, log: Callable[[str], None]
    ) -> None:
        if outcome.transient:
            is_first, now = outcome.node not in self._failing, time.monotonic()
            since = self._failing.setdefault(outcome.node, now)
            if is_first:
                log(
                    f"machine {nodes.name(outcome.node)} cannot work now, and is asked again: {outcome.incompatibility}"
                )
            if now - since < _PATIENCE:
                return
        if outcome.node not in self.excluded_nodes:
            details = f" ({describe_difference(outcome.result)})" if outcome.result else ""
            self.excluded_nodes[outcome.node] = (
                f"machine {nodes.name(outcome.node)} was refused: {outcome.incompatibility}{details}"
            )
            log(self.excluded_nodes[outcome.node])


_Reference: TypeAlias = "ray.ObjectRef[tuple[str, str | None, Any, bool]]"


class _Completed(NamedTuple):
    """A task that was started, how often, and what became of it."""

    task: Any
    attempt: int
    outcome: remote.TaskResult


class _InFlight(Generic[TaskT, ResultT]):
    """The tasks that Ray works on, and how often each was started."""

    def __init__(self, function: Callable[[TaskT], ResultT], nodes: NodeMonitor) -> None:
        self._function, self._nodes, self._code = function, nodes, remote.installed_code_version()
        self._remote = ray.remote(num_cpus=1, max_retries=0)(remote.run_task)
        self._tasks: dict[_Reference, tuple[TaskT, int]] = {}
        self._finished: deque[_Reference] = deque()  # of these, in their order

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, task: TaskT, attempt: int = 1) -> None:
        packed: bytes = cloudpickle.dumps((self._function, task))  # type: ignore[no-untyped-call]
        asked = self._remote.options(label_selector=self._nodes.label_selector)
        self._tasks[asked.remote(packed, self._code)] = (task, attempt)

    def wait_next(self) -> _Completed | None:
        """Wait a little for a task; None if there is none yet.

        One that was lost with its worker is started again before that is told.
        """
        if not self._finished:
            self._finished.extend(self._wait())
        if not self._finished:
            return None
        finished = self._finished.popleft()
        task, attempt = self._tasks.pop(finished)
        try:
            outcome = remote.TaskResult(*ray.get(finished))
        except RayTaskError as error:
            cause = error.cause
            if isinstance(cause, InputError | JobError):
                raise type(cause)(str(cause)) from None
            raise JobError(f"{task} failed on a worker: {type(cause).__name__}: {first_line(cause)}") from error
        except _LOST as error:
            if attempt >= MAX_TASK_ATTEMPTS:
                raise JobError(f"{task} lost its worker {attempt} times: {first_line(error)}") from None
            self.start(task, attempt + 1)
            raise
        return _Completed(task, attempt, outcome)

    def _wait(self) -> list[_Reference]:
        """All that are finished by now: to ask Ray about all tasks for each of them would cost their square."""
        tasks = list(self._tasks)
        first, others = ray.wait(tasks, num_returns=1, timeout=_PAUSE)
        if not first or not others:
            return first
        return ray.wait(tasks, num_returns=len(tasks), timeout=0)[0]

    def cancel(self) -> None:
        for reference in self._tasks:
            ray.cancel(reference, force=True)


@contextmanager
def worker_pool(workers: int, address: str | None = None) -> Iterator[WorkerPool]:
    """Workers: of a Ray of our own that ends with the job, or of a cluster that is there.

    Args:
        workers: processes; with an address, tasks at a time, and 0 means as many as the cluster has room for.
        address: of a Ray cluster to join, or None.

    Raises:
        InputError: no cluster answers at the address, or it wants another token.
    """
    joined = ray.is_initialized()
    if not joined:
        _start(workers, address)
    try:
        yield WorkerPool(None if not workers else workers if address else _AHEAD * workers)
    finally:
        if not joined:
            ray.shutdown()


def _start(workers: int, address: str | None) -> None:
    # "local": or a RAY_ADDRESS in the environment, or another Ray on this machine, would be joined.
    quiet = partial(ray.init, address or "local", logging_level=logging.ERROR, log_to_driver=False, namespace="ocrmill")
    if address is None:
        _start_own(partial(quiet, num_cpus=workers, include_dashboard=False, object_store_memory=_OBJECT_STORE))
        return
    with capture_stderr(lambda line: _NO_TOKEN in line) as refusals:
        try:
            quiet()
            return
        except (AuthenticationError, ConnectionError, RuntimeError, ValueError) as error:
            failure = error
    if refusals or isinstance(failure, AuthenticationError):
        raise InputError(
            f"the Ray cluster at {address} wants another token: give the one that its nodes were started with in "
            "RAY_AUTH_TOKEN, with RAY_AUTH_MODE=token"
        )
    raise InputError(f"no Ray cluster could be joined at {address!r}: {' '.join(str(failure).split())[:300]}")


def _start_own(start: Callable[[], object]) -> None:
    for attempt in range(1, _STARTS + 1):
        try:
            with _shared_import_path():
                start()
            return
        except Exception as error:  # Ray raises plain ones when its processes do not come up in half a minute
            ray.shutdown()
            if attempt == _STARTS:
                raise JobError(f"Ray did not start: {first_line(error)}; try again, or draw with --workers 0") from None


@contextmanager
def _shared_import_path() -> Iterator[None]:
    """Let processes that are started meanwhile find what this one finds: a user's effect beside a recipe, us."""
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
    """What an error says, in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
