"""A start for CTC: cross-entropy against characters that are taken to stand at even distances."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

_BLANK_WEIGHT = 0.3  # of the steps between characters: there are more of them, and they are guessed


def spacing_loss(logits: Tensor, targets: Tensor, target_lengths: Tensor, valid_fraction: Tensor) -> Tensor:
    """Cross-entropy of every step, with character k of n at (k + 1/2) / n of the line and blanks between.

    From fresh weights, CTC says nothing but blanks for tens of thousands of lines before it finds where characters are.
    In a line of text they stand at nearly even distances, so that is told at first; the loss is to fade out, since it
    is only nearly true.

    Args:
        logits: (B, T, classes); computed in float32.
        targets: (B, L) int64, padded with 0.
        target_lengths: (B,) int64.
        valid_fraction: (B,) float, the share of the steps that the line fills; the rest is padding.

    Returns:
        Scalar float32: summed over steps, mean over the batch, as the CTC loss is.
    """
    batch, steps, classes = logits.shape
    place = torch.arange(targets.shape[1], device=logits.device)
    middle = (place + 0.5) / target_lengths.clamp(min=1)[:, None] * (valid_fraction * steps)[:, None]
    there = place < target_lengths[:, None]
    rows = torch.arange(batch, device=logits.device)[:, None].expand_as(middle)[there]
    columns = middle.long().clamp(max=steps - 1)[there]
    goal = torch.zeros((batch, steps), dtype=torch.int64, device=logits.device)
    weight = torch.full((batch, steps), _BLANK_WEIGHT, device=logits.device)
    goal[rows, columns] = targets[there]
    weight[rows, columns] = 1.0
    entropy = F.cross_entropy(logits.float().reshape(-1, classes), goal.reshape(-1), reduction="none")
    return (entropy.reshape(batch, steps) * weight).sum(dim=1).mean()
