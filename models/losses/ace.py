"""Aggregation cross-entropy: how often every character is read (PP-OCRv2, released option)."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.ctc import BLANK


def ace_losses(logits: Tensor, targets: Tensor, target_lengths: Tensor, *, paddle_compat: bool = False) -> Tensor:
    """Cross-entropy between the shares of the classes in the label and their mean probabilities over the steps.

    Args:
        logits: (B, T, C), any float type; computed in float32.
        targets: (B, L) int64, padded with 0.
        target_lengths: (B,) int64.
        paddle_compat: a second softmax is applied to the mean probabilities, as the released code does; it is about 1
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
    """The mean of `ace_losses` over the batch; scalar float32."""
    return ace_losses(logits, targets, target_lengths, paddle_compat=paddle_compat).mean()
