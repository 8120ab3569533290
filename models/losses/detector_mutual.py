"""Losses between two detectors: Collaborative Mutual Learning (PP-OCRv2, section 2.1.1)."""

from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.db.maps import DBMaps
from models.losses.base import DETECTOR_LOSSES, EdgeOutputs, LossTerm, Progress
from models.losses.db import DBLossSettings, DBTargetBatch, dice_terms

KL_EPSILON = 1e-5
TEACHER_THRESHOLD = 0.3


def map_mutual_losses(first: Tensor, second: Tensor) -> Tensor:
    """Compute the symmetric KL divergence between the probability maps of two students.

    PaddleOCR's code adds it to the other terms image by image, which multiplies those by the batch size; here the mean
    over the batch is added.

    Args:
        first: (B, H, W), 0 to 1, both included.
        second: (B, H, W), 0 to 1, both included.

    Returns:
        (B,) float32, for every image the mean over its pixels.
    """
    p, q = first.float(), second.float()
    forward = q * ((q + KL_EPSILON) / (p + KL_EPSILON) + KL_EPSILON).log()
    backward = p * ((p + KL_EPSILON) / (q + KL_EPSILON) + KL_EPSILON).log()
    return 0.5 * (forward + backward).mean((1, 2))


def dilated_teacher_map(probability: Tensor) -> Tensor:
    """Threshold a teacher's probability map and dilate it by 2 x 2 as OpenCV does, to the right and down.

    Args:
        probability: (B, H, W), 0 to 1.

    Returns:
        (B, H, W) float32, 0 or 1, without gradient.
    """
    is_text = (probability.detach() > TEACHER_THRESHOLD).float()
    dilated: Tensor = F.max_pool2d(F.pad(is_text[:, None], (1, 0, 1, 0)), 2, 1).squeeze(1)
    return dilated


def distillation_loss(maps: DBMaps, teacher: Tensor, mask: Tensor, settings: DBLossSettings) -> dict[str, Tensor]:
    """Compute the Dice losses between a student's maps and a teacher's dilated map.

    Args:
        maps: of the student, each (B, H, W).
        teacher: (B, H, W), see `dilated_teacher_map`.
        mask: (B, H, W), 0 where the shrink map does not count.
        settings: weights of the maps, and the form of the loss if the teacher detects nothing in the batch.

    Returns:
        "probability" and "binary", weighted scalars float32.
    """
    probability, binary = dice_terms(maps, teacher, mask, paddle_compat=settings.paddle_compat)
    return {"probability": settings.probability_weight * probability, "binary": settings.binary_weight * binary}


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
