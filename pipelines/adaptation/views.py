"""Readings of lines in several views: a text, its confidence, and how far the views agree."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.metrics import edit_distance
from pipelines.datasets.image import decode_image
from pipelines.datasets.source import LineSource
from pipelines.inference.predictors import TextRecognizer
from synthtext.core import Image

_CHUNK_SIZE, _BATCH_SIZE = 256, 32  # lines in memory, and views in a batch
_RESOLUTION = 0.6  # height of the reduced view, relative to the height of the network's input
_NARROW = 0.88
_CROP = 0.04  # of the height, on every side
_MIN_CROPPED = 12  # pixels; lower lines are not cropped
LONG_TEXT = 8
"""Characters from which on views of a line may differ by one edit and still agree."""


@dataclass(frozen=True)
class Reading:
    """What a recognizer reads in the views of a line.

    Attributes:
        text: The text of most views, of the unchanged one if several are as frequent.
        confidence: Mean confidence of the views with that text, 0 to 1.
        agreement: Share of the views with that text, 0 to 1.
        texts: The texts of all views; the first is that of the unchanged line.
    """

    text: str
    confidence: float
    agreement: float
    texts: tuple[str, ...]

    @property
    def is_stable(self) -> bool:
        """Whether all views agree; in texts of `LONG_TEXT` characters, most do, and the others differ by one edit."""
        if self.agreement == 1:
            return True
        is_long = len(self.text) >= LONG_TEXT and self.agreement > 0.5
        return is_long and all(edit_distance(self.text, text) <= 1 for text in self.texts)


@dataclass(frozen=True)
class Readings:
    """Readings of all lines of a source, in its order."""

    items: tuple[Reading, ...]


def make_views(image: Image, height: int) -> tuple[Image, ...]:
    """Return views of a line that do not change its text.

    Args:
        image: (H, W, 3) uint8.
        height: Of the network's input, pixels.

    Returns:
        The line; at a lower resolution; narrower; with less margin; with more margin.
    """
    rows, columns = image.shape[:2]
    scale = min(_RESOLUTION * height / rows, 1.0)
    reduced = _resize(image, scale, scale)
    narrow = _resize(image, 1.0, _NARROW)
    border = round(_CROP * rows) if rows >= _MIN_CROPPED else 0
    inner = image[border : rows - border, border : columns - border] if columns > 4 * border else image
    width = max(round(_CROP * rows), 1)
    outer = cv2.copyMakeBorder(image, *(4 * (width,)), cv2.BORDER_REPLICATE)
    return image, reduced, narrow, inner, np.asarray(outer, np.uint8)


def _resize(image: Image, vertical: float, horizontal: float) -> Image:
    size = max(round(horizontal * image.shape[1]), 1), max(round(vertical * image.shape[0]), 1)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def read_views(
    recognizer: TextRecognizer, source: LineSource, advance: Callable[[int], None] = lambda _: None
) -> Readings:
    """Read all lines of a source in all views.

    Args:
        recognizer: The recognizer.
        source: Lines whose images can be decoded; labels are not used.
        advance: Called with the number of lines that were read.

    Raises:
        InputError: An image cannot be decoded.
    """
    items: list[Reading] = []
    for start in range(0, len(source), _CHUNK_SIZE):
        lines = source.read(np.arange(start, min(start + _CHUNK_SIZE, len(source))))
        height = recognizer.preprocessing.height
        views = [make_views(decode_image(line.image, line.key), height) for line in lines]
        results = recognizer.read([view for each in views for view in each], _BATCH_SIZE)
        step = len(views[0])
        for first in range(0, len(results), step):
            found = results[first : first + step]
            items.append(combine_views([r.text for r in found], [r.confidence for r in found]))
        advance(len(lines))
    return Readings(tuple(items))


def combine_views(texts: Sequence[str], confidences: Sequence[float]) -> Reading:
    """Combine the texts and confidences of the views of one line; the first view is the unchanged line."""
    counts = Counter(texts)
    text = max(counts, key=lambda each: (counts[each], each == texts[0], each))
    same = [confidence for other, confidence in zip(texts, confidences, strict=True) if other == text]
    return Reading(text, float(np.clip(np.mean(same), 0, 1)), counts[text] / len(texts), tuple(texts))
