"""The lines that were read worst."""

from heapq import nsmallest

import numpy as np

from models.metrics import normalized_distance
from pipelines.evaluate.recognizer import Evaluation, LineReading
from pipelines.pages.worst import WorstRow
from pipelines.reader import media_type

SHOWN = 200
"""Lines of one source on a page."""


def worst_readings(evaluation: Evaluation, most: int = SHOWN) -> list[LineReading]:
    """The misread lines, worst first: the most different ones, and of those the ones that the model was surest of."""
    misread = [reading for reading in evaluation.readings if reading.reading != reading.truth]
    return nsmallest(most, misread, key=lambda r: (-normalized_distance(r.truth, r.reading), -r.confidence, r.row))


def worst_rows(evaluation: Evaluation) -> list[WorstRow]:
    """These lines with their pictures."""
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
