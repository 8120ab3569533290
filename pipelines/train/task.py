"""What a training is about, apart from how training goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from torch import Tensor, nn

Batch = TypeVar("Batch")


@dataclass(frozen=True)
class Validation:
    """Scores of a network on labelled data.

    Attributes:
        score: the higher the better; what the best weights are chosen by.
        scores: all scores, by source.
    """

    score: float
    scores: dict[str, dict[str, float]]


class Task(Protocol[Batch]):
    """A network, data for it, and what is wanted of it: a recognizer or a detector."""

    @property
    def model(self) -> nn.Module:
        """The network, with the weights that training starts from."""
        ...

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """The batches of steps start to stop - 1, each a pure function of its step."""
        ...

    def losses(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The parts of the loss at a step, scalars; their sum is minimised."""
        ...

    def keys(self, batch: Batch) -> tuple[str, ...]:
        """Names of the samples in a batch."""
        ...

    def validate(self, model: nn.Module) -> Validation:
        """Score a network of the same kind, the averaged one."""
        ...
