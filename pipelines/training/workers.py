"""Distributed training: what each Ray process does, and what it reports to the process that started it."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch

from pipelines.cluster.distributed import Send, run_distributed
from pipelines.cluster.remote import CodeVersion, describe_code_difference, installed_code_version
from pipelines.errors import JobError
from pipelines.inference.run import Run, open_run
from pipelines.progress import ProgressBar, ProgressCounter, progress_bar
from pipelines.training.budget import make_budget
from pipelines.training.configs import AnyTrainConfig
from pipelines.training.distributed import DistributedGroup, propagate_errors
from pipelines.training.loop import run_training
from pipelines.training.state import TrainingProgress, load_checkpoint
from pipelines.training.task import Log, TrainingSetup
from synthtext.core import InputError

SetupFactory: TypeAlias = Callable[[AnyTrainConfig, Path], TrainingSetup]

_REPORT_INTERVAL = 0.5  # seconds between reports of the progress


@dataclass(frozen=True)
class _WorkerTask:
    """What every process is given; the other fields as in `train_distributed`."""

    prepare: SetupFactory
    config: AnyTrainConfig
    folder: Path  # run directory, relative to `working_dir`
    working_dir: Path  # directory where relative paths start
    code: CodeVersion


def train_distributed(
    prepare: SetupFactory, config: AnyTrainConfig, run: Run, log: Log, workers: int, address: str | None
) -> TrainingProgress:
    """Train in several processes until the budget is spent; see `run_training`.

    Args:
        prepare: opens data and builds networks; every process calls it.
        config: settings, with concrete device and precision; `micro_batches` is a multiple of `workers`.
        run: an existing run; every process can access its folder and the data.
        log, workers, address: as in `train`.

    Raises:
        InputError, JobError: as in `run_training`, and if processes die repeatedly.
    """
    task = _WorkerTask(prepare, config, run.folder, Path.cwd(), installed_code_version())
    failures: list[Exception] = []
    budget = make_budget(config, run.folder)
    done = budget.done(load_checkpoint(run.folder))
    with progress_bar("training", total=budget.total, unit=budget.unit, done=done) as bar:

        def receive(message: tuple[str, Any]) -> None:
            subject, content = message
            if subject == "log":
                log(content)
            elif subject == "failed":
                failures.append(content)
            else:
                if content < bar.counter.done:
                    log(f"a process died: resuming from the checkpoint at {content:,} {budget.unit}")
                bar.advance(content - bar.counter.done)

        is_cuda = config.device == "cuda"
        run_distributed(_run_worker, task, workers, address, receive, cuda=is_cuda)
    if failures:
        raise failures[0]
    return load_checkpoint(run.folder)


def _run_worker(task: _WorkerTask, send: Send) -> None:
    """Train in one process. Expected errors are reported rather than raised: a restart would not help."""
    os.chdir(task.working_dir)
    group = DistributedGroup()
    report: Send = send if group.rank == 0 else lambda _: None
    if task.config.threads:
        torch.set_num_threads(task.config.threads)
    try:
        with propagate_errors(group):
            check_same_version(task.code)
            setup, run = task.prepare(task.config, task.folder), open_run(task.folder)
        log, make_bar = lambda line: report(("log", line)), _reporting_bar(report)
        run_training(setup.task, setup.source_sizes, task.config, run, log, group, make_bar)
    except (InputError, JobError) as error:
        report(("failed", type(error)(str(error))))


def check_same_version(expected: CodeVersion) -> None:
    """Raise InputError if this process has another version of ocrmill."""
    difference = describe_code_difference(expected, installed_code_version())
    if difference:
        raise InputError(f"machine {socket.gethostname()} cannot take part in the training: {difference}")


def _reporting_bar(send: Send) -> Callable[..., Any]:
    """Return a progress bar that reports to another process, at intervals because a message takes a millisecond."""

    @contextmanager
    def show(label: str, *, total: int, unit: str, done: int = 0) -> Iterator[ProgressBar]:
        reported_at = time.monotonic()

        def report(counter: ProgressCounter) -> None:
            nonlocal reported_at
            if time.monotonic() >= reported_at + _REPORT_INTERVAL:
                reported_at = time.monotonic()
                send(("done", counter.done))

        bar = ProgressBar(ProgressCounter(total, unit, done), report)
        send(("done", done))
        yield bar
        send(("done", bar.counter.done))

    return show
