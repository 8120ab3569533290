"""Readings of several views of unlabelled lines: texts, confidence, agreement, and backbone features."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.batch import normalise
from models.ctc import CTCCodec, RecognitionResult
from models.metrics import normalized_edit_distance
from models.recognizer import Recognizer
from pipelines.datasets.image import decode_image
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.datasets.source import BROKEN_IMAGE, LineSource, read_rows
from pipelines.inference.predictors import batches_by_width
from pipelines.inference.run import RecognizerRun
from synthtext.core import Image, InputError

_CHUNK_SIZE = 256  # lines in memory
_BATCH_SIZE = 32  # views
_SQUEEZE, _SHRINK = 0.88, 0.6


@dataclass(frozen=True, eq=False)
class LineReadings:
    """Readings of the M lines of a source whose images can be read.

    Attributes:
        rows: (M,) rows in the source.
        keys: Of the lines.
        texts: The reading of each unchanged image, NFC.
        confidence: (M,) of these readings, 0 to 1.
        agreement: (M,) mean similarity of the readings of the other views to these, 0 to 1.
        features: (M, C) float32, mean of the backbone's output over the columns of the line.
        left_out: Number of the other lines, by reason.
    """

    rows: NDArray[np.int64]
    keys: tuple[str, ...]
    texts: tuple[str, ...]
    confidence: NDArray[np.float64]
    agreement: NDArray[np.float64]
    features: NDArray[np.float32]
    left_out: Counter[str] = field(default_factory=Counter)


def make_views(image: Image) -> tuple[Image, Image, Image]:
    """Return an image of a line (H, W, 3) uint8, the same squeezed horizontally, and the same at a lower resolution."""
    height, width = image.shape[:2]
    squeezed = cv2.resize(image, (max(round(_SQUEEZE * width), 1), height), interpolation=cv2.INTER_AREA)
    small = (max(round(_SHRINK * width), 1), max(round(_SHRINK * height), 1))
    blurred = cv2.resize(cv2.resize(image, small, interpolation=cv2.INTER_AREA), (width, height))
    return image, np.asarray(squeezed, np.uint8), np.asarray(blurred, np.uint8)


class _Output(NamedTuple):
    result: RecognitionResult
    features: NDArray[np.float32]  # (C,)


def read_views(run: RecognizerRun, source: LineSource, advance: Callable[[int], None] = lambda _: None) -> LineReadings:
    """Read three views of every line of a source with the network of a run directory.

    Args:
        run: The run directory of a recognizer.
        source: The lines; their labels are not used.
        advance: Called with the number of lines that were read.

    Raises:
        InputError: The run has no weights yet, or not one image can be read.
    """
    network, preprocessing, codec = run.load_model(), run.preprocessing, CTCCodec(run.charset)
    rows: list[int] = []
    keys: list[str] = []
    outputs: list[Sequence[_Output]] = []
    left_out = Counter[str]()
    for start in range(0, len(source), _CHUNK_SIZE):
        chunk = np.arange(start, min(start + _CHUNK_SIZE, len(source)))
        images: list[Image] = []
        for row, key, image in _decoded(source, chunk, left_out):
            rows.append(row)
            keys.append(key)
            images.append(image)
        views = [preprocessing.resize(view) for image in images for view in make_views(image)]
        read = _run(network, codec, views, preprocessing)
        outputs += [read[first : first + 3] for first in range(0, len(read), 3)]
        advance(len(chunk))
    if not rows:
        raise InputError(f"{source.name}: not one of {len(source):,} images can be read")
    texts = tuple(unicodedata.normalize("NFC", first.result.text) for first, *_ in outputs)
    return LineReadings(
        np.array(rows, np.int64),
        tuple(keys),
        texts,
        np.array([first.result.confidence for first, *_ in outputs], np.float64).clip(0, 1),
        np.array([_agreement([view.result.text for view in views]) for views in outputs], np.float64),
        np.stack([first.features for first, *_ in outputs]),
        left_out,
    )


def _decoded(source: LineSource, rows: NDArray[np.int64], left_out: Counter[str]) -> Iterator[tuple[int, str, Image]]:
    """Yield row, key and image of the lines that can be read; the reasons of the others are counted."""
    for row, line in zip(rows.tolist(), read_rows(source, rows), strict=True):
        if isinstance(line, str):
            left_out[line] += 1
            continue
        try:
            yield row, line.key, decode_image(line.image, line.key)
        except InputError:
            left_out[BROKEN_IMAGE] += 1


def _run(
    network: Recognizer, codec: CTCCodec, views: Sequence[Image], preprocessing: RecognizerPreprocessing
) -> list[_Output]:
    """Run a network on resized lines, in batches of similar width; the outputs are in the order of the lines."""
    outputs: dict[int, _Output] = {}
    widths = np.fromiter((view.shape[1] for view in views), np.int64, len(views))
    for batch in batches_by_width(widths, preprocessing, _BATCH_SIZE):
        padded, valid = preprocessing.pad([views[index] for index in batch])
        images = normalise(torch.from_numpy(padded).permute(0, 3, 1, 2), torch.from_numpy(valid))
        with torch.inference_mode():
            output = network(images)
        results = codec.decode(output.logits)
        maps = output.backbone.float().mean(2).numpy()  # (B, C, T)
        steps = -(-valid.astype(np.int64) * maps.shape[2] // images.shape[3])
        for index, result, columns, count in zip(batch.tolist(), results, maps, steps.tolist(), strict=True):
            outputs[index] = _Output(result, columns[:, : max(count, 1)].mean(1))
    return [outputs[index] for index in range(len(views))]


def _agreement(texts: Sequence[str]) -> float:
    """Return the mean similarity of readings to the first one, 0 to 1."""
    return 1 - sum(normalized_edit_distance(texts[0], text) for text in texts[1:]) / max(len(texts) - 1, 1)
