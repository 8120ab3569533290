"""The lines of sources that a recognizer can learn from, and the stream of their batches."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from models.backbones.lcnet import PPLCNet
from models.batch import RecognitionBatch
from models.ctc import CTCCodec
from pipelines.datasets.loader import collate_encoded
from pipelines.datasets.order import Mixture, SequentialRows, ShuffledRows
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.source import ConcatenatedLines, LineSource
from pipelines.errors import format_counts
from synthtext.core import InputError

EMPTY_LABEL = "empty label"
OUTSIDE_CHARSET = "character outside the charset"
TOO_FEW_TIME_STEPS = "label longer than the time steps of its image"
TOO_WIDE = "image wider than the limit"

BUCKET_BATCHES = 32
"""Batches in a window, whose lines are sorted by width together."""

_BATCH_SIZE = 4096  # lines that are checked together: Python objects take six times the memory of the result


@dataclass(frozen=True)
class DiscardedLines:
    """The number of all lines of a source, and of those that are left out, by reason."""

    total: int
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The number of lines that are left out."""
        return sum(self.reasons.values())

    def __str__(self) -> str:
        reasons = format_counts(self.reasons)
        return f"{self.count:,} of {self.total:,} lines left out" + (f": {reasons}" if reasons else "")


@dataclass(frozen=True, eq=False)
class Selection:
    """The usable lines of a source.

    Attributes:
        source: The source.
        rows: (n,) int64, ascending.
        widths: (n,) int32, of the resized images, pixels.
        discards: The lines that are left out.
    """

    source: LineSource
    rows: NDArray[np.int64]
    widths: NDArray[np.int32]
    discards: DiscardedLines


def select_lines(
    source: LineSource,
    codec: CTCCodec,
    preprocessing: RecognizerPreprocessing,
    max_width: int = 1280,
    time_steps: Callable[[int], int] = PPLCNet.time_steps,
) -> Selection:
    """Select the lines that a recognizer can learn from; reads all labels and sizes, and decodes no image.

    Args:
        source: The lines.
        codec: Encodes the labels.
        preprocessing: Tells the width of resized images.
        max_width: Lines whose resized image is wider are left out, as one of them would widen a whole batch; pixels.
        time_steps: The number of time steps of the network for an image of a width, see `RecognizerBackbone`.

    Raises:
        InputError: No line is left; the message gives the reasons.
    """
    widths = resized_widths(source, preprocessing)
    texts, rows, count, reasons = source.texts(), np.empty(len(widths), np.int64), 0, Counter[str]()
    for first in range(0, len(widths), _BATCH_SIZE):
        chunk = widths[first : first + _BATCH_SIZE]
        padded = preprocessing.batch_width(chunk.astype(np.int64)).tolist()
        steps = {width: time_steps(width) for width in {*padded}}
        problems = [
            TOO_WIDE if width > max_width else _check_label(text, codec, steps[batch_width])
            for text, width, batch_width in zip(islice(texts, len(chunk)), chunk.tolist(), padded, strict=True)
        ]
        usable = np.flatnonzero([problem is None for problem in problems])
        reasons.update(problem for problem in problems if problem)
        rows[count : count + len(usable)] = first + usable
        widths[count : count + len(usable)] = chunk[usable]  # overwrites widths that are already checked
        count += len(usable)
    discards = DiscardedLines(len(widths), dict(reasons.most_common()))
    if not count:
        hint = "; charset=data is the charset of all characters in the data" if OUTSIDE_CHARSET in reasons else ""
        raise InputError(f"{source.name} has no line to learn from: {discards}{hint}")
    for array in (rows, widths):
        array.resize(count, refcheck=False)  # frees the rest without a copy
    return Selection(source, rows, widths, discards)


def resized_widths(source: LineSource, preprocessing: RecognizerPreprocessing) -> NDArray[np.int32]:
    """Return the (N,) widths of the resized images, pixels; holds the sizes of one part at a time."""
    widths, offset = np.empty(len(source), np.int32), 0
    for part in source.parts if isinstance(source, ConcatenatedLines) else (source,):
        sizes = part.sizes()
        for first in range(0, len(part), _BATCH_SIZE):
            width, height = sizes[first : first + _BATCH_SIZE].T
            resized = preprocessing.resized_width(width, height)
            widths[offset : offset + len(resized)] = np.minimum(resized, np.iinfo(np.int32).max)
            offset += len(resized)
    return widths


def _check_label(text: str, codec: CTCCodec, steps: int) -> str | None:
    """Return the reason why a label cannot be learnt from; None if it can."""
    folded = codec.charset.fold(text)
    if not folded:
        return EMPTY_LABEL
    if not codec.charset.covers(folded):
        return OUTSIDE_CHARSET
    if 2 * len(folded) > steps and codec.required_steps(folded) > steps:
        return TOO_FEW_TIME_STEPS
    return None


@dataclass(eq=False)
class RecognitionStream(Dataset[RecognitionBatch]):
    """An endless sequence of batches, accessible by index in any order: batch k is a pure function of (data, seed, k).

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
        """Return the batch of a step, counted from 0; raises InputError if an image is missing or broken."""
        number, position = divmod(step, BUCKET_BATCHES)
        if self._window[0] != number:
            self._window = (number, self._plan(number))
        lines = self._lines.read(self._window[1][position])
        texts = tuple(self.codec.charset.fold(line.text) for line in lines)
        keys = tuple(line.key for line in lines)
        return RecognitionBatch(*collate_encoded(lines, self.preprocessing), *self.codec.encode(texts), keys, texts)

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
