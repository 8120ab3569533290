"""A detector that is ready to read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.batch import normalise
from models.ctc import CTCCodec, RecognitionResult
from models.db.boxes import Boxes, PostprocessSettings, find_boxes
from pipelines.datasets.preprocessing import DetectorPreprocessing, RecognizerPreprocessing
from pipelines.inference.engine import Engine
from synthtext.core import Charset, Image, InputError


@dataclass(frozen=True)
class TextDetector:
    """A detector, what it wants, and how its maps become boxes.

    Attributes:
        engine: runs it.
        preprocessing: of its input.
        boxes: what counts as a text in its map.
    """

    engine: Engine
    preprocessing: DetectorPreprocessing
    boxes: PostprocessSettings

    def with_input_limits(self, min_side: int | None = None, max_side: int | None = None) -> "TextDetector":
        """The same for pictures of another size, see `DetectorPreprocessing`; without any, itself.

        Raises:
            InputError: both sides are given.
        """
        if min_side is not None and max_side is not None:
            raise InputError("give a detector either a least shorter side or a greatest longer side, not both")
        if min_side is not None:
            return replace(self, preprocessing=replace(self.preprocessing, limit_side_len=min_side, limit_type="min"))
        if max_side is not None:
            return replace(self, preprocessing=replace(self.preprocessing, limit_side_len=max_side, limit_type="max"))
        return self

    def probability_map(self, image: Image) -> NDArray[np.float32]:
        """The probability map (h, w) of a picture (H, W, 3) uint8 RGB, at the size of the input."""
        maps: NDArray[np.float32] = self.engine(torch.from_numpy(self.preprocessing.prepare(image)))[0].numpy()
        return maps

    def detect(self, image: Image) -> Boxes:
        """Texts in a picture (H, W, 3) uint8 RGB, in its pixels."""
        return find_boxes(self.probability_map(image), self.boxes, (image.shape[1], image.shape[0]))


MAX_BATCH_COLUMNS = 2**16
"""Most columns of pixels in a batch: wide lines come in smaller batches."""

DEFAULT_BATCH_SIZE = 6
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

    def read_batch(self, images: Tensor, widths: Tensor) -> list[RecognitionResult]:
        """Read one batch.

        Args:
            images: (B, 3, H, W) uint8, padded, in the order of colours of the preprocessing.
            widths: (B,) int32, valid columns.
        """
        return self.codec.decode_probabilities(self.engine(normalise(images, widths)))

    def read(
        self,
        lines: Sequence[Image],
        batch_size: int = DEFAULT_BATCH_SIZE,
        advance: Callable[[int], None] = lambda _: None,
    ) -> list[RecognitionResult]:
        """Read pictures of lines, in batches of like width; a long line is widened, not squashed.

        Args:
            lines: each (H, W, 3) uint8 RGB.
            batch_size: most lines in a batch.
            advance: is told after every batch how many lines were read.
        """
        resized = [self.preprocessing.resize(line) for line in lines]
        widths = np.fromiter((line.shape[1] for line in resized), np.int64, len(resized))
        readings = [RecognitionResult("", 0.0)] * len(lines)
        for rows in batches_by_width(widths, self.preprocessing, batch_size):
            batch, valid = self.preprocessing.pad([resized[row] for row in rows])
            images = torch.from_numpy(batch).permute(0, 3, 1, 2)
            for row, reading in zip(rows, self.read_batch(images, torch.from_numpy(valid)), strict=True):
                readings[row] = reading
            advance(len(rows))
        return readings


def batches_by_width(
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
        fits = (
            padded[start : start + batch_size] * np.arange(1, min(batch_size, len(order) - start) + 1)
            <= MAX_BATCH_COLUMNS
        )
        stop = start + max(int(fits.sum()), 1)
        yield order[start:stop]
        start = stop
