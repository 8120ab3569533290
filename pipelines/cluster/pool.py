"""Tasks on Ray: a bounded number in flight, repeated when a worker dies, its errors as they were raised."""

import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Generic, TypeVar

# Read while Ray is imported.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import ray
from ray.exceptions import (
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayTaskError,
    WorkerCrashedError,
)

from pipelines.errors import JobError
from synthtext.core import InputError

ATTEMPTS = 4
"""How often a task is started before the job is given up because workers die of it."""

_LOST = (WorkerCrashedError, NodeDiedError, OutOfMemoryError, ObjectLostError)
_OBJECT_STORE = 100 * 2**20  # bytes; what tasks return is small, and the default would take a third of the memory

Task = TypeVar("Task")
Result = TypeVar("Result")


class Pool:
    """Runs tasks on the workers of a Ray cluster.

    Attributes:
        in_flight: tasks that are handed to Ray at a time.
        deaths: tasks that were lost with their worker and started again.
    """

    def __init__(self, in_flight: int) -> None:
        self.in_flight = in_flight
        self.deaths = 0

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """The results of a function for each task, as they come.

        Args:
            function: of an importable module.
            tasks: taken one by one, never more than `in_flight` ahead of the results.

        Raises:
            InputError, JobError: as the function raised them.
            JobError: a task lost its worker `ATTEMPTS` times, or raised another error.
        """
        flight = _Flight(function)
        waiting = iter(tasks)
        try:
            while True:
                while len(flight) < self.in_flight and (task := next(waiting, None)) is not None:
                    flight.start(task)
                if not len(flight):
                    return
                try:
                    result = flight.land()
                except _LOST:
                    self.deaths += 1
                    continue
                yield result
        finally:
            flight.cancel()


class _Flight(Generic[Task, Result]):
    """The tasks that Ray works on, and how often each was started."""

    def __init__(self, function: Callable[[Task], Result]) -> None:
        self._remote = ray.remote(num_cpus=1, max_retries=0)(function)
        self._tasks: dict[ray.ObjectRef[Result], tuple[Task, int]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, task: Task, attempt: int = 1) -> None:
        self._tasks[self._remote.remote(task)] = (task, attempt)

    def land(self) -> Result:
        """Wait for a result. A task that was lost with its worker is started again before that is told."""
        (finished,), _ = ray.wait(list(self._tasks), num_returns=1)
        task, attempt = self._tasks.pop(finished)
        try:
            result: Result = ray.get(finished)
        except RayTaskError as error:
            cause = error.cause
            if isinstance(cause, InputError | JobError):
                raise type(cause)(str(cause)) from None
            raise JobError(f"{task} failed on a worker: {type(cause).__name__}: {first_line(cause)}") from error
        except _LOST as error:
            if attempt >= ATTEMPTS:
                raise JobError(f"{task} lost its worker {attempt} times: {first_line(error)}") from None
            self.start(task, attempt + 1)
            raise
        return result

    def cancel(self) -> None:
        for reference in self._tasks:
            ray.cancel(reference, force=True)


@contextmanager
def pool(workers: int, address: str | None = None) -> Iterator[Pool]:
    """Workers: of a Ray of our own that ends with the job, or of a cluster that is there.

    Args:
        workers: processes; with an address, tasks at a time, and 0 means as many as the cluster has CPUs.
        address: of a Ray cluster to join, or None.

    Raises:
        InputError: no cluster answers at the address.
    """
    joined = ray.is_initialized()
    if not joined:
        _start(workers, address)
    try:
        yield Pool(2 * (workers or _cluster_cpus()))
    finally:
        if not joined:
            ray.shutdown()


def _cluster_cpus() -> int:
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return max(1, int(resources.get("CPU", 1)))


def _start(workers: int, address: str | None) -> None:
    quiet = partial(ray.init, logging_level=logging.ERROR, log_to_driver=False, namespace="ocrmill")
    if address is None:
        try:
            with _shared_import_path():
                quiet(num_cpus=workers, include_dashboard=False, object_store_memory=_OBJECT_STORE)
        except Exception as error:  # Ray raises plain ones when its processes do not come up in time
            raise JobError(f"Ray did not start: {first_line(error)}; try again, or draw with --workers 0") from None
        return
    try:
        quiet(address=address)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise InputError(f"no Ray cluster could be joined at {address!r}: {first_line(error)}") from None


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
