"""Scores of a network, and what became of every picture or line, so that differences can be given an interval."""

from typing import Any

from models.metrics import alphanumeric
from pipelines.datasets.open import open_line_source, open_scene_source
from pipelines.evaluation.detector import evaluate_detector
from pipelines.evaluation.recognizer import LinePrediction, evaluate_recognizer
from pipelines.inference.run import Run


def score(run: Run, source: str) -> tuple[dict[str, float], dict[str, Any]]:
    """Scores on a source, and its outcomes: "matches", or "alphanumeric_accuracy"."""
    if run.kind == "detector":
        found = evaluate_detector(run.predictor(), open_scene_source(source))
        return found.scores.as_dict(), {"matches": [list(match) for match in found.matches]}
    read = evaluate_recognizer(run.predictor(), open_line_source(source))
    return read.scores.as_dict(), {"alphanumeric_accuracy": "".join(map(_alphanumeric, read.readings))}


def _alphanumeric(reading: LinePrediction) -> str:
    truth = alphanumeric(reading.truth)
    return "01"[alphanumeric(reading.prediction) == truth] if truth else "-"


def parameters(run: Run) -> int:
    """How many numbers the network has learnt."""
    network = run.load_model() if run.kind == "detector" else run.load_model()
    return sum(parameter.numel() for parameter in network.parameters())
