"""How good a trained network is on labelled data."""

from pipelines.evaluate.detector import DetectorEvaluation, evaluate_detector
from pipelines.evaluate.detector_analysis import DetectorAnalysis, analyse_detector
from pipelines.evaluate.recognizer import Evaluation, LineReading, evaluate_recognizer
from pipelines.evaluate.recognizer_analysis import RecognizerAnalysis, analyse_recognizer
from pipelines.evaluate.reports import detector_report, detector_slices, recognizer_report, recognizer_slices
from pipelines.evaluate.thresholds import ThresholdScores, sweep_thresholds
from pipelines.evaluate.worst import worst_readings

__all__ = [
    "DetectorAnalysis",
    "DetectorEvaluation",
    "Evaluation",
    "LineReading",
    "RecognizerAnalysis",
    "ThresholdScores",
    "analyse_detector",
    "analyse_recognizer",
    "detector_report",
    "detector_slices",
    "evaluate_detector",
    "evaluate_recognizer",
    "recognizer_report",
    "recognizer_slices",
    "sweep_thresholds",
    "worst_readings",
]
