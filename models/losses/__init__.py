"""Losses of PP-OCRv2 and loss terms. A module here registers its terms; no other file has to name them."""

from models.losses.ace import ace_loss, ace_losses
from models.losses.base import (
    DETECTOR_LOSSES,
    RECOGNIZER_LOSSES,
    EdgeOutputs,
    LossTerm,
    Progress,
    RecognitionLabels,
    TermConfig,
)
from models.losses.center import ClassCenters, center_loss
from models.losses.ctc import focal_ctc_loss, focal_ctc_losses
from models.losses.db import DBLossSettings, DBTargetBatch, balanced_bce_loss, db_loss, dice_loss, masked_l1_loss
from models.losses.detector_mutual import dilated_teacher_map, distillation_loss, map_mutual_losses
from models.losses.recognizer_mutual import feature_loss, mutual_loss
from models.losses.settings import CTCLossSettings
from models.losses.spacing import spacing_loss

__all__ = [
    "DETECTOR_LOSSES",
    "RECOGNIZER_LOSSES",
    "CTCLossSettings",
    "ClassCenters",
    "DBLossSettings",
    "DBTargetBatch",
    "EdgeOutputs",
    "LossTerm",
    "Progress",
    "RecognitionLabels",
    "TermConfig",
    "ace_loss",
    "ace_losses",
    "balanced_bce_loss",
    "center_loss",
    "db_loss",
    "dice_loss",
    "dilated_teacher_map",
    "distillation_loss",
    "feature_loss",
    "focal_ctc_loss",
    "focal_ctc_losses",
    "map_mutual_losses",
    "masked_l1_loss",
    "mutual_loss",
    "spacing_loss",
]
