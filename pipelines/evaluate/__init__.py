"""How good a trained network is on labelled data."""

from pipelines.evaluate.detector import DetectorEvaluation, evaluate_detector
from pipelines.evaluate.recognizer import Evaluation, LineReading, evaluate_recognizer
from pipelines.evaluate.thresholds import ThresholdScores, sweep_thresholds
from pipelines.evaluate.worst import worst_readings, worst_report

__all__ = [
    "DetectorEvaluation",
    "Evaluation",
    "LineReading",
    "ThresholdScores",
    "evaluate_detector",
    "evaluate_recognizer",
    "sweep_thresholds",
    "worst_readings",
    "worst_report",
]
