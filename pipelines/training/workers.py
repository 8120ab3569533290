"""A training in several processes: what each of them does, and what the one that started them hears of it."""

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
from pipelines.config import SettingsDict
from pipelines.errors import JobError
from pipelines.inference.run import Run, open_run
from pipelines.progress import ProgressBar, ProgressCounter, progress_bar
from pipelines.training.checkpoint import TrainingProgress, read_progress
from pipelines.training.detector_config import DetectorTrainConfig
from pipelines.training.distributed import DistributedGroup, propagate_errors
from pipelines.training.loop import run_training
from pipelines.training.recognizer_config import RecognizerTrainConfig
from pipelines.training.task import Log, TrainingSetup
from synthtext.core import InputError

AnyTrainConfig: TypeAlias = RecognizerTrainConfig | DetectorTrainConfig
SetupFactory: TypeAlias = Callable[[AnyTrainConfig, Path], TrainingSetup]

_PAUSE = 0.5  # seconds between messages of how far the training is
_ERRORS = {"InputError": InputError, "JobError": JobError}


@dataclass(frozen=True)
class _Order:
    """What a process is told to do.

    Attributes:
        prepare: makes the training of the settings.
        kind: of the settings.
        settings: as JSON.
        folder: of the RUN, from `home`.
        home: where relative paths start.
        code: of ocrmill.
    """

    prepare: SetupFactory
    kind: type[AnyTrainConfig]
    settings: SettingsDict
    folder: Path
    home: Path
    code: CodeVersion


def train_distributed(
    prepare: SetupFactory, config: AnyTrainConfig, run: Run, say: Log, workers: int, address: str | None
) -> TrainingProgress:
    """Train in several processes, until the budget is spent; see `run_training`.

    Args:
        prepare: makes the training; every process calls it.
        config: with concrete device and precision; `micro_batches` is a multiple of `workers`.
        run: exists; every process can reach its folder and the data.
        say: is told what happens.
        workers: processes.
        address: of a Ray cluster to join, or None.

    Returns:
        How far it is: at its end.

    Raises:
        InputError, JobError: as `run_training` does, and for processes that die again and again.
    """
    order = _Order(
        prepare, type(config), config.model_dump(mode="json"), run.folder, Path.cwd(), installed_code_version()
    )
    done = min(read_progress(run.folder).step * config.samples_per_step, config.samples)
    with progress_bar("training", total=config.samples, unit=config.unit, done=done) as bar:
        listener = _Listener(bar, say)
        cuda = config.device == "cuda"
        run_distributed(_work, order, workers, address, run.folder, listener.hear, cuda=cuda)
    if listener.failure is not None:
        raise listener.failure
    return read_progress(run.folder)


class _Listener:
    """Shows what the first process tells."""

    def __init__(self, bar: ProgressBar, say: Log) -> None:
        self._bar, self._say = bar, say
        self.failure: Exception | None = None

    def hear(self, message: tuple[str, Any]) -> None:
        subject, content = message
        if subject == "done":
            if content < self._bar.counter.done:
                self._say(f"a process was lost: going on from the checkpoint at {content:,} samples")
            self._bar.advance(content - self._bar.counter.done)
        elif subject == "said":
            self._say(content)
        else:
            name, text = content
            self.failure = _ERRORS[name](text)


def _work(order: _Order, send: Send) -> None:
    """One process of a training. A mistake of the user's is told rather than raised: to begin anew would not help."""
    os.chdir(order.home)
    group = DistributedGroup()
    first: Send = send if group.rank == 0 else lambda _: None
    config = order.kind(**order.settings)
    if config.threads:
        torch.set_num_threads(config.threads)
    try:
        with propagate_errors(group):
            check_same_version(order.code)
            prepared, run = order.prepare(config, order.folder), open_run(order.folder)
        say: Log = lambda line: first(("said", line))  # noqa: E731 - a name for the type
        run_training(prepared.task, prepared.source_sizes, config, run, say, group, _told_bar(first))
    except (InputError, JobError) as error:
        first(("failed", (type(error).__name__, str(error))))


def check_same_version(wanted: CodeVersion) -> None:
    """Raise InputError if this process would train with another ocrmill than the one that is wanted."""
    difference = describe_code_difference(wanted, installed_code_version())
    if difference:
        raise InputError(f"machine {socket.gethostname()} cannot train along: {difference}")


def _told_bar(send: Send) -> Callable[..., Any]:
    """A progress bar that is shown elsewhere; told of now and then, for a message takes a millisecond of every step."""

    @contextmanager
    def show(label: str, *, total: int, unit: str, done: int = 0) -> Iterator[ProgressBar]:
        told = time.monotonic()

        def tell(meter: ProgressCounter) -> None:
            nonlocal told
            if time.monotonic() >= told + _PAUSE:
                told = time.monotonic()
                send(("done", meter.done))

        bar = ProgressBar(ProgressCounter(total, unit, done), tell)
        send(("done", done))
        yield bar
        send(("done", bar.counter.done))

    return show
