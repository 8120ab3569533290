"""Processes with `torch.distributed` set up between them, under the TorchTrainer of Ray."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import ray
import ray.train
import torch
from ray.train.torch import TorchConfig, TorchTrainer

from pipelines.cluster.mailbox import start_mailbox
from pipelines.cluster.nodes import NodeMonitor
from pipelines.cluster.pool import MAX_TASK_ATTEMPTS, first_line, worker_pool
from pipelines.errors import JobError
from synthtext.core import InputError

_START_TIMEOUT = 300  # seconds in which all processes connect; a process that dies before leaves the others waiting
_ALIVE_INTERVAL = 10.0  # seconds between signs of life of a process
_SILENCE_TIMEOUT = 600.0  # seconds without a message or a sign of life of any process, starts included
_MAX_STARTS = 5  # each waits a minute for room for all processes; a lost node may come back
_CHECK_INTERVAL = 1.0  # seconds between checks of the cluster
_MAILBOX_INTERVAL = 0.2  # seconds between reads of messages

_ALIVE = "alive"  # a message that is no message of the function

Send = Callable[[Any], None]


def run_distributed(
    function: Callable[[Any, Send], None],
    argument: Any,
    workers: int,
    address: str | None,
    folder: Path,
    receive: Callable[[Any], None],
    *,
    cuda: bool = False,
) -> None:
    """Run a function in several processes at a time, with `torch.distributed` set up between them.

    When one of the processes dies, all are restarted, up to `MAX_TASK_ATTEMPTS` times.

    Args:
        function: of an importable module; gets the argument, and a function that sends messages to this process.
        argument: anything that can be pickled.
        workers: number of processes, 1 or more.
        address: of a Ray cluster to join, or None.
        folder: visible to all processes; Ray keeps files of its own there meanwhile.
        receive: called with each message, in another thread.
        cuda: each process has a GPU, and communicates by nccl instead of gloo.

    Raises:
        InputError: no cluster answers at the address, or it has too few CPUs or GPUs.
        JobError: processes died repeatedly, there has been no room for all of them for minutes, the function raised
            another error, no process has answered for minutes, or the cluster is lost.
        KeyboardInterrupt: at once, on Ctrl-C.
    """
    storage = folder.absolute() / ".ray"
    with worker_pool(workers, address):
        check_resources(ray.cluster_resources(), workers, cuda=cuda)  # type: ignore[no-untyped-call]
        nodes, mailbox, silence = NodeMonitor({}), start_mailbox(), SilenceMonitor()
        config = {"function": function, "argument": argument, "mailbox": mailbox, "cuda": cuda}
        trainer = _trainer(config, workers, storage, cuda=cuda)
        logging.getLogger("ray.train").setLevel(logging.ERROR)

        def check() -> None:
            nodes.check()
            silence.check()

        try:
            with _messages_received(mailbox, receive, silence):
                run_in_thread(trainer.fit, check)
        except (ray.train.TrainingFailedError, ray.exceptions.RayError) as error:
            hint = "re-run the same command to resume from the last checkpoint"
            raise JobError(f"{describe_failure(error, workers)}; {hint}") from None
        finally:
            nodes.close()
            shutil.rmtree(storage, ignore_errors=True)


def _trainer(config: dict[str, Any], workers: int, storage: Path, *, cuda: bool) -> TorchTrainer:
    return TorchTrainer(
        _run_worker,
        train_loop_config=config,
        torch_config=TorchConfig(backend="nccl" if cuda else "gloo", timeout_s=_START_TIMEOUT),
        scaling_config=ray.train.ScalingConfig(num_workers=workers, use_gpu=cuda),
        run_config=ray.train.RunConfig(
            name="distributed",
            storage_path=str(storage),
            failure_config=ray.train.FailureConfig(
                max_failures=MAX_TASK_ATTEMPTS - 1,
                controller_failure_limit=_MAX_STARTS - 1,  # type: ignore[call-arg]  # missing in the type stubs
            ),
        ),
    )


def check_resources(resources: Mapping[str, float], workers: int, *, cuda: bool) -> None:
    """Check that all processes can run at a time: Ray would silently wait for missing resources.

    Raises:
        InputError: they cannot.
    """
    resource = "GPU" if cuda else "CPU"
    available = int(resources.get(resource, 0))
    if available < workers:
        raise InputError(
            f"{workers} processes need a {resource} each, and there are {available}: ask for fewer with --workers"
        )


def describe_failure(error: Exception, workers: int) -> str:
    """Describe in one line why Ray gave up, with the causes that its own first line does not name."""
    if not isinstance(error, ray.train.TrainingFailedError):
        return f"the controller process of Ray is lost, maybe with its cluster ({type(error).__name__})"
    if isinstance(error, ray.train.WorkerGroupError):
        ranks = {_cause(failure): rank for rank, failure in sorted(error.worker_failures.items(), reverse=True)}
        causes = "; ".join(
            f"process {rank}: {cause}" for cause, rank in sorted(ranks.items(), key=lambda item: item[1])
        )
        return f"the processes failed {MAX_TASK_ATTEMPTS} times, the last time with {causes}"
    failure = getattr(error, "controller_failure", error)
    if type(failure).__name__ == "WorkerGroupStartupTimeoutError":
        return f"there is no room for {workers} processes any more: a node is lost, or other jobs use it"
    return f"{workers} processes could not be started: {_cause(failure)}"


def _cause(failure: Exception) -> str:
    failure = getattr(failure, "health_check_failure", failure)  # of a process that does not answer
    if isinstance(failure, ray.exceptions.RayActorError):
        return "it was killed, maybe for lack of memory, or lost with its node"
    return f"{type(failure).__name__}: {first_line(failure)}"


def run_in_thread(function: Callable[[], object], check: Callable[[], None] = lambda: None) -> None:
    """Call a function in another thread and wait for it.

    In the main thread Ray Train would handle Ctrl-C itself: end the program as if all were done, or not end it at all.
    The check is called every second meanwhile. Errors of both are raised here.
    """
    failures: list[BaseException] = []

    def call() -> None:
        try:
            function()
        except BaseException as error:  # is raised again below
            failures.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    while thread.is_alive():
        check()
        thread.join(timeout=_CHECK_INTERVAL)
    if failures:
        raise failures[0]


def _run_worker(config: dict[str, Any]) -> None:
    mailbox = config["mailbox"]
    if config["cuda"]:
        torch.cuda.set_device(ray.train.torch.get_device())

    def send(item: Any) -> None:
        ray.get(mailbox.put.remote(item))

    ended = threading.Event()
    threading.Thread(target=_report_alive, args=(mailbox, ended), daemon=True).start()
    try:
        config["function"](config["argument"], send)
    finally:
        ended.set()


def _report_alive(mailbox: Any, ended: threading.Event) -> None:
    while not ended.is_set():
        mailbox.put.remote(_ALIVE)
        ended.wait(_ALIVE_INTERVAL)


class SilenceMonitor:
    """Notices that no process has answered for minutes, whatever the reason: Ray waits without end in some cases."""

    def __init__(self, timeout: float = _SILENCE_TIMEOUT) -> None:
        self._timeout, self._heard_at = timeout, time.monotonic()

    def hear(self) -> None:
        """Note a message of a process."""
        self._heard_at = time.monotonic()

    def check(self) -> None:
        """Raise JobError if the last message was too long ago."""
        if time.monotonic() - self._heard_at > self._timeout:
            raise JobError(
                f"no process of the training has answered for {self._timeout:.0f} seconds; re-run the same command to "
                "resume from the last checkpoint"
            )


@contextmanager
def _messages_received(mailbox: Any, receive: Callable[[Any], None], silence: SilenceMonitor) -> Iterator[None]:
    """Pass the messages of the processes to `receive`, in another thread, meanwhile."""
    ended = threading.Event()
    reader = threading.Thread(target=_read_mailbox, args=(mailbox, receive, silence, ended), daemon=True)
    reader.start()
    try:
        yield
    finally:
        ended.set()
        reader.join(timeout=10)


def _read_mailbox(
    mailbox: Any, receive: Callable[[Any], None], silence: SilenceMonitor, ended: threading.Event
) -> None:
    while True:
        is_last = ended.is_set()
        with suppress(ray.exceptions.RayError):
            for item in ray.get(mailbox.take.remote()):
                silence.hear()
                if item != _ALIVE:
                    receive(item)
        if is_last:
            return
        time.sleep(_MAILBOX_INTERVAL)
