"""Predictors: a detector and a recognizer with their preprocessing and postprocessing."""

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
    """Finds the texts in an image: prepares it, runs a network, and finds boxes in the probability map."""

    engine: Engine
    preprocessing: DetectorPreprocessing
    postprocessing: PostprocessSettings

    def with_input_limits(self, min_side: int | None = None, max_side: int | None = None) -> "TextDetector":
        """Return the same detector with another limit on the input size, see `DetectorPreprocessing`.

        Args:
            min_side: enlarge images whose shorter side is below it, pixels.
            max_side: shrink images whose longer side is above it, pixels.

        Raises:
            InputError: both limits are given.
        """
        if min_side is not None and max_side is not None:
            raise InputError("a detector takes a minimum of the shorter side or a maximum of the longer side, not both")
        if min_side is not None:
            return replace(self, preprocessing=replace(self.preprocessing, limit_side_len=min_side, limit_type="min"))
        if max_side is not None:
            return replace(self, preprocessing=replace(self.preprocessing, limit_side_len=max_side, limit_type="max"))
        return self

    def with_postprocessing(
        self, threshold: float | None = None, box_threshold: float | None = None, unclip_ratio: float | None = None
    ) -> "TextDetector":
        """Return the same detector with other thresholds, see `PostprocessSettings`; None: unchanged.

        Raises:
            InputError: a value is out of range.
        """
        settings = {"threshold": threshold, "box_threshold": box_threshold, "unclip_ratio": unclip_ratio}
        changed = {name: value for name, value in settings.items() if value is not None}
        return replace(self, postprocessing=replace(self.postprocessing, **changed))  # type: ignore[arg-type]

    def probability_map(self, image: Image) -> NDArray[np.float32]:
        """Return the probability map (h, w) of an image (H, W, 3) uint8 RGB, in the size of the network's input."""
        maps: NDArray[np.float32] = self.engine(torch.from_numpy(self.preprocessing.prepare(image)))[0].numpy()
        return maps

    def detect(self, image: Image) -> Boxes:
        """Return the texts in an image (H, W, 3) uint8 RGB, in its pixels."""
        return find_boxes(self.probability_map(image), self.postprocessing, (image.shape[1], image.shape[0]))


MAX_BATCH_COLUMNS = 2**16
"""Maximum of the columns of pixels in a batch: wide lines come in smaller batches."""

DEFAULT_BATCH_SIZE = 6
"""Lines in a batch of `TextRecognizer.read`: on a CPU more lines only take more memory."""


@dataclass(frozen=True)
class TextRecognizer:
    """Reads images of lines: prepares them, runs a network, and decodes its output with a charset."""

    engine: Engine
    charset: Charset
    preprocessing: RecognizerPreprocessing

    @cached_property
    def codec(self) -> CTCCodec:
        """Decodes the network's output."""
        return CTCCodec(self.charset)

    def read_batch(self, images: Tensor, widths: Tensor) -> list[RecognitionResult]:
        """Read one batch of preprocessed lines.

        Args:
            images: (B, 3, H, W) uint8, padded, with the channel order of the preprocessing.
            widths: (B,) int32, valid columns.
        """
        return self.codec.decode_probabilities(self.engine(normalise(images, widths)))

    def read(
        self,
        lines: Sequence[Image],
        batch_size: int = DEFAULT_BATCH_SIZE,
        advance: Callable[[int], None] = lambda _: None,
    ) -> list[RecognitionResult]:
        """Read images of lines in batches of similar width. Long lines keep their aspect ratio.

        Args:
            lines: each (H, W, 3) uint8 RGB.
            batch_size: maximum of the lines in a batch.
            advance: called with the number of lines after every batch.

        Returns:
            One result per line, in the order of `lines`.
        """
        resized = [self.preprocessing.resize(line) for line in lines]
        widths = np.fromiter((line.shape[1] for line in resized), np.int64, len(resized))
        results = [RecognitionResult("", 0.0)] * len(lines)
        for rows in batches_by_width(widths, self.preprocessing, batch_size):
            batch, valid = self.preprocessing.pad([resized[row] for row in rows])
            images = torch.from_numpy(batch).permute(0, 3, 1, 2)
            for row, result in zip(rows, self.read_batch(images, torch.from_numpy(valid)), strict=True):
                results[row] = result
            advance(len(rows))
        return results


def batches_by_width(
    widths: NDArray[np.int64], preprocessing: RecognizerPreprocessing, batch_size: int
) -> Iterator[NDArray[np.int64]]:
    """Split resized lines of given widths (N,) into batches of similar width, of at most `MAX_BATCH_COLUMNS` columns.

    Yields:
        Indices of the lines of a batch.
    """
    order = np.argsort(widths, kind="stable")
    padded = preprocessing.batch_width(widths[order])
    start = 0
    while start < len(order):
        counts = np.arange(1, min(batch_size, len(order) - start) + 1)
        # The last line of a batch is its widest.
        fits = padded[start : start + batch_size] * counts <= MAX_BATCH_COLUMNS
        stop = start + max(int(fits.sum()), 1)
        yield order[start:stop]
        start = stop
