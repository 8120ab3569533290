"""What a training is about, apart from how training goes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from torch import Tensor, nn

Batch = TypeVar("Batch")


@dataclass(frozen=True)
class Validation:
    """Scores of a network on labelled data.

    Attributes:
        score: the higher the better; what the best weights are chosen by.
        scores: all scores, by source.
        best: the part of the network that the score is of; None: all of it.
        parts: networks whose weights are kept beside the best, by name.
        name: of the best among them; None: there are none.
        details: what else the log is to tell.
    """

    score: float
    scores: dict[str, dict[str, float]]
    best: nn.Module | None = None
    parts: Mapping[str, nn.Module] = field(default_factory=dict)
    name: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class Task(Protocol[Batch]):
    """A network, data for it, and what is wanted of it: a recognizer or a detector."""

    @property
    def model(self) -> nn.Module:
        """The network, with the weights that training starts from."""
        ...

    @property
    def measured(self) -> Mapping[str, Tensor]:
        """What else the last `losses` found out, for the log: finite scalars."""
        ...

    def batches(self, numbers: range) -> Iterator[Batch]:
        """The batches of these numbers, in order, each a pure function of its number."""
        ...

    def losses(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """The parts of the loss of a batch of a step, scalars; their sum is minimised."""
        ...

    def keys(self, batch: Batch) -> tuple[str, ...]:
        """Names of the samples in a batch."""
        ...

    def validate(self, model: nn.Module) -> Validation:
        """Score a network of the same kind, the averaged one."""
        ...
