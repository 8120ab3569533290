"""What a loss term is, what it is called with, and the registries of loss terms."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from torch import Tensor, nn

from models.registry import Registry


class Progress(NamedTuple):
    """How far a training is when a step begins."""

    samples: int  # samples of all earlier steps
    step_samples: int  # samples of a step
    total_samples: int  # samples of the whole training


class RecognitionLabels(NamedTuple):
    """Labels of a batch of lines."""

    targets: Tensor  # (B, L) int64, padded with 0
    target_lengths: Tensor  # (B,) int64
    valid_fraction: Tensor  # (B,) float, fraction of the image width that is not padding
    valid_steps: Tensor  # (B,) int, time steps that cover the line


class EdgeOutputs(NamedTuple):
    """Outputs of the networks of an edge: of a student and of the network that it learns from.

    The output of a recognizer is a `RecognizerOutput`. The output of a detector that is a student is `DBMaps`; of one
    that is a target, its probability map (B, H, W).
    """

    student: Any
    target: Any = None  # None: the student learns from labels


@dataclass(frozen=True)
class TermConfig:
    """What a loss term is built from."""

    settings: Any  # the settings `loss` of the training: `CTCLossSettings` or `DBLossSettings`
    student: Any  # the network that learns
    target: Any = None  # the network that it learns from; None: labels
    spacing_samples: int = 0  # over which `spacing_loss` fades out


class LossTerm(nn.Module):
    """A term of a loss. Subclasses register themselves and implement `forward(outputs, labels, progress)`.

    `forward` takes `EdgeOutputs`, the labels of the batch (`RecognitionLabels` or `DBTargetBatch`) and the `Progress`;
    it returns scalars float32 by name, whose sum is minimised. A term may have parameters, which are trained, and
    buffers; both are saved in checkpoints.

    Args:
        config: what the term is built from.

    Attributes:
        needs_network: whether the term compares two networks; otherwise it compares a network with labels.

    Example:
        Maximise the entropy of the predictions, in a module of its own in `models.losses`; settings then list the term
        in an edge: `{student: student, target: labels, terms: {ctc: 1, spacing: 1, confidence: 0.1}}`.

        >>> import torch
        >>> class ConfidenceTerm(LossTerm):  # @RECOGNIZER_LOSSES.register("confidence")
        ...     def forward(self, outputs, labels, progress):
        ...         log_probabilities = outputs.student.logits.float().log_softmax(2)
        ...         return {"confidence": (log_probabilities.exp() * log_probabilities).sum(2).mean()}
    """

    needs_network: ClassVar[bool] = False

    def __init__(self, config: TermConfig) -> None:
        super().__init__()
        self.settings: Any = config.settings


class StepAccumulator(nn.Module, ABC):
    """A module that accumulates sums over the batches of a step and updates itself at the end of the step."""

    @abstractmethod
    def accumulated(self) -> Sequence[Tensor]:
        """Return the sums since the last `end_step`; distributed training adds them up over its processes."""

    @abstractmethod
    def end_step(self) -> None:
        """Update the module from the sums, and reset them."""


RECOGNIZER_LOSSES: Registry[type[LossTerm]] = Registry("loss term of recognizers", "models.losses")
DETECTOR_LOSSES: Registry[type[LossTerm]] = Registry("loss term of detectors", "models.losses")
