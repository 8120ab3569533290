"""Scores and per-sample outcomes of a network, from which the intervals of differences are computed."""

from typing import Any

from models.metrics import alphanumeric
from pipelines.datasets.open import open_line_source, open_scene_source
from pipelines.evaluation.detector import evaluate_detector
from pipelines.evaluation.recognizer import LinePrediction, evaluate_recognizer
from pipelines.inference.run import DetectorRun, Run


def score(run: Run, source: str) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the scores on a source, and its outcomes: "matches" or "alphanumeric_accuracy"."""
    if isinstance(run, DetectorRun):
        detections = evaluate_detector(run.predictor(), open_scene_source(source))
        return detections.scores.as_dict(), {"matches": [list(match) for match in detections.matches]}
    lines = evaluate_recognizer(run.predictor(), open_line_source(source))
    return lines.scores.as_dict(), {"alphanumeric_accuracy": "".join(map(_alphanumeric, lines.predictions))}


def _alphanumeric(line: LinePrediction) -> str:
    label = alphanumeric(line.label)
    return "01"[alphanumeric(line.prediction) == label] if label else "-"


def parameters(run: Run) -> int:
    """Return the number of parameters of the network."""
    return sum(parameter.numel() for parameter in run.load_model().parameters())
