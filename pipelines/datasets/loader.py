"""Encoded lines to the pixels of a batch."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import cv2
import numpy as np
import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

from pipelines.datasets.image import decode_image
from pipelines.datasets.open import open_line_source
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.source import EncodedLine
from pipelines.errors import JobError
from synthtext.core import Image, InputError


def collate(lines: Sequence[EncodedLine], preprocessing: RecognizerPreprocessing) -> tuple[Tensor, Tensor]:
    """Decode, resize and pad lines.

    Returns:
        Images (B, 3, height, W) uint8 in channels-last layout, and their valid columns (B,) int32.

    Raises:
        InputError: a picture is broken; the sentence names it.
    """
    images, widths = preprocessing.pad([preprocessing.resize(decode_image(line.image, line.key)) for line in lines])
    return torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(widths)


class LinesDataset(Dataset[tuple[Image, str]]):
    """Pictures and labels, by number: a data set of ours, a label file or an LMDB."""

    def __init__(self, source: str | Path) -> None:
        """Open a source.

        Raises:
            InputError: it cannot be opened.
        """
        self._source = open_line_source(source)

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> tuple[Image, str]:
        """Picture (H, W, 3) uint8 RGB and label of a line.

        Raises:
            IndexError: there is no such line.
            InputError: its picture is missing or broken.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"line {index} of {len(self)}")
        (line,) = self._source.read(np.array([index % len(self)]))
        return decode_image(line.image, line.key), line.text


PREFETCH_FACTOR = 4
"""Batches that every worker prepares ahead."""

BatchT = TypeVar("BatchT", covariant=True)
LoadedT = TypeVar("LoadedT")


class Stream(Protocol[BatchT]):
    """An endless sequence of batches, each a pure function of its number; is pickled to other processes."""

    def __getitem__(self, number: int, /) -> BatchT:
        """A batch, counted from 0."""
        ...


def make_loader(stream: Stream[BatchT], indices: range, workers: int = 0) -> Iterator[BatchT]:
    """The batches of these numbers, in order.

    Args:
        stream: makes them.
        indices: of the batches; a process of several that share the work has every so-manieth.
        workers: processes that prepare them; 0 for this one. The batches are the same for any number. They start
            clean rather than as copies of this process, which may hold threads of torch and Ray.

    Raises:
        InputError: a picture is missing or broken; the sentence names it.
        JobError: a line could not be drawn, or a process was ended by somebody else.
    """
    if not workers:
        yield from (stream[number] for number in indices)
        return
    for outcome in _all_there(_load(stream, indices, workers)):
        if isinstance(outcome, InputError | JobError):
            raise outcome
        yield outcome


def _load(stream: Stream[BatchT], indices: range, workers: int) -> Iterator[BatchT | InputError | JobError]:
    yield from DataLoader(
        _Outcomes(stream),
        batch_size=None,
        sampler=indices,
        collate_fn=_as_it_is,
        num_workers=workers,
        prefetch_factor=PREFETCH_FACTOR,
        worker_init_fn=_start_worker,
        multiprocessing_context="forkserver",
        generator=Generator(),  # or the number of workers would move torch's own stream, which makes the first weights
    )


def _all_there(outcomes: Iterator[LoadedT]) -> Iterator[LoadedT]:
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
class _Outcomes(Dataset[Any], Generic[BatchT]):
    """Hands what is told in one sentence over as a value: torch would wrap a traceback around it."""

    stream: Stream[BatchT]

    def __getitem__(self, number: int) -> BatchT | InputError | JobError:
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
