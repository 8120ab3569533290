"""Groups of processes that train together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed

from pipelines.errors import JobError
from synthtext.core import InputError

ItemT = TypeVar("ItemT")


class WorkerGroup:
    """Processes that hold the same weights and share the batches of every step; this class: a single process.

    All processes must call the methods in the same order.

    Attributes:
        rank: number of this process, from 0; the first one also validates and writes files.
        world_size: number of processes.
    """

    rank, world_size = 0, 1

    def all_reduce(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over the processes, bit for bit the same in all of them.

        Integers up to 2**24 stay exact.
        """

    def all_gather(self, item: ItemT) -> list[ItemT]:
        """Return the items of all processes, by rank."""
        return [item]

    def wait_for_first(self) -> None:
        """Wait until the first process calls this too, which may take hours."""

    def raise_on_any(self, failure: Exception | None) -> None:
        """Raise the exception of any process in all of them; otherwise the others would wait for ever."""
        if failure is not None:
            raise failure


_STEP_TIMEOUT = timedelta(minutes=30)
_VALIDATION_TIMEOUT = timedelta(hours=24)  # the other processes wait while the first one validates


class DistributedGroup(WorkerGroup):
    """All processes of `torch.distributed`, which must be initialised.

    A process that dies ends the waiting of the others at once, because its connections are closed. The timeouts are for
    a process that neither dies nor continues; only where the first one works alone, the others wait for long.
    """

    def __init__(self) -> None:
        self.rank, self.world_size = distributed.get_rank(), distributed.get_world_size()
        self._steps = distributed.new_group(timeout=_STEP_TIMEOUT)
        self._validations = distributed.new_group(timeout=_VALIDATION_TIMEOUT)
        self._device = "cuda" if distributed.get_backend() == "nccl" else "cpu"  # NCCL only supports CUDA tensors

    def all_reduce(self, tensors: Sequence[Tensor]) -> None:
        """See `WorkerGroup`. All tensors are sent as one, which is faster than many small messages."""
        if not tensors:
            return
        flat = torch.cat([tensor.detach().reshape(-1).to(self._device, torch.float32) for tensor in tensors])
        distributed.all_reduce(flat, group=self._steps)
        for tensor, total in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
            tensor.detach().copy_(total.reshape(tensor.shape))

    def all_gather(self, item: ItemT) -> list[ItemT]:
        """See `WorkerGroup`."""
        items: list[ItemT] = [item] * self.world_size
        distributed.all_gather_object(items, item, group=self._steps)
        return items

    def wait_for_first(self) -> None:
        """See `WorkerGroup`."""
        signal = torch.zeros(1, device=self._device)
        distributed.all_reduce(signal, group=self._validations)
        signal.item()  # waits for the device

    def raise_on_any(self, failure: Exception | None) -> None:
        """See `WorkerGroup`."""
        failed = torch.tensor([float(failure is not None)])
        self.all_reduce([failed])
        if failed.item():
            raise next(error for error in self.all_gather(failure) if error is not None)


@contextmanager
def propagate_errors(group: WorkerGroup) -> Iterator[None]:
    """Raise an InputError or JobError of any process of the group in all of them, at the end of the block."""
    failure = None
    try:
        yield
    except (InputError, JobError) as error:
        failure = error
    group.raise_on_any(failure)
