"""The processes that take the steps of a training together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

import torch
from torch import Tensor, distributed

from pipelines.errors import JobError
from synthtext.core import InputError

ItemT = TypeVar("ItemT")


class WorkerGroup(Protocol):
    """Processes that hold the same weights and each look at a part of every step.

    What they do together, all of them must do, in the same order.

    Attributes:
        rank: of this process, from 0. The first one also scores, and writes what is kept.
        world_size: how many there are.
    """

    @property
    def rank(self) -> int:
        """Of this process."""
        ...

    @property
    def world_size(self) -> int:
        """How many there are."""
        ...

    def all_reduce(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over the processes; the sum has the same bits in all of them.

        Whole numbers up to 2**24 stay exact.
        """
        ...

    def all_gather(self, item: ItemT) -> list[ItemT]:
        """What every process gave, by rank."""
        ...

    def raise_on_any(self, failure: Exception | None) -> None:
        """Raise the failure of a process in all of them, or they would wait for it for ever."""
        ...


class SingleProcess:
    """The group of a training in one process."""

    rank, world_size = 0, 1

    def all_reduce(self, tensors: Sequence[Tensor]) -> None:
        """They are sums already."""

    def all_gather(self, item: ItemT) -> list[ItemT]:
        """A list of one."""
        return [item]

    def raise_on_any(self, failure: Exception | None) -> None:
        """Raise it."""
        if failure is not None:
            raise failure


class DistributedGroup:
    """The group of `torch.distributed`, which whoever started the processes has set up."""

    def __init__(self) -> None:
        self.rank, self.world_size = distributed.get_rank(), distributed.get_world_size()
        self._device = "cuda" if distributed.get_backend() == "nccl" else "cpu"  # nccl carries nothing else

    def all_reduce(self, tensors: Sequence[Tensor]) -> None:
        """See `Group`. One message for all: many small ones would cost more than the arithmetic."""
        if not tensors:
            return
        flat = torch.cat([tensor.detach().reshape(-1).to(self._device, torch.float32) for tensor in tensors])
        distributed.all_reduce(flat)
        for tensor, total in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
            tensor.detach().copy_(total.reshape(tensor.shape))

    def all_gather(self, item: ItemT) -> list[ItemT]:
        """See `Group`."""
        found: list[ItemT] = [item] * self.world_size
        distributed.all_gather_object(found, item)
        return found

    def raise_on_any(self, failure: Exception | None) -> None:
        """See `Group`."""
        failed = torch.tensor([float(failure is not None)])
        self.all_reduce([failed])
        if failed.item():
            raise next(error for error in self.all_gather(failure) if error is not None)


@contextmanager
def propagate_errors(group: WorkerGroup) -> Iterator[None]:
    """Whatever is told in one sentence inside, in any process of the group, is raised in all of them afterwards."""
    failure = None
    try:
        yield
    except (InputError, JobError) as error:
        failure = error
    group.raise_on_any(failure)
