"""Batch normalisation over the parts of a step."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class NormStatistics:
    """Lets the running statistics of a network follow the mean of a step's batches, in whichever process each was.

    Left alone they would follow one batch after the other, and so depend on who looked at which.

    Args:
        model: the network.
    """

    def __init__(self, model: nn.Module) -> None:
        norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
        self._running = [t for norm in norms for t in (norm.running_mean, norm.running_var) if t is not None]
        self._counters = [norm.num_batches_tracked for norm in norms if norm.num_batches_tracked is not None]
        self._before: list[Tensor] = []
        self._counted: list[Tensor] = []
        self._sums: list[Tensor] = []

    def begin(self) -> None:
        """A step begins."""
        self._before = [tensor.clone() for tensor in self._running]
        self._counted = [counter.clone() for counter in self._counters]
        self._sums = [torch.zeros_like(tensor) for tensor in self._running]

    def collect(self, share: float) -> None:
        """A batch was looked at, which counts that much; the next one finds the statistics as they were."""
        for tensor, before, total in zip(self._running, self._before, self._sums, strict=True):
            total.add_(tensor, alpha=share)
            tensor.copy_(before)

    def sums(self) -> Sequence[Tensor]:
        """What was collected."""
        return self._sums

    def settle(self) -> None:
        """The step ends: take over what was collected. A step counts once."""
        for tensor, total in zip(self._running, self._sums, strict=True):
            tensor.copy_(total)
        for counter, before in zip(self._counters, self._counted, strict=True):
            counter.copy_(torch.minimum(counter, before + 1))
