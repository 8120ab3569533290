"""Networks and losses, in torch alone."""

from models.batch import DetectionBatch, RecognitionBatch, normalise, standardise
from models.ctc import BLANK, CTCCodec, Reading, ctc_loss, ctc_losses
from models.db.boxes import Boxes, BoxSettings, find_boxes
from models.db.maps import DBMaps
from models.db.targets import DBTargets, TargetSettings, make_targets
from models.depthwise import DepthwiseConv2d
from models.detection_metric import DetectionScores, detection_scores, match_image
from models.detector import Detector, DetectorConfig
from models.ema import MovingAverage, warmed_up_decay
from models.lcnet import PPLCNet, time_steps
from models.metrics import RecognitionScores, recognition_scores
from models.recognizer import Recognizer, RecognizerConfig, RecognizerOutput
from models.schedule import warmed_up_cosine, warmed_up_polynomial, warmed_up_stairs
from models.spacing import spacing_loss

__all__ = [
    "BLANK",
    "BoxSettings",
    "Boxes",
    "CTCCodec",
    "DBMaps",
    "DBTargets",
    "DepthwiseConv2d",
    "DetectionBatch",
    "DetectionScores",
    "Detector",
    "DetectorConfig",
    "MovingAverage",
    "PPLCNet",
    "Reading",
    "RecognitionBatch",
    "RecognitionScores",
    "Recognizer",
    "RecognizerConfig",
    "RecognizerOutput",
    "TargetSettings",
    "ctc_loss",
    "ctc_losses",
    "detection_scores",
    "find_boxes",
    "make_targets",
    "match_image",
    "normalise",
    "recognition_scores",
    "spacing_loss",
    "standardise",
    "time_steps",
    "warmed_up_cosine",
    "warmed_up_decay",
    "warmed_up_polynomial",
    "warmed_up_stairs",
]
