"""CTC that looks at hard lines (PP-OCRv2, released option)."""

from torch import Tensor

from models.ctc import ctc_losses


def focal_ctc_loss(logits: Tensor, targets: Tensor, target_lengths: Tensor, gamma: float = 2.0) -> Tensor:
    """Mean of loss (1 - exp(-loss))^gamma over the lines; arguments as `models.ctc.ctc_loss`, scalar float32."""
    losses = ctc_losses(logits, targets, target_lengths)
    return (losses * (1 - (-losses).exp()) ** gamma).mean()
