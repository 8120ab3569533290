"""CTC that looks at hard lines (PP-OCRv2, released option)."""

from torch import Tensor

from models.ctc import ctc_losses


def focal_ctc_losses(logits: Tensor, targets: Tensor, target_lengths: Tensor, gamma: float = 2.0) -> Tensor:
    """loss (1 - exp(-loss))^gamma of every line; arguments as `models.ctc.ctc_losses`, (B,) float32."""
    losses = ctc_losses(logits, targets, target_lengths)
    return losses * (1 - (-losses).exp()) ** gamma


def focal_ctc_loss(logits: Tensor, targets: Tensor, target_lengths: Tensor, gamma: float = 2.0) -> Tensor:
    """The mean of `focal_ctc_losses` over the batch; scalar float32."""
    return focal_ctc_losses(logits, targets, target_lengths, gamma).mean()
