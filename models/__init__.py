"""Networks and losses, in torch alone."""

from models.backbones.base import DETECTOR_BACKBONES, RECOGNIZER_BACKBONES
from models.backbones.lcnet import PPLCNet
from models.batch import DetectionBatch, RecognitionBatch, normalise, standardise
from models.ctc import BLANK, CTCCodec, RecognitionResult, ctc_loss, ctc_losses
from models.db.boxes import Boxes, PostprocessSettings, find_boxes
from models.db.maps import DBMaps
from models.db.targets import DBTargets, TargetSettings, make_targets
from models.depthwise import DepthwiseConv2d
from models.detection_metric import DetectionScores, count_matches, detection_scores
from models.detector import Detector, DetectorConfig
from models.ema import ExponentialMovingAverage, ema_decay_with_warmup
from models.losses import DETECTOR_LOSSES, RECOGNIZER_LOSSES, LossTerm, spacing_loss
from models.metrics import RecognitionScores, recognition_scores
from models.necks.base import DETECTOR_NECKS, RECOGNIZER_NECKS
from models.recognizer import Recognizer, RecognizerConfig, RecognizerOutput
from models.schedule import cosine_with_warmup, piecewise_with_warmup, polynomial_with_warmup

__all__ = [
    "BLANK",
    "DETECTOR_BACKBONES",
    "DETECTOR_LOSSES",
    "DETECTOR_NECKS",
    "RECOGNIZER_BACKBONES",
    "RECOGNIZER_LOSSES",
    "RECOGNIZER_NECKS",
    "Boxes",
    "CTCCodec",
    "DBMaps",
    "DBTargets",
    "DepthwiseConv2d",
    "DetectionBatch",
    "DetectionScores",
    "Detector",
    "DetectorConfig",
    "ExponentialMovingAverage",
    "LossTerm",
    "PPLCNet",
    "PostprocessSettings",
    "RecognitionBatch",
    "RecognitionResult",
    "RecognitionScores",
    "Recognizer",
    "RecognizerConfig",
    "RecognizerOutput",
    "TargetSettings",
    "cosine_with_warmup",
    "count_matches",
    "ctc_loss",
    "ctc_losses",
    "detection_scores",
    "ema_decay_with_warmup",
    "find_boxes",
    "make_targets",
    "normalise",
    "piecewise_with_warmup",
    "polynomial_with_warmup",
    "recognition_scores",
    "spacing_loss",
    "standardise",
]
