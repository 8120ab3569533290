"""Which lines of a source a recognizer can learn from, and why the others are left out."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from models.backbones.lcnet import PPLCNet
from models.ctc import CTCCodec
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.source import ConcatenatedLines, LineSource
from pipelines.errors import format_counts
from synthtext.core import InputError

EMPTY_LABEL = "empty label"
OUTSIDE_CHARSET = "character outside the charset"
TOO_FEW_TIME_STEPS = "label longer than the time steps of its picture"
TOO_WIDE = "picture wider than the limit"

_BATCH_SIZE = 4096  # lines that are looked at together: objects of Python take six times the memory of what stays


@dataclass(frozen=True)
class DiscardedLines:
    """Lines that are left out.

    Attributes:
        total: lines that were looked at.
        reasons: how many are left out for which reason.
    """

    total: int
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many are left out."""
        return sum(self.reasons.values())

    def __str__(self) -> str:
        listed = format_counts(self.reasons)
        return f"{self.count:,} of {self.total:,} lines left out" + (f": {listed}" if listed else "")


@dataclass(frozen=True, eq=False)
class Selection:
    """The usable lines of a source.

    Attributes:
        source: which they are from.
        rows: (n,) int64, rising.
        widths: (n,) int32, of the pictures when resized, pixels.
        discards: the others.
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
    """Find the lines that can be learnt from; reads all labels and sizes, and decodes no picture.

    Args:
        source: where the lines are.
        codec: writes the labels.
        preprocessing: says how wide a picture becomes.
        max_width: resized pictures wider than this are left out, so that one strip does not take all memory; pixels.
        time_steps: the number of time steps of the network for an image of a width, see `RecognizerBackbone`.

    Raises:
        InputError: not one line is left; the sentence says why.
    """
    widths = _resized(source, preprocessing)
    texts, rows, count, reasons = source.texts(), np.empty(len(widths), np.int64), 0, Counter[str]()
    for first in range(0, len(widths), _BATCH_SIZE):
        chunk = widths[first : first + _BATCH_SIZE]
        steps = _steps(preprocessing.batch_width(chunk.astype(np.int64)), time_steps)
        misfits = [
            TOO_WIDE if width > max_width else _misfit(text, codec, step)
            for text, width, step in zip(islice(texts, len(chunk)), chunk.tolist(), steps.tolist(), strict=True)
        ]
        usable = np.flatnonzero([misfit is None for misfit in misfits])
        reasons.update(misfit for misfit in misfits if misfit)
        rows[count : count + len(usable)] = first + usable
        widths[count : count + len(usable)] = chunk[usable]  # over those that were looked at
        count += len(usable)
    discards = DiscardedLines(len(widths), dict(reasons.most_common()))
    if not count:
        raise InputError(f"{source.name} has no line to learn from: {discards}")
    for array in (rows, widths):
        array.resize(count, refcheck=False)  # gives the rest back without a copy
    return Selection(source, rows, widths, discards)


def _resized(source: LineSource, preprocessing: RecognizerPreprocessing) -> NDArray[np.int32]:
    """(N,) widths of the pictures when resized, pixels; the sizes of one part at a time are in memory."""
    found, begin = np.empty(len(source), np.int32), 0
    for part in source.parts if isinstance(source, ConcatenatedLines) else (source,):
        sizes = part.sizes()
        for first in range(0, len(part), _BATCH_SIZE):
            width, height = sizes[first : first + _BATCH_SIZE].T
            resized = preprocessing.resized_width(width, height)
            found[begin : begin + len(resized)] = np.minimum(resized, np.iinfo(np.int32).max)
            begin += len(resized)
    return found


def _steps(widths: NDArray[np.int64], time_steps: Callable[[int], int]) -> NDArray[np.int64]:
    shapes, which = np.unique(widths, return_inverse=True)
    return np.array([time_steps(width) for width in shapes.tolist()], np.int64)[which]


def _misfit(text: str, codec: CTCCodec, steps: int) -> str | None:
    folded = codec.charset.fold(text)
    if not folded:
        return EMPTY_LABEL
    if not codec.charset.covers(folded):
        return OUTSIDE_CHARSET
    if 2 * len(folded) > steps and codec.required_steps(folded) > steps:
        return TOO_FEW_TIME_STEPS
    return None
