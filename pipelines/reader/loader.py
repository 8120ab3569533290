"""Batches of any stream, made in other processes."""

import signal
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
        JobError: a line could not be drawn.
    """
    if not workers:
        yield from (stream[number] for number in numbers)
        return
    for outcome in DataLoader(
        _Outcomes(stream),
        batch_size=None,
        sampler=numbers,
        collate_fn=_as_it_is,
        num_workers=workers,
        prefetch_factor=AHEAD,
        worker_init_fn=_start_worker,
        multiprocessing_context="forkserver",
        generator=Generator(),  # or the number of workers would move torch's own stream, which makes the first weights
    ):
        if isinstance(outcome, InputError | JobError):
            raise outcome
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


def _as_it_is(outcome: Any) -> Any:
    return outcome


def _start_worker(_worker: int) -> None:
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training, which ends in order and ends them too
