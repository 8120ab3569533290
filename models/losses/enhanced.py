"""Enhanced CTC: texts, and features that keep their characters apart (PP-OCRv2, section 2.2.3)."""

from torch import Tensor

from models.ctc import ctc_loss


def enhanced_ctc_loss(
    logits: Tensor, targets: Tensor, target_lengths: Tensor, center: Tensor, center_weight: float = 0.05
) -> dict[str, Tensor]:
    """CTC and the centre loss, by name and weighed; what is to be minimised is the sum.

    Args:
        logits: (B, T, C).
        targets: (B, L) int64, padded with 0.
        target_lengths: (B,) int64.
        center: scalar, of `Centers.loss`, or of `center_loss` as released.
        center_weight: of the centre loss (released configuration).

    Returns:
        "ctc" and "center", scalars.
    """
    return {"ctc": ctc_loss(logits, targets, target_lengths), "center": center_weight * center}
