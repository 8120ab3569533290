"""How good a trained network is on labelled data."""

from pipelines.evaluate.detector import DetectorEvaluation, evaluate_detector
from pipelines.evaluate.detector_analysis import DetectorAnalysis, analyse_detector
from pipelines.evaluate.recognizer import Evaluation, LineReading, evaluate_recognizer
from pipelines.evaluate.reports import detector_report, detector_slices
from pipelines.evaluate.thresholds import ThresholdScores, sweep_thresholds
from pipelines.evaluate.worst import worst_readings, worst_report

__all__ = [
    "DetectorAnalysis",
    "DetectorEvaluation",
    "Evaluation",
    "LineReading",
    "ThresholdScores",
    "analyse_detector",
    "detector_report",
    "detector_slices",
    "evaluate_detector",
    "evaluate_recognizer",
    "sweep_thresholds",
    "worst_readings",
    "worst_report",
]
