"""The loss of a DB detector (PP-OCRv2, section 2.1; DB, section 3.4)."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.db.maps import DBMaps
from models.losses.base import DETECTOR_LOSSES, EdgeOutputs, LossTerm, Progress
from synthtext.core import InputError

DICE_EPSILON = 1e-6
MIN_NEGATIVE_FRACTION = 0.01
"""Minimum fraction of the pixels that count as hard negatives."""


class DBTargetBatch(NamedTuple):
    """Targets of a batch, see `models.db.targets.DBTargets`."""

    shrink_map: Tensor  # (B, H, W), 1 in the kernel of a text
    shrink_mask: Tensor  # (B, H, W), 0 where the shrink map does not count
    threshold_map: Tensor  # (B, H, W), 0.3 to 0.7
    threshold_mask: Tensor  # (B, H, W), 1 where the threshold map counts


@dataclass(frozen=True)
class DBLossSettings:
    """`loss` of a detector's training: weights and forms of the losses of the three maps (released configuration).

    Attributes:
        probability_weight: weight of the probability map (alpha).
        threshold_weight: weight of the threshold map (beta).
        binary_weight: weight of the binary map.
        probability_loss: "dice" as in PaddleOCR's code, or "bce" with hard negatives as in the paper.
        negative_ratio: hard negatives per positive pixel, for "bce".
        paddle_compat: in a batch without text the probability map has no loss and the binary map a constant one, as in
            PaddleOCR's code; otherwise false positives in images without text are penalised.

    Raises:
        InputError: a value is out of range.
    """

    probability_weight: float = 5.0
    threshold_weight: float = 10.0
    binary_weight: float = 1.0
    probability_loss: Literal["dice", "bce"] = "dice"
    negative_ratio: float = 3.0
    paddle_compat: bool = False

    def __post_init__(self) -> None:
        if self.probability_loss not in ("dice", "bce"):
            raise InputError(f"probability_loss must be 'dice' or 'bce', not {self.probability_loss!r}")
        if min(self.probability_weight, self.threshold_weight, self.binary_weight, self.negative_ratio) < 0:
            raise InputError("the weights of a DB loss and its negative_ratio must not be below 0")


def dice_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Compute 1 - 2 |p t| / (|p| + |t|), with sums over the whole batch where the mask is 1.

    Args:
        prediction: (B, H, W), 0 to 1.
        target: (B, H, W), 0 or 1.
        mask: (B, H, W), 0 or 1.

    Returns:
        Scalar float32, 0 to 1.
    """
    prediction, target, mask = prediction.float(), target.float(), mask.float()
    overlap = (prediction * target * mask).sum()
    return 1 - 2 * overlap / ((prediction * mask).sum() + (target * mask).sum() + DICE_EPSILON)


def dice_or_mean_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Compute `dice_loss`, or in a batch without positives the mean of the prediction where the mask is 1.

    Without positives there is no overlap: Dice is 1 and has no gradient, whatever the prediction. The mean is 0 for an
    empty map and 1 for a full one, and has the same gradient for every pixel.
    """
    mask = mask.float()
    mean = (prediction.float() * mask).sum() / (mask.sum() + DICE_EPSILON)
    return torch.where((target * mask).any(), dice_loss(prediction, target, mask), mean)


def dice_terms(maps: DBMaps, target: Tensor, mask: Tensor, *, paddle_compat: bool) -> tuple[Tensor, Tensor]:
    """Compute the unweighted Dice losses of the probability map and of the binary map, see `DBLossSettings`."""
    if not paddle_compat:
        return dice_or_mean_loss(maps.probability, target, mask), dice_or_mean_loss(maps.binary, target, mask)
    has_text = (target * mask).any()
    return dice_loss(maps.probability, target, mask) * has_text, dice_loss(maps.binary, target, mask)


def masked_l1_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Compute the mean absolute difference where the mask is 1, or 0 if it is 0 everywhere; (B, H, W) to a scalar."""
    mask = mask.float()
    return ((prediction.float() - target.float()).abs() * mask).sum() / (mask.sum() + DICE_EPSILON)


def balanced_bce_loss(
    prediction: Tensor, target: Tensor, mask: Tensor, negative_ratio: float = 3.0, min_negatives: int = 0
) -> Tensor:
    """Compute the cross-entropy of all positive pixels and of the hardest negative ones.

    Args:
        prediction: (B, H, W), 0 to 1, both included: the logarithm is clamped at -100.
        target: (B, H, W), 0 or 1.
        mask: (B, H, W), 0 or 1.
        negative_ratio: negatives per positive.
        min_negatives: minimum number of negatives.

    Returns:
        Scalar float32.
    """
    # After a step that is not finite, the function below would raise before the training can report that step.
    prediction, target, mask = prediction.float().nan_to_num(), target.float(), mask.float()
    with torch.autocast(prediction.device.type, enabled=False):  # CUDA raises an error for this loss under autocast
        losses = F.binary_cross_entropy(prediction, target, reduction="none")
    positive, negative = target * mask, (1 - target) * mask
    positives, available = int(positive.sum()), int(negative.sum())
    count = min(available, max(int(positives * negative_ratio), min_negatives))
    hardest = torch.topk((losses * negative).flatten(), count).values.sum()
    return ((losses * positive).sum() + hardest) / (positives + count + DICE_EPSILON)


def db_loss(maps: DBMaps, targets: DBTargetBatch, settings: DBLossSettings) -> dict[str, Tensor]:
    """Compute the losses of the three maps.

    Args:
        maps: of the network, each (B, H, W).
        targets: of the batch.
        settings: weights and forms.

    Returns:
        "probability", "threshold" and "binary", weighted scalars float32, whose sum is minimised.
    """
    text, mask = targets.shrink_map, targets.shrink_mask
    probability, binary = dice_terms(maps, text, mask, paddle_compat=settings.paddle_compat)
    if settings.probability_loss == "bce":
        min_negatives = 0 if settings.paddle_compat else int(MIN_NEGATIVE_FRACTION * mask.sum())
        probability = balanced_bce_loss(maps.probability, text, mask, settings.negative_ratio, min_negatives)
    threshold = masked_l1_loss(maps.threshold, targets.threshold_map, targets.threshold_mask)
    return {
        "probability": settings.probability_weight * probability,
        "threshold": settings.threshold_weight * threshold,
        "binary": settings.binary_weight * binary,
    }


@DETECTOR_LOSSES.register("db")
class DBTerm(LossTerm):
    """`db_loss`."""

    def forward(self, outputs: EdgeOutputs, labels: DBTargetBatch, progress: Progress) -> dict[str, Tensor]:
        """Compute the terms of the three maps."""
        return db_loss(outputs.student, labels, self.settings)
