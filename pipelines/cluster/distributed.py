"""Processes with `torch.distributed` set up between them, as actors of Ray."""

import logging
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeAlias

import ray
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy
from torch import distributed

from pipelines.cluster.nodes import NodeMonitor
from pipelines.cluster.pool import MAX_TASK_ATTEMPTS, first_line, worker_pool
from pipelines.errors import JobError
from synthtext.core import InputError

_ROOM_TIMEOUT = 300.0  # seconds to wait for room for all processes; a lost node may come back
_START_TIMEOUT = timedelta(minutes=5)  # in which all processes connect
_CHECK_INTERVAL = 1.0  # seconds between checks of the cluster
_FAILURE_INTERVAL = 2.0  # seconds to wait for other failures after the first, which may only be a consequence
_HINT = "re-run the same command to resume from the last checkpoint"

_logger = logging.getLogger("pipelines.cluster")

Send = Callable[[Any], None]
_Streams: TypeAlias = "dict[ray.ObjectRefGenerator, int]"  # of the messages of the processes, each with its rank


def run_distributed(
    function: Callable[[Any, Send], None],
    argument: Any,
    workers: int,
    address: str | None,
    receive: Callable[[Any], None],
    *,
    cuda: bool = False,
) -> None:
    """Run a function in several processes at a time, with `torch.distributed` set up between them.

    When one of the processes fails, all are restarted, up to `MAX_TASK_ATTEMPTS` times.

    Args:
        function: of an importable module; gets the argument, and a function that sends messages to this process.
        argument: anything that can be pickled.
        workers: number of processes, 1 or more.
        address: of a Ray cluster to join, or None.
        receive: called with each message.
        cuda: each process has a GPU, sees no other, and communicates by nccl instead of gloo.

    Raises:
        InputError: no cluster answers at the address, or it has too few CPUs or GPUs.
        JobError: processes failed repeatedly, there has been no room for all of them for minutes, or the cluster is
            lost.
    """
    with worker_pool(workers, address):
        check_resources(ray.cluster_resources(), workers, cuda=cuda)  # type: ignore[no-untyped-call]
        nodes = NodeMonitor({})
        try:
            for attempt in range(MAX_TASK_ATTEMPTS):
                with _reserve(workers, nodes, cuda=cuda) as group:
                    failures = _run_once(partial(_start, group, function, argument, cuda=cuda), nodes, receive)
                if not failures:
                    return
                if attempt < MAX_TASK_ATTEMPTS - 1:
                    _logger.warning("%s; all processes are restarted", describe_failures(failures))
        except RayError as error:
            raise JobError(f"the Ray cluster is lost ({type(error).__name__}); {_HINT}") from None
        finally:
            nodes.close()
    raise JobError(
        f"the processes failed {MAX_TASK_ATTEMPTS} times, the last time with {describe_failures(failures)}; {_HINT}"
    )


def check_resources(resources: Mapping[str, float], workers: int, *, cuda: bool) -> None:
    """Check that all processes can run at a time: Ray would silently wait for missing resources.

    Raises:
        InputError: they cannot.
    """
    for resource in ("GPU", "CPU") if cuda else ("CPU",):
        available = int(resources.get(resource, 0))
        if available < workers:
            raise InputError(
                f"{workers} processes need a {resource} each, and there are {available}: ask for fewer with --workers"
            )


@contextmanager
def _reserve(workers: int, nodes: NodeMonitor, *, cuda: bool) -> Iterator[PlacementGroup]:
    """Reserve a CPU, and maybe a GPU, for each process, and end the processes afterwards."""
    group = placement_group([{"CPU": 1.0} | ({"GPU": 1.0} if cuda else {})] * workers)
    try:
        deadline = time.monotonic() + _ROOM_TIMEOUT
        while not group.wait(_CHECK_INTERVAL):
            nodes.check()
            if time.monotonic() > deadline:
                raise JobError(
                    f"the cluster has no room for {workers} processes: a node was lost, or other jobs use its CPUs or "
                    f"GPUs; {_HINT}"
                )
        yield group
    finally:
        if not nodes.is_lost:  # the call would block for a minute
            remove_placement_group(group)


class _Processes(NamedTuple):
    """The running processes of an attempt."""

    store: "ray.ObjectRef[str]"  # address of the store of the process group, once the first process runs
    streams: _Streams


def _start(group: PlacementGroup, function: Callable[[Any, Send], None], argument: Any, *, cuda: bool) -> _Processes:
    """Start a process for each bundle of a placement group."""
    actor = ray.remote(num_cpus=1, num_gpus=int(cuda))(DistributedWorker)
    ranks = range(group.bundle_count)
    workers: list[Any] = [
        actor.options(scheduling_strategy=PlacementGroupSchedulingStrategy(group, rank)).remote() for rank in ranks
    ]
    store = workers[0].choose_store.remote()
    runs = [worker.run.options(num_returns="streaming") for worker in workers]
    return _Processes(
        store, {runs[rank].remote(function, argument, store, rank, len(ranks), cuda=cuda): rank for rank in ranks}
    )


def _run_once(
    start: Callable[[], _Processes], nodes: NodeMonitor, receive: Callable[[Any], None]
) -> dict[int, RayError]:
    """Start the processes, pass on their messages until all have ended or one has failed; return failures by rank."""
    (store, streams), failures, deadline = start(), dict[int, RayError](), math.inf
    start_deadline = time.monotonic() + _START_TIMEOUT.total_seconds()
    while streams and time.monotonic() < deadline:
        nodes.check()
        # The other processes wait for the first one, and later for each other, with a limit of their own.
        if time.monotonic() > start_deadline and not ray.wait([store], timeout=0)[0]:
            raise JobError(f"the first process did not start within {_START_TIMEOUT}; {_HINT}")
        ready, _ = ray.wait(list(streams), timeout=_CHECK_INTERVAL)
        stream: Any
        for stream in ready:
            try:
                message = ray.get(next(stream))
            except StopIteration:
                del streams[stream]
            except RayError as error:
                failures[streams.pop(stream)] = error
                deadline = min(deadline, time.monotonic() + _FAILURE_INTERVAL)
            else:
                receive(message)
    return failures


class DistributedWorker:
    """One process of `run_distributed`; `ps` shows the name of the class."""

    def choose_store(self) -> str:
        """Return the address of the store of the process group, at a free port of the node of this process."""
        host = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as listener:
            listener.bind((host, 0))  # another program may take the port meanwhile: then the attempt is repeated
            port = listener.getsockname()[1]
        return f"tcp://[{host}]:{port}" if family == socket.AF_INET6 else f"tcp://{host}:{port}"

    def run(
        self, function: Callable[[Any, Send], None], argument: Any, store: str, rank: int, workers: int, *, cuda: bool
    ) -> Iterator[Any]:
        """Yield the messages of a function, which runs in another thread, and raise its error."""
        backend = "nccl" if cuda else "gloo"
        distributed.init_process_group(
            backend, init_method=store, rank=rank, world_size=workers, timeout=_START_TIMEOUT
        )
        messages, failures, ended = SimpleQueue[Any](), list[BaseException](), object()

        def call() -> None:
            try:
                function(argument, messages.put)
            except BaseException as error:  # is raised below
                failures.append(error)
            finally:
                messages.put(ended)

        threading.Thread(target=call, daemon=True).start()
        while (message := messages.get()) is not ended:
            yield message
        if failures:
            raise failures[0]


def describe_failures(failures: Mapping[int, RayError]) -> str:
    """Describe in one line why processes failed, by rank, each cause once."""
    ranks = {_cause(failure): rank for rank, failure in sorted(failures.items(), reverse=True)}
    return "; ".join(f"process {rank}: {cause}" for cause, rank in sorted(ranks.items(), key=lambda item: item[1]))


def _cause(failure: RayError) -> str:
    if isinstance(failure, RayTaskError):
        return f"{type(failure.cause).__name__}: {first_line(failure.cause)}"
    if isinstance(failure, RayActorError):
        return "it was killed, maybe for lack of memory, or lost with its node"
    return f"{type(failure).__name__}: {first_line(failure)}"
