"""How good a trained network is on labelled data."""

from pipelines.evaluate.recognizer import Evaluation, LineReading, Precision, evaluate_recognizer
from pipelines.evaluate.worst import worst_readings, worst_report

__all__ = ["Evaluation", "LineReading", "Precision", "evaluate_recognizer", "worst_readings", "worst_report"]
