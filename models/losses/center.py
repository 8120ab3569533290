"""The center loss of Enhanced CTC: it pulls features towards the center of their class (PP-OCRv2, section 2.2.3)."""

import torch
from torch import Tensor

from models.ctc import BLANK, is_exact_match
from models.losses.base import (
    RECOGNIZER_LOSSES,
    EdgeOutputs,
    LossTerm,
    Progress,
    RecognitionLabels,
    StepAccumulator,
    TermConfig,
)


def center_loss(features: Tensor, logits: Tensor, centers: Tensor, mask: Tensor | None = None) -> Tensor:
    """Compute the mean squared distance of the features from the center of the class predicted at their time step.

    Args:
        features: (B, T, D).
        logits: (B, T, C).
        centers: (C, D).
        mask: (B, T) bool, time steps that count; None: all, blanks and errors included, as in PaddleOCR's code.

    Returns:
        Scalar of the float type of `centers`; 0 if no time step counts.
    """
    predicted = logits.detach().argmax(2)
    distances = (features.to(centers.dtype) - centers[predicted]).square().sum(2)
    if mask is None:
        return distances.mean()
    return (distances * mask).sum() / mask.sum().clamp(min=1)


class ClassCenters(StepAccumulator):
    """Centers of the classes: moving means of the features at the time steps where the class is predicted.

    They do not change within a step: `accumulate` adds up each batch, `end_step` updates the centers.

    Args:
        num_classes: C, blank included.
        dim: D of the features.
        decay: decay of the moving mean, for a class that occurs in a step.
        min_confidence: probability from which on a time step counts.
        paddle_compat: as in PaddleOCR's code, every time step of a correct line counts, blanks included; a center is
            the mean over all of them, and a class that never occurred keeps its random initial center.
    """

    values: Tensor
    counts: Tensor
    _totals: Tensor
    _numbers: Tensor

    def __init__(
        self,
        num_classes: int,
        dim: int,
        decay: float = 0.99,
        min_confidence: float = 0.9,
        *,
        paddle_compat: bool = False,
    ) -> None:
        super().__init__()
        initial = torch.randn if paddle_compat else torch.zeros
        self.register_buffer("values", initial(num_classes, dim))
        self.register_buffer("counts", torch.zeros(num_classes, dtype=torch.int64))
        self.register_buffer("_totals", torch.zeros(num_classes, dim), persistent=False)
        self.register_buffer("_numbers", torch.zeros(num_classes, dtype=torch.int64), persistent=False)
        self._decay, self._min_confidence, self._paddle_compat = decay, min_confidence, paddle_compat

    def confident_steps(self, logits: Tensor, is_correct: Tensor | None = None) -> Tensor:
        """Return which time steps (B, T) count: confident, not blank, in a correct line (B,) if that is given."""
        best = logits.detach().float().softmax(2).max(2)
        counts = torch.ones_like(best.indices, dtype=torch.bool)
        if not self._paddle_compat:
            counts = (best.indices != BLANK) & (best.values >= self._min_confidence)
        return counts if is_correct is None else counts & is_correct[:, None]

    @torch.no_grad()
    def accumulate(self, features: Tensor, logits: Tensor, mask: Tensor) -> None:
        """Add up the features (B, T, D) by predicted class, for the end of the step."""
        classes = logits.argmax(2)[mask]
        self._totals.index_add_(0, classes, features.detach().float()[mask])
        self._numbers += torch.bincount(classes, minlength=len(self.values))

    def accumulated(self) -> tuple[Tensor, Tensor]:
        """Return the sums of the features and their numbers, by class."""
        return self._totals, self._numbers

    @torch.no_grad()
    def end_step(self) -> None:
        """Update the centers of the classes that occurred in this step."""
        numbers, occurred = self._numbers, self._numbers > 0
        means = self._totals[occurred] / numbers[occurred, None]
        rate = numbers[occurred] / (self.counts[occurred] + numbers[occurred])  # 1 for a class seen for the first time
        if not self._paddle_compat:
            rate = torch.where(self.counts[occurred] > 0, 1 - self._decay, 1.0)
        self.values[occurred] += rate[:, None] * (means - self.values[occurred])
        self.counts += numbers
        self._totals.zero_()
        self._numbers.zero_()

    def loss(self, features: Tensor, logits: Tensor, mask: Tensor) -> Tensor:
        """Compute `center_loss` over the time steps of `mask` whose class has a center; scalar float32.

        With `paddle_compat`: over all time steps.
        """
        counted = None if self._paddle_compat else mask & (self.counts[logits.detach().argmax(2)] > 0)
        return center_loss(features.float(), logits, self.values, counted)


@RECOGNIZER_LOSSES.register("center")
class CenterTerm(LossTerm):
    """The center loss: first 0, then only the centers are updated, then features are pulled to them."""

    def __init__(self, config: TermConfig) -> None:
        super().__init__(config)
        sizes = config.student.config
        self.centers = ClassCenters(sizes.num_classes, sizes.head_dim, paddle_compat=self.settings.paddle_compat)

    def forward(self, outputs: EdgeOutputs, labels: RecognitionLabels, progress: Progress) -> dict[str, Tensor]:
        """Compute the term and accumulate the features for the centers."""
        features, logits = outputs.student.features, outputs.student.logits
        update_from, loss_from = self.settings.center_schedule(progress.total_samples)
        loss = features.new_zeros((), dtype=torch.float32)
        if progress.samples >= update_from:
            is_correct = is_exact_match(logits, labels.targets, labels.target_lengths)
            mask = self.centers.confident_steps(logits, is_correct)
            if progress.samples >= loss_from:
                loss = self.centers.loss(features, logits, mask)
            if progress.samples < loss_from or not self.settings.paddle_compat:
                self.centers.accumulate(features, logits, mask)
        return {"center": self.settings.center_weight * loss}
