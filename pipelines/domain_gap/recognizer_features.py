"""Features of lines in the backbone of a recognizer."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray

from models.batch import normalise
from models.recognizer import Recognizer
from pipelines.datasets.image import decode_image
from pipelines.datasets.preprocessing import RecognizerPreprocessing
from pipelines.inference.onnx_import import import_onnx
from pipelines.inference.predictors import batches_by_width
from pipelines.inference.published import RECOGNIZER_FILE, published_file
from pipelines.inference.run import RecognizerRun
from synthtext.core.ctc import STEP_WIDTH

PUBLISHED = "published"
"""Name of the published recognizer."""

_BATCH_SIZE = 16  # lines
_DIMENSIONS = 32  # that are kept of all features


def open_backbone(name: str) -> tuple[Recognizer, RecognizerPreprocessing]:
    """Open a recognizer: a run directory, an ONNX file of PP-OCRv2's architecture, or `PUBLISHED`.

    Raises:
        InputError: There is no such recognizer, or it has another architecture.
    """
    path = published_file(RECOGNIZER_FILE) if name == PUBLISHED else Path(name)
    if path.suffix.lower() != ".onnx":
        run = RecognizerRun.open(path)
        return run.load_model(), run.preprocessing
    with TemporaryDirectory() as folder:
        import_onnx(path, "recognizer", Path(folder), log=lambda _: None)
        run = RecognizerRun.open(Path(folder))
        return run.load_model(), run.preprocessing


def backbone_features(
    model: Recognizer,
    preprocessing: RecognizerPreprocessing,
    images: Sequence[bytes],
    advance: Callable[[int], None] = lambda _: None,
) -> NDArray[np.float64]:
    """Compute mean and standard deviation over the time steps of the output of the backbone.

    Args:
        model: The recognizer, in evaluation mode.
        preprocessing: How a line becomes its input.
        images: N encoded lines.
        advance: Called with the number of lines after every batch.

    Returns:
        (N, 2 * channels) float64.
    """
    lines = [preprocessing.resize(decode_image(data, "")) for data in images]
    widths = np.fromiter((line.shape[1] for line in lines), np.int64, len(lines))
    features = np.zeros((len(lines), 2 * model.backbone.channels))
    for rows in batches_by_width(widths, preprocessing, _BATCH_SIZE):
        batch, valid = preprocessing.pad([lines[row] for row in rows])
        with torch.inference_mode():
            pixels = torch.from_numpy(batch).permute(0, 3, 1, 2)
            maps = model.backbone(normalise(pixels, torch.from_numpy(valid)))[:, :, 0].numpy()
        for row, steps, width in zip(rows.tolist(), maps, valid.tolist(), strict=True):
            filled = steps[:, : max(-(-width // STEP_WIDTH), 1)]
            features[row] = np.concatenate([filled.mean(axis=1), filled.std(axis=1)])
        advance(len(rows))
    return features


def reduce_features(
    real: NDArray[np.float64], drawn: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project features (N, D) and (M, D) on the first principal components of both together."""
    both = np.concatenate([real, drawn])
    centred = (both - both.mean(axis=0)) / np.maximum(both.std(axis=0), 1e-6)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    projected = centred @ axes[:_DIMENSIONS].T
    return projected[: len(real)], projected[len(real) :]
