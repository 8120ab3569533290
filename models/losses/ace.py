"""Aggregation cross-entropy: how often every character is predicted (PP-OCRv2, released option)."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.ctc import BLANK
from models.losses.base import RECOGNIZER_LOSSES, EdgeOutputs, LossTerm, Progress, RecognitionLabels


def ace_losses(logits: Tensor, targets: Tensor, target_lengths: Tensor, *, paddle_compat: bool = False) -> Tensor:
    """Compute the cross-entropy between the class frequencies of the label and the mean probabilities over the steps.

    Args:
        logits: (B, T, C), any float type; computed in float32.
        targets: (B, L) int64, padded with 0.
        target_lengths: (B,) int64.
        paddle_compat: apply a second softmax to the mean probabilities, as in PaddleOCR's code; the loss is about 1
            smaller otherwise.

    Returns:
        (B,) float32.
    """
    batch, steps, classes = logits.shape
    once = torch.ones(targets.shape, device=targets.device)
    counts = torch.zeros(batch, classes, device=logits.device).scatter_add_(1, targets, once)
    counts[:, BLANK] = (steps - target_lengths).clamp(min=0).float()
    log_probabilities = F.log_softmax(logits.float(), 2)
    if paddle_compat:
        scores = F.log_softmax(log_probabilities.exp().mean(1), 1)
    else:
        scores = log_probabilities.logsumexp(1) - torch.log(torch.tensor(float(steps)))
    return -(counts / steps * scores).sum(1)


def ace_loss(logits: Tensor, targets: Tensor, target_lengths: Tensor, *, paddle_compat: bool = False) -> Tensor:
    """Compute the mean of `ace_losses` over the batch; scalar float32."""
    return ace_losses(logits, targets, target_lengths, paddle_compat=paddle_compat).mean()


@RECOGNIZER_LOSSES.register("ace")
class ACETerm(LossTerm):
    """`ace_loss`, weighted."""

    def forward(self, outputs: EdgeOutputs, labels: RecognitionLabels, progress: Progress) -> dict[str, Tensor]:
        """Compute the term."""
        loss = ace_loss(
            outputs.student.logits, labels.targets, labels.target_lengths, paddle_compat=self.settings.paddle_compat
        )
        return {"ace": self.settings.ace_weight * loss}
