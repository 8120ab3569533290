"""Losses of DB detectors: from labels (DB, section 3.4) and from each other (PP-OCRv2, section 2.1.1).

Maps are (B, H, W): predictions from 0 to 1, both included; targets and masks 0 or 1. Losses are float32 scalars.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.db.head import DBMaps
from models.losses.base import DETECTOR_LOSSES, EdgeOutputs, LossTerm, Progress
from synthtext.core import InputError

DICE_EPSILON = 1e-6
KL_EPSILON = 1e-5
TEACHER_THRESHOLD = 0.3
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
    """Compute 1 - 2 |p t| / (|p| + |t|), 0 to 1, with sums over the whole batch where the mask is 1."""
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
    """Compute the mean absolute difference where the mask is 1, or 0 if it is 0 everywhere."""
    mask = mask.float()
    return ((prediction.float() - target.float()).abs() * mask).sum() / (mask.sum() + DICE_EPSILON)


def balanced_bce_loss(
    prediction: Tensor, target: Tensor, mask: Tensor, negative_ratio: float = 3.0, min_negatives: int = 0
) -> Tensor:
    """Compute the cross-entropy of all positive pixels and of the hardest negative ones.

    There are `negative_ratio` negatives per positive, at least `min_negatives`. Logarithms are clamped at -100.
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
    """Compute the weighted losses of the three maps, "probability", "threshold" and "binary"."""
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


def map_mutual_losses(first: Tensor, second: Tensor) -> Tensor:
    """Compute the symmetric KL divergence between the probability maps of two students.

    PaddleOCR's code adds it to the other terms image by image, which multiplies those by the batch size; here the mean
    over the batch is added.

    Returns:
        (B,) float32, for every image the mean over its pixels.
    """
    p, q = first.float(), second.float()
    forward = q * ((q + KL_EPSILON) / (p + KL_EPSILON) + KL_EPSILON).log()
    backward = p * ((p + KL_EPSILON) / (q + KL_EPSILON) + KL_EPSILON).log()
    return 0.5 * (forward + backward).mean((1, 2))


def dilated_teacher_map(probability: Tensor) -> Tensor:
    """Threshold a teacher's probability map and dilate it by 2 x 2 as OpenCV does, to the right and down.

    The result is float32, 0 or 1, without gradient.
    """
    is_text = (probability.detach() > TEACHER_THRESHOLD).float()
    dilated: Tensor = F.max_pool2d(F.pad(is_text[:, None], (1, 0, 1, 0)), 2, 1).squeeze(1)
    return dilated


def distillation_loss(maps: DBMaps, teacher: Tensor, mask: Tensor, settings: DBLossSettings) -> dict[str, Tensor]:
    """Compute the Dice losses between a student's maps and a teacher's dilated map.

    Args:
        maps: of the student.
        teacher: see `dilated_teacher_map`.
        mask: 0 where the shrink map does not count.
        settings: weights of the maps, and the form of the loss if the teacher detects nothing in the batch.

    Returns:
        "probability" and "binary", weighted.
    """
    probability, binary = dice_terms(maps, teacher, mask, paddle_compat=settings.paddle_compat)
    return {"probability": settings.probability_weight * probability, "binary": settings.binary_weight * binary}


@DETECTOR_LOSSES.register("db")
class DBTerm(LossTerm):
    """`db_loss`."""

    def forward(self, outputs: EdgeOutputs, labels: DBTargetBatch, progress: Progress) -> dict[str, Tensor]:
        """Compute the terms of the three maps."""
        return db_loss(outputs.student, labels, self.settings)


@DETECTOR_LOSSES.register("mutual")
class MapMutualTerm(LossTerm):
    """Deep mutual learning: the mean of `map_mutual_losses` over the batch."""

    needs_network = True

    def forward(self, outputs: EdgeOutputs, labels: DBTargetBatch, progress: Progress) -> dict[str, Tensor]:
        """Compute the term."""
        return {"mutual": map_mutual_losses(outputs.student.probability, outputs.target).mean()}


@DETECTOR_LOSSES.register("distillation")
class DistillationTerm(LossTerm):
    """`distillation_loss`: the student learns the dilated map of a teacher."""

    needs_network = True

    def forward(self, outputs: EdgeOutputs, labels: DBTargetBatch, progress: Progress) -> dict[str, Tensor]:
        """Compute the terms of the probability map and of the binary map."""
        teacher = dilated_teacher_map(outputs.target)
        return distillation_loss(outputs.student, teacher, labels.shrink_mask, self.settings)
