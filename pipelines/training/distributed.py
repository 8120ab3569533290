"""The processes that take the steps of a training together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

import torch
from torch import Tensor, distributed

from pipelines.errors import JobError
from synthtext.core import InputError

Item = TypeVar("Item")


class Group(Protocol):
    """Processes that hold the same weights and each look at a part of every step.

    What they do together, all of them must do, in the same order.

    Attributes:
        rank: of this process, from 0. The first one also scores, and writes what is kept.
        size: how many there are.
    """

    @property
    def rank(self) -> int:
        """Of this process."""
        ...

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over the processes; the sum has the same bits in all of them.

        Whole numbers up to 2**24 stay exact.
        """
        ...

    def gather(self, item: Item) -> list[Item]:
        """What every process gave, by rank."""
        ...

    def agree(self, failure: Exception | None) -> None:
        """Raise the failure of a process in all of them, or they would wait for it for ever."""
        ...


class Alone:
    """The group of a training in one process."""

    rank, size = 0, 1

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """They are sums already."""

    def gather(self, item: Item) -> list[Item]:
        """A list of one."""
        return [item]

    def agree(self, failure: Exception | None) -> None:
        """Raise it."""
        if failure is not None:
            raise failure


class Together:
    """The group of `torch.distributed`, which whoever started the processes has set up."""

    def __init__(self) -> None:
        self.rank, self.size = distributed.get_rank(), distributed.get_world_size()
        self._device = "cuda" if distributed.get_backend() == "nccl" else "cpu"  # nccl carries nothing else

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """See `Group`. One message for all: many small ones would cost more than the arithmetic."""
        if not tensors:
            return
        flat = torch.cat([tensor.detach().reshape(-1).to(self._device, torch.float32) for tensor in tensors])
        distributed.all_reduce(flat)
        for tensor, total in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
            tensor.detach().copy_(total.reshape(tensor.shape))

    def gather(self, item: Item) -> list[Item]:
        """See `Group`."""
        found: list[Item] = [item] * self.size
        distributed.all_gather_object(found, item)
        return found

    def agree(self, failure: Exception | None) -> None:
        """See `Group`."""
        failed = torch.tensor([float(failure is not None)])
        self.sum([failed])
        if failed.item():
            raise next(error for error in self.gather(failure) if error is not None)


@contextmanager
def failing_together(group: Group) -> Iterator[None]:
    """Whatever is told in one sentence inside, in any process of the group, is raised in all of them afterwards."""
    failure = None
    try:
        yield
    except (InputError, JobError) as error:
        failure = error
    group.agree(failure)
