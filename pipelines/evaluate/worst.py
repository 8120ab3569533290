"""The lines that were read worst."""

from collections.abc import Sequence
from heapq import nsmallest

import numpy as np

from models.metrics import normalized_distance
from pipelines.evaluate.recognizer import Evaluation, LineReading
from pipelines.pages.worst import WorstRow, worst_page
from pipelines.reader import media_type

SHOWN = 200
"""Lines of one source on a page."""


def worst_readings(evaluation: Evaluation, most: int = SHOWN) -> list[LineReading]:
    """The misread lines, worst first: the most different ones, and of those the ones that the model was surest of."""
    misread = [reading for reading in evaluation.readings if reading.reading != reading.truth]
    return nsmallest(most, misread, key=lambda r: (-normalized_distance(r.truth, r.reading), -r.confidence, r.row))


def worst_report(title: str, evaluations: Sequence[Evaluation]) -> str:
    """Scores, and the worst lines of every source with their pictures, as self-contained HTML."""
    summary: dict[str, float] = {}
    for evaluation in evaluations:
        prefix = f"{evaluation.source.name}: " if len(evaluations) > 1 else ""
        summary |= {prefix + name: score for name, score in evaluation.scores.as_dict().items()}
    return worst_page(title, summary, [row for evaluation in evaluations for row in _rows(evaluation)])


def _rows(evaluation: Evaluation) -> list[WorstRow]:
    worst, source = worst_readings(evaluation), evaluation.source
    lines = source.read(np.array([reading.row for reading in worst], np.int64))
    return [
        WorstRow(
            image=line.image,
            mime=media_type(line.image),
            truth=reading.truth,
            reading=reading.reading,
            confidence=reading.confidence,
            source=f"{source.name}, {reading.key}",
        )
        for line, reading in zip(lines, worst, strict=True)
    ]
