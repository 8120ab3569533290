"""The selection of the lines of a source that a recognizer can learn from."""

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
TOO_FEW_TIME_STEPS = "label longer than the time steps of its image"
TOO_WIDE = "image wider than the limit"

_BATCH_SIZE = 4096  # lines that are checked together: Python objects take six times the memory of the result


@dataclass(frozen=True)
class DiscardedLines:
    """The lines of a source that are left out.

    Attributes:
        total: All lines of the source.
        reasons: Number of lines that are left out, by reason.
    """

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
    widths = _resized_widths(source, preprocessing)
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
        raise InputError(f"{source.name} has no line to learn from: {discards}")
    for array in (rows, widths):
        array.resize(count, refcheck=False)  # frees the rest without a copy
    return Selection(source, rows, widths, discards)


def _resized_widths(source: LineSource, preprocessing: RecognizerPreprocessing) -> NDArray[np.int32]:
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
