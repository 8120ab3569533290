"""What detectors learn from each other: Collaborative Mutual Learning (PP-OCRv2, section 2.1.1)."""

from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.db.maps import DBMaps
from models.losses.db import DBLossSettings, DBTargetBatch, db_loss, dice_terms

KL_EPSILON = 1e-5
TEACHER_THRESHOLD = 0.3


def map_mutual_losses(first: Tensor, second: Tensor) -> Tensor:
    """How two students differ: the symmetric divergence of their probability maps.

    The released code adds it to the other terms image by image, which multiplies those by the size of the batch; here
    as everywhere the mean over the batch is meant.

    Args:
        first: (B, H, W), 0 to 1, both included.
        second: the same.

    Returns:
        (B,) float32, one value an image: the mean over its pixels.
    """
    p, q = first.float(), second.float()
    forward = q * ((q + KL_EPSILON) / (p + KL_EPSILON) + KL_EPSILON).log()
    backward = p * ((p + KL_EPSILON) / (q + KL_EPSILON) + KL_EPSILON).log()
    return 0.5 * (forward + backward).mean((1, 2))


def dilated_teacher_map(probability: Tensor) -> Tensor:
    """Where a teacher sees text, a pixel further to the right and down: (B, H, W) 0 to 1 -> (B, H, W) 0 or 1.

    A dilation by 2 x 2, as OpenCV does it.
    """
    sees = (probability.detach() > TEACHER_THRESHOLD).float()
    grown: Tensor = F.max_pool2d(F.pad(sees[:, None], (1, 0, 1, 0)), 2, 1).squeeze(1)
    return grown


def distillation_loss(maps: DBMaps, teacher: Tensor, mask: Tensor, settings: DBLossSettings) -> dict[str, Tensor]:
    """What a student learns from a frozen teacher.

    Args:
        maps: of the student, each (B, H, W).
        teacher: (B, H, W), see `teacher_map`.
        mask: (B, H, W), 0 where the shrink map does not count.
        settings: the weights of the maps, and what becomes of a batch in which the teacher sees nothing; as released,
            always with Dice.

    Returns:
        "probability" and "binary", scalars float32, weighed.
    """
    probability, binary = dice_terms(maps, teacher, mask, paddle_compat=settings.paddle_compat)
    return {"probability": settings.probability_weight * probability, "binary": settings.binary_weight * binary}


def cml_loss(
    students: tuple[DBMaps, DBMaps], teacher: Tensor, targets: DBTargetBatch, settings: DBLossSettings
) -> dict[str, Tensor]:
    """What two students learn from the labels, from a frozen teacher and from each other; to be minimised is the sum.

    Args:
        students: their maps, each (B, H, W).
        teacher: its probability map (B, H, W), of a network in eval mode; has no gradient.
        targets: what the labels say.
        settings: of the DB loss; every term of CML has the weight 1 (released configuration).

    Returns:
        "mutual", and for each student, say the first, "student1_label_" and "student1_teacher_" with the names of
        `db_loss` and `distillation_loss`; scalars float32, weighed.
    """
    seen = dilated_teacher_map(teacher)
    first, second = students
    parts = {"mutual": map_mutual_losses(first.probability, second.probability).mean()}
    for number, maps in enumerate(students, 1):
        taught = distillation_loss(maps, seen, targets.shrink_mask, settings)
        for source, terms in (("label", db_loss(maps, targets, settings)), ("teacher", taught)):
            parts |= {f"student{number}_{source}_{name}": term for name, term in terms.items()}
    return parts
