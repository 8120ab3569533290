"""Modules that are updated once per training step, from sums over its batches and processes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn


class StepAccumulator(nn.Module, ABC):
    """A module that accumulates sums over the batches of a step and updates itself at the end of the step."""

    @abstractmethod
    def accumulated(self) -> Sequence[Tensor]:
        """Return the sums since the last `end_step`; distributed training adds them up over its processes."""

    @abstractmethod
    def end_step(self) -> None:
        """Update the module from the sums, and reset them."""
