"""Networks and losses, in torch alone."""

from models.batch import RecognitionBatch, normalise
from models.ctc import BLANK, CTCCodec, Reading, ctc_loss
from models.depthwise import DepthwiseConv2d
from models.ema import MovingAverage, warmed_up_decay
from models.lcnet import PPLCNet, time_steps
from models.metrics import RecognitionScores, recognition_scores
from models.recognizer import Recognizer, RecognizerConfig, RecognizerOutput
from models.schedule import warmed_up_cosine
from models.spacing import spacing_loss

__all__ = [
    "BLANK",
    "CTCCodec",
    "DepthwiseConv2d",
    "MovingAverage",
    "PPLCNet",
    "Reading",
    "RecognitionBatch",
    "RecognitionScores",
    "Recognizer",
    "RecognizerConfig",
    "RecognizerOutput",
    "ctc_loss",
    "normalise",
    "recognition_scores",
    "spacing_loss",
    "time_steps",
    "warmed_up_cosine",
    "warmed_up_decay",
]
