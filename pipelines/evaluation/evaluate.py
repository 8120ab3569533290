"""Evaluation of a model on a dataset, both given by their paths."""

from pathlib import Path

from pipelines.datasets.open import open_line_source, open_scene_source
from pipelines.evaluation.detector import DetectorEvaluation, evaluate_detector
from pipelines.evaluation.recognizer import RecognizerEvaluation, evaluate_recognizer
from pipelines.inference.resolve import open_detector, open_recognizer, resolve_model


def evaluate(model: str | Path, data: str | Path) -> RecognizerEvaluation | DetectorEvaluation:
    """Evaluate a recognizer on labelled lines, or a detector on labelled scenes.

    Args:
        model: A run directory or an ONNX file.
        data: A dataset that `open_dataset` opens: of lines for a recognizer, of scenes for a detector.

    Returns:
        The scores and the single results.

    Raises:
        InputError: One of the two cannot be opened, or the data are of the other kind.

    Examples:
        >>> from pipelines import evaluate
        >>> scores = evaluate("runs/digits", "data/digits-val").scores
        >>> scores.samples, 0 <= scores.accuracy <= 1
        (16, True)
    """
    opened = resolve_model(model)
    if opened.kind == "detector":
        return evaluate_detector(open_detector(opened), open_scene_source(data))
    return evaluate_recognizer(open_recognizer(opened), open_line_source(data))
