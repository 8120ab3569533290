"""The losses of PP-OCRv2: DB and Collaborative Mutual Learning, U-DML and Enhanced CTC."""

from models.losses.ace import ace_loss, ace_losses
from models.losses.center import ClassCenters, center_loss
from models.losses.cml import cml_loss, dilated_teacher_map, distillation_loss, map_mutual_losses
from models.losses.db import DBLossSettings, DBTargetBatch, balanced_bce_loss, db_loss, dice_loss, masked_l1_loss
from models.losses.enhanced import enhanced_ctc_loss
from models.losses.focal import focal_ctc_loss, focal_ctc_losses
from models.losses.mutual import feature_loss, mutual_loss

__all__ = [
    "ClassCenters",
    "DBLossSettings",
    "DBTargetBatch",
    "ace_loss",
    "ace_losses",
    "balanced_bce_loss",
    "center_loss",
    "cml_loss",
    "db_loss",
    "dice_loss",
    "dilated_teacher_map",
    "distillation_loss",
    "enhanced_ctc_loss",
    "feature_loss",
    "focal_ctc_loss",
    "focal_ctc_losses",
    "map_mutual_losses",
    "masked_l1_loss",
    "mutual_loss",
]
