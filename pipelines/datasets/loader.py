"""Loading: from encoded lines to tensors, and batches in order from one or several processes."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, SupportsIndex, TypeVar, overload

import cv2
import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset, Subset

from pipelines.datasets.image import decode_image
from pipelines.datasets.open import open_line_source
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.source import EncodedLine
from pipelines.errors import JobError
from synthtext.core import Image, InputError, Sample


def collate_encoded(lines: Sequence[EncodedLine], preprocessing: RecognizerPreprocessing) -> tuple[Tensor, Tensor]:
    """Decode, resize and pad lines.

    Returns:
        Images (B, 3, height, W) uint8 in channels-last layout, and their valid columns (B,) int32.

    Raises:
        InputError: An image is broken; the message names it.
    """
    return _pad([decode_image(line.image, line.key) for line in lines], preprocessing)


def _pad(images: Sequence[Image], preprocessing: RecognizerPreprocessing) -> tuple[Tensor, Tensor]:
    padded, widths = preprocessing.pad([preprocessing.resize(image) for image in images])
    return torch.from_numpy(padded).permute(0, 3, 1, 2), torch.from_numpy(widths)


class LineBatch(NamedTuple):
    """A batch of lines of one height, padded on the right to one width.

    Attributes:
        images: (B, 3, H, W) uint8, in the channel order of the preprocessing.
        widths: (B,) int32, columns of every image without padding.
        texts: The labels.
    """

    images: Tensor
    widths: Tensor
    texts: tuple[str, ...]


def collate(
    samples: Sequence[Sample | tuple[Image, str]], preprocessing: RecognizerPreprocessing | None = None
) -> LineBatch:
    """Resize and pad lines to one batch: the `collate_fn` of a `DataLoader` on a `LinesDataset`.

    `models.batch.normalise(images, widths)` makes the float input of a recognizer, and
    `models.ctc.CTCCodec(charset).encode(texts)` the targets of CTC.

    Args:
        samples: At least one: a `Sample`, or an image (H, W, 3) uint8 RGB and its label.
        preprocessing: Height, padding and channel order; None: `RecognizerPreprocessing()`. Give another one with
            `functools.partial(collate, preprocessing=...)`.

    Returns:
        Images (B, 3, H, W) uint8, their widths (B,), and their texts.

    Examples:
        >>> from torch.utils.data import DataLoader
        >>> from pipelines import LinesDataset, collate
        >>> loader = DataLoader(LinesDataset("data/digits"), batch_size=8, collate_fn=collate)
        >>> images, widths, texts = next(iter(loader))
        >>> images.shape[:3], widths.shape, len(texts)
        (torch.Size([8, 3, 32]), torch.Size([8]), 8)
    """
    pairs = [(item.image, item.text) if isinstance(item, Sample) else item for item in samples]
    images, widths = _pad([image for image, _ in pairs], preprocessing or RecognizerPreprocessing())
    return LineBatch(images, widths, tuple(text for _, text in pairs))


class LinesDataset(Dataset[tuple[Image, str]]):
    """Images and labels of lines by index: an ocrmill dataset, a label file or an LMDB.

    Args:
        source: Path or URI of the data.

    Raises:
        InputError: The source cannot be opened.

    Examples:
        >>> from pipelines import LinesDataset
        >>> lines = LinesDataset("data/digits")
        >>> image, text = lines[0]
        >>> len(lines), image.shape[2], text.isdecimal()
        (48, 3, True)
    """

    def __init__(self, source: str | Path) -> None:
        self._source = open_line_source(source)

    def __len__(self) -> int:
        return len(self._source)

    @overload
    def __getitem__(self, index: SupportsIndex) -> tuple[Image, str]: ...
    @overload
    def __getitem__(self, index: slice) -> Subset[tuple[Image, str]]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> tuple[Image, str] | Subset[tuple[Image, str]]:
        """Return the image (H, W, 3) uint8 RGB and the label of a line, or a slice as a dataset.

        Raises:
            IndexError: There is no such line.
            InputError: Its image is missing or broken.
        """
        if isinstance(index, slice):
            return Subset(self, range(*index.indices(len(self))))
        line = self._source[index]
        return decode_image(line.image, line.key), line.text


PREFETCH_FACTOR = 4
"""Batches that every worker prepares ahead."""

_PRELOADED = ["__main__", "pipelines.datasets.loader", "pipelines.datasets.online"]

BatchT = TypeVar("BatchT", covariant=True)


class Stream(Protocol[BatchT]):
    """An endless sequence of batches, each a pure function of its index; can be pickled."""

    def __getitem__(self, index: int, /) -> BatchT:
        """Return a batch, counted from 0."""
        ...


def make_loader(stream: Stream[BatchT], indices: range, workers: int = 0) -> Iterator[BatchT]:
    """Iterate over the batches of indices, in order.

    Args:
        stream: Makes the batches.
        indices: Of the batches. Each rank of distributed training has its own, with the number of ranks as step.
        workers: Processes that prepare batches; 0 for this process. The batches are the same for any number. Workers
            are forks of a clean process rather than of this one, which may hold threads of torch and Ray.

    Raises:
        InputError: An image is missing or broken; the message names it.
        JobError: A line could not be generated, or a worker was killed.
    """
    if not workers:
        yield from (stream[index] for index in indices)
        return
    _start_fork_server()
    loader: DataLoader[Any] = DataLoader(
        _Outcomes(stream),
        batch_size=None,
        sampler=indices,
        collate_fn=_identity,
        num_workers=workers,
        prefetch_factor=PREFETCH_FACTOR,
        worker_init_fn=_init_worker,
        multiprocessing_context="forkserver",
        generator=Generator(),  # the default generator would advance, and it initialises the weights of networks
    )
    try:
        for outcome in loader:
            if isinstance(outcome, InputError | JobError):
                raise outcome
            yield outcome
    except (RuntimeError, ConnectionError, EOFError) as error:
        if isinstance(error, JobError) or not _is_killed_worker(error):
            raise
        raise JobError(
            "a process that prepares batches was killed, as the system does when memory runs out: use fewer "
            "data_workers, and re-run the same command to resume"
        ) from None


def _start_fork_server() -> None:
    """Start the process that workers are forked from, if there is none: it imports modules once for all of them.

    Ctrl-C would end it while it imports.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.set_forkserver_preload(_PRELOADED)
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass(frozen=True)
class _Outcomes(Dataset[Any], Generic[BatchT]):
    """Returns expected errors as values, as torch would add a traceback to their messages."""

    stream: Stream[BatchT]

    def __getitem__(self, index: int) -> BatchT | InputError | JobError:
        try:
            return self.stream[index]
        except (InputError, JobError) as error:
            return error


def _is_killed_worker(error: Exception) -> bool:
    """Return whether a worker is gone; torch re-raises an exception in a living worker as "Caught ..."."""
    text = str(error)
    return text.startswith("DataLoader worker (pid") if isinstance(error, RuntimeError) else text[:7] != "Caught "


def _identity(outcome: Any) -> Any:
    return outcome


def _init_worker(_worker: int) -> None:
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the training, which stops its workers in order


def _exit_with_parent() -> None:
    """Exit when the training is killed. Torch watches the parent process, which is the fork server."""
    training = multiprocessing.parent_process()
    assert training is not None
    training.join()
    os._exit(1)
