"""Processes that work on one thing together, under Ray's TorchTrainer: they can reach each other through torch."""

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

_PATIENCE = 24 * 3600  # seconds that one process waits for another: the first one scores meanwhile
_WAITS = 5  # for room for all processes, of a minute each, before the job is given up: a node may come back
_LOOKS = 1.0  # seconds between looks whether the cluster is there
_PAUSE = 0.2  # seconds between looks for messages

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
    """Run a function in several processes at once, with `torch.distributed` set up between them (gloo, or nccl).

    When one of them dies, all are started again, a few times.

    Args:
        function: of an importable module; gets the argument, and a function that sends messages here.
        argument: is pickled.
        workers: processes, 1 or more.
        address: of a Ray cluster to join, or None.
        folder: that all processes can reach; Ray keeps its own books there meanwhile.
        receive: gets the messages, in a thread of its own.
        cuda: each process has a GPU.

    Raises:
        InputError: no cluster answers at the address, or it has too few CPUs or GPUs.
        JobError: processes died again and again, or there has been no room for all of them for minutes, or the
            function raised an error of another kind; or the cluster is gone.
        KeyboardInterrupt: at once, on Ctrl-C.
    """
    books = folder.absolute() / ".ray"
    with worker_pool(workers, address):
        check_resources(ray.cluster_resources(), workers, cuda=cuda)  # type: ignore[no-untyped-call]
        nodes, mailbox = NodeMonitor({}), start_mailbox()
        config = {"function": function, "argument": argument, "mailbox": mailbox, "cuda": cuda}
        trainer = _trainer(config, workers, books)
        logging.getLogger("ray.train").setLevel(logging.ERROR)
        ended = threading.Event()
        reader = threading.Thread(target=_read, args=(mailbox, receive, ended), daemon=True)
        reader.start()
        try:
            with _telling(workers):
                run_in_thread(trainer.fit, nodes.check)
        finally:
            ended.set()
            reader.join(timeout=10)
            nodes.close()
            shutil.rmtree(books, ignore_errors=True)


def _trainer(config: Mapping[str, Any], workers: int, books: Path) -> TorchTrainer:
    cuda = config["cuda"]
    return TorchTrainer(
        _run,
        train_loop_config=dict(config),
        torch_config=TorchConfig(backend="nccl" if cuda else "gloo", timeout_s=_PATIENCE),
        scaling_config=ray.train.ScalingConfig(num_workers=workers, use_gpu=cuda),
        run_config=ray.train.RunConfig(
            name="together",
            storage_path=str(books),
            failure_config=ray.train.FailureConfig(
                max_failures=MAX_TASK_ATTEMPTS - 1,
                controller_failure_limit=_WAITS - 1,  # type: ignore[call-arg]  # the types are an older Ray Train's
            ),
        ),
    )


@contextmanager
def _telling(workers: int) -> Iterator[None]:
    """Tell in one sentence that Ray gave up."""
    try:
        yield
    except ray.train.TrainingFailedError as error:
        raise JobError(
            f"{describe_failure(error, workers)}; what a checkpoint holds is kept: the same command tries again from there"
        ) from None
    except ray.exceptions.RayError as error:
        raise JobError(
            f"Ray's process that leads the others is gone, maybe with its cluster ({type(error).__name__}); what a "
            "checkpoint holds is kept: the same command goes on from there"
        ) from None


def check_resources(resources: Mapping[str, float], workers: int, *, cuda: bool) -> None:
    """Check that so many processes can run at a time: Ray would wait for what is not there, without a word.

    Raises:
        InputError: they cannot.
    """
    what = "GPU" if cuda else "CPU"
    there = int(resources.get(what, 0))
    if there < workers:
        raise InputError(f"{workers} processes need a {what} each, and there are {there}: ask for fewer with --workers")


def describe_failure(error: ray.train.TrainingFailedError, workers: int) -> str:
    """What made Ray give up, in one line: the causes that its own first line does not name."""
    if isinstance(error, ray.train.WorkerGroupError):
        causes = {_cause(failure): rank for rank, failure in sorted(error.worker_failures.items(), reverse=True)}
        told = "; ".join(f"process {rank}: {cause}" for cause, rank in sorted(causes.items(), key=lambda item: item[1]))
        return f"the processes failed {MAX_TASK_ATTEMPTS} times, at last {told}"
    failure = getattr(error, "controller_failure", error)
    if type(failure).__name__ == "WorkerGroupStartupTimeoutError":
        return f"there is no room for {workers} processes any more: a machine is gone, or others have taken it"
    return f"{workers} processes could not be started: {_cause(failure)}"


def _cause(failure: Exception) -> str:
    failure = getattr(failure, "health_check_failure", failure)  # of a process that does not answer
    if isinstance(failure, ray.exceptions.RayActorError):
        return "it was ended, as the system does where memory is short, or with its machine"
    return f"{type(failure).__name__}: {first_line(failure)}"


def run_in_thread(function: Callable[[], object], check: Callable[[], None] = lambda: None) -> None:
    """Call a function in a thread of its own and wait for it; raises what it raises, or what a look every second does.

    In the main thread Ray Train would take Ctrl-C for itself: end the program as if all were done, or not at all later.
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
        thread.join(timeout=_LOOKS)
    if failures:
        raise failures[0]


def _run(config: dict[str, Any]) -> None:
    mailbox = config["mailbox"]
    if config["cuda"]:
        torch.cuda.set_device(ray.train.torch.get_device())

    def send(item: Any) -> None:
        ray.get(mailbox.put.remote(item))

    config["function"](config["argument"], send)


def _read(mailbox: Any, receive: Callable[[Any], None], ended: threading.Event) -> None:
    while True:
        last = ended.is_set()
        with suppress(ray.exceptions.RayError):
            for item in ray.get(mailbox.take.remote()):
                receive(item)
        if last:
            return
        time.sleep(_PAUSE)
