"""Features of one character kept together: the centre loss of Enhanced CTC (PP-OCRv2, section 2.2.3)."""

import torch
from torch import Tensor, nn

from models.ctc import BLANK


def center_loss(features: Tensor, logits: Tensor, centers: Tensor, counts: Tensor | None = None) -> Tensor:
    """Mean squared distance of the features from the centre of the class that is read at their step.

    Args:
        features: (B, T, D).
        logits: (B, T, C).
        centers: (C, D).
        counts: (B, T) bool, steps that count; None: all, blank ones and misread ones too, as released.

    Returns:
        Scalar of the centres' float type; 0 if no step counts.
    """
    read = logits.detach().argmax(2)
    distances = (features.to(centers.dtype) - centers[read]).square().sum(2)
    if counts is None:
        return distances.mean()
    return (distances * counts).sum() / counts.sum().clamp(min=1)


class Centers(nn.Module):
    """Centres of the classes, which follow what is read surely; the released ones never move.

    Args:
        classes: C, blank included.
        size: D of the features.
        decay: of the moving mean, for a class that is seen in a step.
        sure: probability of a step from which on it counts.
    """

    values: Tensor
    seen: Tensor

    def __init__(self, classes: int, size: int, decay: float = 0.99, sure: float = 0.9) -> None:
        super().__init__()
        self.register_buffer("values", torch.zeros(classes, size))
        self.register_buffer("seen", torch.zeros(classes, dtype=torch.bool))
        self._decay, self._sure = decay, sure

    def counting(self, logits: Tensor, is_right: Tensor | None = None) -> Tensor:
        """Which steps (B, T) count: surely read, not blank, of a line that is read right (B,) if that is known."""
        best = logits.detach().float().softmax(2).max(2)
        counts = (best.indices != BLANK) & (best.values >= self._sure)
        return counts if is_right is None else counts & is_right[:, None]

    @torch.no_grad()
    def update(self, features: Tensor, logits: Tensor, counts: Tensor) -> None:
        """Let the centres of the classes that were read follow the means of their features."""
        classes = logits.argmax(2)[counts]
        chosen = features.detach().float()[counts]
        totals = torch.zeros_like(self.values).index_add_(0, classes, chosen)
        numbers = torch.bincount(classes, minlength=len(self.values))
        here = numbers > 0
        means = totals[here] / numbers[here, None]
        share = torch.where(self.seen[here], 1 - self._decay, 1.0)[:, None]
        self.values[here] += share * (means - self.values[here])
        self.seen |= here

    def loss(self, features: Tensor, logits: Tensor, counts: Tensor) -> Tensor:
        """`center_loss` over the steps that count and whose class has a centre; scalar float32."""
        known = self.seen[logits.detach().argmax(2)]
        return center_loss(features.float(), logits, self.values, counts & known)
