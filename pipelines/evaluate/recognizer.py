"""What a recognizer reads on labelled lines, and how good that is."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from models.metrics import RecognitionScores, recognition_scores
from pipelines.networks.recognizer import TextRecognizer, width_batches
from pipelines.reader import RecognitionSource, collate


class LineReading(NamedTuple):
    """One line, as labelled and as read."""

    row: int  # in its source
    key: str
    truth: str  # as the charset writes it
    reading: str
    confidence: float  # 0 to 1


@dataclass(frozen=True)
class Evaluation:
    """Readings of a source, in its order, and their scores."""

    source: RecognitionSource
    scores: RecognitionScores
    readings: tuple[LineReading, ...]


def evaluate_recognizer(
    recognizer: TextRecognizer,
    source: RecognitionSource,
    *,
    batch_size: int = 64,
    advance: Callable[[int], None] = lambda _: None,
) -> Evaluation:
    """Read every line of a source, in batches of like width, with the preprocessing of deployment.

    A charset without upper-case letters reads without regard to case: the truth is lowered for all scores. A truth that
    has characters outside the charset counts as misread.

    Args:
        recognizer: reads.
        source: at least one line.
        batch_size: most lines in a batch.
        advance: is told after every batch how many lines were read.

    Raises:
        InputError: a picture is missing or broken; the sentence names it.
    """
    readings: list[LineReading] = []
    preprocessing, sizes = recognizer.preprocessing, source.sizes()
    widths = preprocessing.resized_width(sizes[:, 0], sizes[:, 1])
    for rows in width_batches(widths, preprocessing, batch_size):
        lines = source.read(rows)
        batch = recognizer.read_batch(*collate(lines, preprocessing))
        for row, line, read in zip(rows.tolist(), lines, batch, strict=True):
            text = unicodedata.normalize("NFC", read.text)
            readings.append(LineReading(row, line.key, recognizer.charset.fold(line.text), text, read.confidence))
        advance(len(rows))
    readings.sort()
    scores = recognition_scores([r.truth for r in readings], [r.reading for r in readings])
    return Evaluation(source, scores, tuple(readings))
