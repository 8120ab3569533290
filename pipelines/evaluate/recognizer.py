"""What a recognizer reads on labelled lines, and how good that is."""

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.batch import normalise
from models.ctc import CTCCodec
from models.metrics import RecognitionScores, recognition_scores
from pipelines.preprocessing import RecognizerPreprocessing
from pipelines.reader import RecognitionSource, collate

Precision: TypeAlias = Literal["fp32", "bf16"]

COLUMNS = 2**16
"""Most columns of pixels in a batch: wide lines come in smaller batches."""


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
    model: nn.Module,
    codec: CTCCodec,
    source: RecognitionSource,
    preprocessing: RecognizerPreprocessing,
    *,
    batch_size: int = 64,
    precision: Precision = "fp32",
    advance: Callable[[int], None] = lambda _: None,
) -> Evaluation:
    """Read every line of a source, in batches of like width, with the preprocessing of deployment.

    A charset without upper-case letters reads without regard to case: the truth is lowered for all scores. A truth that
    has characters outside the charset counts as misread.

    Args:
        model: gives `.logits` (B, T, classes) for images (B, 3, H, W) float32; its training mode is put back.
        codec: spells what the logits say.
        source: at least one line.
        preprocessing: as the model was trained with.
        batch_size: most lines in a batch.
        precision: bf16 computes in bfloat16 where that is safe.
        advance: is told after every batch how many lines were read.

    Raises:
        InputError: a picture is missing or broken; the sentence names it.
    """
    readings: list[LineReading] = []
    with _reading_mode(model, precision) as device:
        for rows in width_batches(source, preprocessing, batch_size):
            lines = source.read(rows)
            images, widths = collate(lines, preprocessing)
            logits = model(normalise(images.to(device), widths.to(device))).logits
            for row, line, read in zip(rows.tolist(), lines, codec.decode(logits), strict=True):
                text = unicodedata.normalize("NFC", read.text)
                readings.append(LineReading(row, line.key, codec.charset.fold(line.text), text, read.confidence))
            advance(len(rows))
    readings.sort()
    scores = recognition_scores([r.truth for r in readings], [r.reading for r in readings])
    return Evaluation(source, scores, tuple(readings))


def width_batches(
    source: RecognitionSource, preprocessing: RecognizerPreprocessing, batch_size: int
) -> Iterator[NDArray[np.int64]]:
    """Rows of a source in order of resized width, cut so that no batch has more than `COLUMNS` columns."""
    sizes = source.sizes()
    widths = preprocessing.resized_width(sizes[:, 0], sizes[:, 1])
    order = np.argsort(widths, kind="stable")
    padded = preprocessing.batch_width(widths[order])
    start = 0
    while start < len(order):
        # The last line of a batch is its widest.
        fits = padded[start : start + batch_size] * np.arange(1, min(batch_size, len(order) - start) + 1) <= COLUMNS
        stop = start + max(int(fits.sum()), 1)
        yield order[start:stop]
        start = stop


@contextmanager
def _reading_mode(model: nn.Module, precision: Precision) -> Iterator[torch.device]:
    was_training, device = model.training, next(model.parameters()).device
    model.eval()
    try:
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            yield device
    finally:
        model.train(was_training)
