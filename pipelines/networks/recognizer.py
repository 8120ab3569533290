"""A recognizer that is ready to read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.batch import normalise
from models.ctc import CTCCodec, Reading
from pipelines.networks.engine import Engine
from pipelines.preprocessing import RecognizerPreprocessing
from synthtext.core import Charset, Image

COLUMNS = 2**16
"""Most columns of pixels in a batch: wide lines come in smaller batches."""

BATCH = 6
"""Lines read at once: on a CPU more only cost memory."""


@dataclass(frozen=True)
class TextRecognizer:
    """A recognizer, what it knows, and what it wants.

    Attributes:
        engine: runs it.
        charset: its characters.
        preprocessing: of its input.
    """

    engine: Engine
    charset: Charset
    preprocessing: RecognizerPreprocessing

    @cached_property
    def codec(self) -> CTCCodec:
        """Spells what the network says."""
        return CTCCodec(self.charset)

    def read_batch(self, images: Tensor, widths: Tensor) -> list[Reading]:
        """Read one batch.

        Args:
            images: (B, 3, H, W) uint8, padded, in the order of colours of the preprocessing.
            widths: (B,) int32, valid columns.
        """
        return self.codec.decode_probabilities(self.engine(normalise(images, widths)))

    def read(
        self, lines: Sequence[Image], batch_size: int = BATCH, advance: Callable[[int], None] = lambda _: None
    ) -> list[Reading]:
        """Read pictures of lines, in batches of like width; a long line is widened, not squashed.

        Args:
            lines: each (H, W, 3) uint8 RGB.
            batch_size: most lines in a batch.
            advance: is told after every batch how many lines were read.
        """
        resized = [self.preprocessing.resize(line) for line in lines]
        widths = np.fromiter((line.shape[1] for line in resized), np.int64, len(resized))
        readings = [Reading("", 0.0)] * len(lines)
        for rows in width_batches(widths, self.preprocessing, batch_size):
            batch, valid = self.preprocessing.pad([resized[row] for row in rows])
            images = torch.from_numpy(batch).permute(0, 3, 1, 2)
            for row, reading in zip(rows, self.read_batch(images, torch.from_numpy(valid)), strict=True):
                readings[row] = reading
            advance(len(rows))
        return readings


def width_batches(
    widths: NDArray[np.int64], preprocessing: RecognizerPreprocessing, batch_size: int
) -> Iterator[NDArray[np.int64]]:
    """Lines in order of width, cut so that no batch has more than `COLUMNS` columns.

    Args:
        widths: (N,) of the resized lines, pixels.
        preprocessing: says how wide a batch is.
        batch_size: most lines in a batch.

    Yields:
        Indices of the lines of a batch.
    """
    order = np.argsort(widths, kind="stable")
    padded = preprocessing.batch_width(widths[order])
    start = 0
    while start < len(order):
        # The last line of a batch is its widest.
        fits = padded[start : start + batch_size] * np.arange(1, min(batch_size, len(order) - start) + 1) <= COLUMNS
        stop = start + max(int(fits.sum()), 1)
        yield order[start:stop]
        start = stop
