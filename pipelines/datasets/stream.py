"""The stream of recognition batches: batch k is a pure function of (data, seed, k)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from models.batch import RecognitionBatch
from models.ctc import CTCCodec
from pipelines.datasets.loader import collate_encoded
from pipelines.datasets.order import Mixture, SequentialRows, ShuffledRows
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.selection import Selection
from pipelines.datasets.source import ConcatenatedLines, EncodedLine
from synthtext.core import InputError

BUCKET_BATCHES = 32
"""Batches in a window, whose lines are sorted by width together."""


@dataclass(eq=False)
class RecognitionStream(Dataset[RecognitionBatch]):
    """An endless sequence of batches, accessible by index in any order.

    The lines of the next `BUCKET_BATCHES` batches are drawn from the sources by weight, sorted by resized width, cut
    into batches, and the batches are shuffled. A batch so holds lines of similar width, and needs little padding.

    Attributes:
        selections: The usable lines of every source.
        weights: Of the sources: shares of lines, in any unit, above 0.
        codec: Encodes the labels.
        preprocessing: Resizes and pads the images.
        batch_size: Lines in a batch.
        seed: From 0 to 2**32 - 1.
        sequential: Indices of the sources whose lines are read in order; the others are shuffled.

    Raises:
        InputError: There is no source, or a weight or size is invalid.
    """

    selections: Sequence[Selection]
    weights: Sequence[float]
    codec: CTCCodec
    preprocessing: RecognizerPreprocessing
    batch_size: int
    seed: int
    sequential: Collection[int] = ()
    _lines: ConcatenatedLines = field(init=False, repr=False)
    _mixture: Mixture = field(init=False, repr=False)
    _window: tuple[int, NDArray[np.int64]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.selections or len(self.selections) != len(self.weights):
            raise InputError("training needs at least one source of data, and a weight for each")
        invalid = [weight for weight in self.weights if not 0 < weight < float("inf")]
        if invalid or self.batch_size < 1:
            raise InputError(f"a weight and a batch size must be above 0, not {(*invalid, self.batch_size)[0]}")
        self._lines = ConcatenatedLines("", tuple(selection.source for selection in self.selections))
        orders = [
            SequentialRows(selection.rows)
            if number in self.sequential
            else ShuffledRows(selection.rows, selection.source.group_offsets, self.seed, number)
            for number, selection in enumerate(self.selections)
        ]
        self._mixture = Mixture(orders, self.weights)
        self._window = (-1, np.zeros((0, 0), np.int64))

    def __getitem__(self, step: int) -> RecognitionBatch:
        """Return the batch of a step, counted from 0.

        Raises:
            InputError: An image is missing or broken; the message names it.
        """
        number, position = divmod(step, BUCKET_BATCHES)
        if self._window[0] != number:
            self._window = (number, self._plan(number))
        return self._batch(self._lines.read(self._window[1][position]))

    def _plan(self, number: int) -> NDArray[np.int64]:
        """Return the rows (BUCKET_BATCHES, batch_size) of a window; rows are counted through all sources."""
        size = BUCKET_BATCHES * self.batch_size
        taken = self._mixture.take(number * size, (number + 1) * size)
        rng = np.random.default_rng([self.seed, len(self.selections), number])
        order = rng.permutation(size)  # lines of the same width are in random order
        widths = np.concatenate(
            [s.widths[np.searchsorted(s.rows, t)] for s, t in zip(self.selections, taken, strict=True)]
        )
        order = order[np.argsort(self.preprocessing.batch_width(widths[order].astype(np.int64)), kind="stable")]
        rows = np.concatenate([start + part for start, part in zip(self._lines.part_offsets, taken, strict=False)])
        return np.asarray(rng.permutation(rows[order].reshape(BUCKET_BATCHES, self.batch_size)), np.int64)

    def _batch(self, lines: list[EncodedLine]) -> RecognitionBatch:
        texts = tuple(self.codec.charset.fold(line.text) for line in lines)
        keys = tuple(line.key for line in lines)
        return RecognitionBatch(*collate_encoded(lines, self.preprocessing), *self.codec.encode(texts), keys, texts)
