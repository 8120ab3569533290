"""Batches of any stream, made in other processes."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import cv2
from torch import Generator
from torch.utils.data import DataLoader, Dataset

from pipelines.errors import JobError
from synthtext.core import InputError

AHEAD = 4
"""Batches that every worker prepares ahead."""

Batch = TypeVar("Batch", covariant=True)
Outcome = TypeVar("Outcome")


class Stream(Protocol[Batch]):
    """An endless sequence of batches, each a pure function of its number; is pickled to other processes."""

    def __getitem__(self, number: int, /) -> Batch:
        """A batch, counted from 0."""
        ...


def make_loader(stream: Stream[Batch], numbers: range, workers: int = 0) -> Iterator[Batch]:
    """The batches of these numbers, in order.

    Args:
        stream: makes them.
        numbers: of the batches; a process of several that share the work has every so-manieth.
        workers: processes that prepare them; 0 for this one. The batches are the same for any number. They start
            clean rather than as copies of this process, which may hold threads of torch and Ray.

    Raises:
        InputError: a picture is missing or broken; the sentence names it.
        JobError: a line could not be drawn, or a process was ended by somebody else.
    """
    if not workers:
        yield from (stream[number] for number in numbers)
        return
    for outcome in _all_there(_load(stream, numbers, workers)):
        if isinstance(outcome, InputError | JobError):
            raise outcome
        yield outcome


def _load(stream: Stream[Batch], numbers: range, workers: int) -> Iterator[Batch | InputError | JobError]:
    yield from DataLoader(
        _Outcomes(stream),
        batch_size=None,
        sampler=numbers,
        collate_fn=_as_it_is,
        num_workers=workers,
        prefetch_factor=AHEAD,
        worker_init_fn=_start_worker,
        multiprocessing_context="forkserver",
        generator=Generator(),  # or the number of workers would move torch's own stream, which makes the first weights
    )


def _all_there(outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """The same, but a process that is gone is told in one sentence."""
    while True:
        try:
            outcome = next(outcomes)
        except StopIteration:
            return
        except (RuntimeError, ConnectionError, EOFError) as error:
            if not _is_loss(error):
                raise
            raise JobError(
                "a process that makes batches was ended, as the system does where memory is short: take fewer "
                "data_workers; the same command again goes on"
            ) from None
        yield outcome


@dataclass(frozen=True)
class _Outcomes(Dataset[Any], Generic[Batch]):
    """Hands what is told in one sentence over as a value: torch would wrap a traceback around it."""

    stream: Stream[Batch]

    def __getitem__(self, number: int) -> Batch | InputError | JobError:
        try:
            return self.stream[number]
        except (InputError, JobError) as error:
            return error


def _is_loss(error: Exception) -> bool:
    """Whether a process is gone. What was raised in one that is there, torch repeats as "Caught ..."."""
    text = str(error)
    return text.startswith("DataLoader worker (pid") if isinstance(error, RuntimeError) else text[:7] != "Caught "


def _as_it_is(outcome: Any) -> Any:
    return outcome


def _start_worker(_worker: int) -> None:
    threading.Thread(target=_end_with_training, daemon=True).start()
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training, which ends in order and ends them too


def _end_with_training() -> None:
    """End when the training is killed. Torch looks whether a parent is there, but that is the fork server."""
    training = multiprocessing.parent_process()
    assert training is not None
    training.join()
    os._exit(1)
