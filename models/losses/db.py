"""The loss of a DB detector (PP-OCRv2, section 2.1; DB, section 3.4)."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from models.db.maps import DBMaps
from synthtext.core import InputError

EPSILON = 1e-6


class DBTargetBatch(NamedTuple):
    """What a detector is to say about a batch, see `models.db.targets.DBTargets`."""

    shrink_map: Tensor  # (B, H, W), 1 in the kernel of a text
    shrink_mask: Tensor  # (B, H, W), 0 where the shrink map does not count
    threshold_map: Tensor  # (B, H, W), 0.3 to 0.7
    threshold_mask: Tensor  # (B, H, W), 1 where the threshold map counts


@dataclass(frozen=True)
class DBLossSettings:
    """How the three maps are weighed (released configuration).

    Attributes:
        probability_weight: of the probability map (alpha).
        threshold_weight: of the threshold map (beta).
        binary_weight: of the binary map.
        probability_loss: "dice" as the released code has it, "bce" with hard negatives as the paper says.
        negative_ratio: hard negatives for each positive pixel, of "bce".
        released: without a positive pixel the probability map has no loss and the binary map a constant one, as in the
            released code; otherwise what the network invents on empty pictures is pushed down.
    """

    probability_weight: float = 5.0
    threshold_weight: float = 10.0
    binary_weight: float = 1.0
    probability_loss: Literal["dice", "bce"] = "dice"
    negative_ratio: float = 3.0
    released: bool = False

    def __post_init__(self) -> None:
        if self.probability_loss not in ("dice", "bce"):
            raise InputError(f"probability_loss must be 'dice' or 'bce', not {self.probability_loss!r}")
        if min(self.probability_weight, self.threshold_weight, self.binary_weight, self.negative_ratio) < 0:
            raise InputError("the weights of a DB loss and its negative_ratio must not be below 0")


def dice_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """1 - 2 |p t| / (|p| + |t|), sums over the whole batch where the mask is 1.

    Args:
        prediction: (B, H, W), 0 to 1.
        target: (B, H, W), 0 or 1.
        mask: (B, H, W), 0 or 1.

    Returns:
        Scalar float32, 0 to 1.
    """
    prediction, target, mask = prediction.float(), target.float(), mask.float()
    overlap = (prediction * target * mask).sum()
    return 1 - 2 * overlap / ((prediction * mask).sum() + (target * mask).sum() + EPSILON)


def masked_l1_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference where the mask is 1; 0 where it is nowhere. Tensors (B, H, W), scalar float32."""
    mask = mask.float()
    return ((prediction.float() - target.float()).abs() * mask).sum() / (mask.sum() + EPSILON)


def balanced_bce_loss(
    prediction: Tensor, target: Tensor, mask: Tensor, negative_ratio: float = 3.0, least_negatives: int = 0
) -> Tensor:
    """Cross-entropy of all positive pixels and of the hardest negative ones.

    Args:
        prediction: (B, H, W), 0 to 1, both included: the logarithm is cut off at -100.
        target: (B, H, W), 0 or 1.
        mask: (B, H, W), 0 or 1.
        negative_ratio: negatives for each positive.
        least_negatives: negatives that count however few positives there are.

    Returns:
        Scalar float32.
    """
    prediction, target, mask = prediction.float(), target.float(), mask.float()
    losses = torch.nn.functional.binary_cross_entropy(prediction, target, reduction="none")
    positive, negative = target * mask, (1 - target) * mask
    positives, available = int(positive.sum()), int(negative.sum())
    count = min(available, max(int(positives * negative_ratio), least_negatives))
    hardest = torch.topk((losses * negative).flatten(), count).values.sum()
    return ((losses * positive).sum() + hardest) / (positives + count + EPSILON)


def db_loss(maps: DBMaps, targets: DBTargetBatch, settings: DBLossSettings) -> dict[str, Tensor]:
    """The loss of the three maps, by name and weighed; what is to be minimised is the sum.

    Args:
        maps: of the network, each (B, H, W).
        targets: what they are to be.
        settings: weights and forms.

    Returns:
        "probability", "threshold" and "binary", scalars float32.
    """
    found, mask = targets.shrink_map, targets.shrink_mask
    binary = dice_loss(maps.binary, found, mask)
    is_empty = not bool((found * mask).any())
    if is_empty and not settings.released:
        # Dice is constant without positives: the mean over what counts still says how much is invented.
        binary = _mean(maps.binary, mask)
    return {
        "probability": settings.probability_weight * _probability_loss(maps.probability, targets, settings, is_empty),
        "threshold": settings.threshold_weight
        * masked_l1_loss(maps.threshold, targets.threshold_map, targets.threshold_mask),
        "binary": settings.binary_weight * binary,
    }


def _probability_loss(probability: Tensor, targets: DBTargetBatch, settings: DBLossSettings, is_empty: bool) -> Tensor:
    found, mask = targets.shrink_map, targets.shrink_mask
    if settings.probability_loss == "bce":
        least = 0 if settings.released else int(_LEAST_NEGATIVES * mask.sum())
        return balanced_bce_loss(probability, found, mask, settings.negative_ratio, least)
    if is_empty:
        return 0 * probability.float().sum() if settings.released else _mean(probability, mask)
    return dice_loss(probability, found, mask)


_LEAST_NEGATIVES = 0.01
"""Share of the pixels that count as hard negatives at least."""


def _mean(prediction: Tensor, mask: Tensor) -> Tensor:
    mask = mask.float()
    return (prediction.float() * mask).sum() / (mask.sum() + EPSILON)
