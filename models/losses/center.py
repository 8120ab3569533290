"""Features of one character kept together: the centre loss of Enhanced CTC (PP-OCRv2, section 2.2.3)."""

import torch
from torch import Tensor

from models.ctc import BLANK
from models.step_sums import StepAccumulator


def center_loss(features: Tensor, logits: Tensor, centers: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean squared distance of the features from the centre of the class that is read at their step.

    Args:
        features: (B, T, D).
        logits: (B, T, C).
        centers: (C, D).
        mask: (B, T) bool, steps that count; None: all, blank ones and misread ones too, as released.

    Returns:
        Scalar of the centres' float type; 0 if no step counts.
    """
    read = logits.detach().argmax(2)
    distances = (features.to(centers.dtype) - centers[read]).square().sum(2)
    if mask is None:
        return distances.mean()
    return (distances * mask).sum() / mask.sum().clamp(min=1)


class ClassCenters(StepAccumulator):
    """Centres of the classes: means of the features that are read as them.

    They stay as they are within a step: `find` is told of each part of it, `settle` ends it.

    Args:
        classes: C, blank included.
        size: D of the features.
        decay: of the moving mean, for a class that is seen in a step.
        sure: probability of a step from which on it counts.
        paddle_compat: as in the released code every step of a line that is read right counts, blank ones too; the mean is
            over all of them, and a class that was never seen keeps the random centre that it began with.
    """

    values: Tensor
    counts: Tensor
    _totals: Tensor
    _numbers: Tensor

    def __init__(
        self, classes: int, size: int, decay: float = 0.99, min_confidence: float = 0.9, *, paddle_compat: bool = False
    ) -> None:
        super().__init__()
        self.register_buffer("values", torch.randn(classes, size) if paddle_compat else torch.zeros(classes, size))
        self.register_buffer("counts", torch.zeros(classes, dtype=torch.int64))
        self.register_buffer("_totals", torch.zeros(classes, size), persistent=False)
        self.register_buffer("_numbers", torch.zeros(classes, dtype=torch.int64), persistent=False)
        self._decay, self._sure, self._released = decay, min_confidence, paddle_compat

    def confident_steps(self, logits: Tensor, is_right: Tensor | None = None) -> Tensor:
        """Which steps (B, T) count: surely read, not blank, of a line that is read right (B,) if that is known."""
        best = logits.detach().float().softmax(2).max(2)
        counts = torch.ones_like(best.indices, dtype=torch.bool)
        if not self._released:
            counts = (best.indices != BLANK) & (best.values >= self._sure)
        return counts if is_right is None else counts & is_right[:, None]

    @torch.no_grad()
    def accumulate(self, features: Tensor, logits: Tensor, mask: Tensor) -> None:
        """Add up the features (B, T, D) of the classes that were read, for the end of the step."""
        classes = logits.argmax(2)[mask]
        self._totals.index_add_(0, classes, features.detach().float()[mask])
        self._numbers += torch.bincount(classes, minlength=len(self.values))

    def accumulated(self) -> tuple[Tensor, Tensor]:
        """Of the features that were found, and how many, by class."""
        return self._totals, self._numbers

    @torch.no_grad()
    def end_step(self) -> None:
        """Let the centres of the classes that were read follow the means of their features."""
        numbers, here = self._numbers, self._numbers > 0
        means = self._totals[here] / numbers[here, None]
        share = numbers[here] / (self.counts[here] + numbers[here])  # 1 for a class that was not seen before
        if not self._released:
            share = torch.where(self.counts[here] > 0, 1 - self._decay, 1.0)
        self.values[here] += share[:, None] * (means - self.values[here])
        self.counts += numbers
        self._totals.zero_()
        self._numbers.zero_()

    def loss(self, features: Tensor, logits: Tensor, mask: Tensor) -> Tensor:
        """`center_loss` over the steps that count and whose class has a centre; scalar float32.

        As released: over all steps, whatever counts.
        """
        if self._released:
            return center_loss(features.float(), logits, self.values)
        known = self.counts[logits.detach().argmax(2)] > 0
        return center_loss(features.float(), logits, self.values, mask & known)
