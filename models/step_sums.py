"""Modules that follow what a whole step found, in however many parts and processes it was looked at."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn


class StepAccumulator(nn.Module, ABC):
    """A module that adds up what it finds in the parts of a step, and moves at the step's end."""

    @abstractmethod
    def accumulated(self) -> Sequence[Tensor]:
        """What was added up since the last `settle`; whoever trains in several processes sums it over these."""

    @abstractmethod
    def end_step(self) -> None:
        """Move by the sums, and begin anew."""
