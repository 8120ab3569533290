"""Lines that stand on their heads."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.networks.engine import open_session
from pipelines.published import CLASSIFIER, model_file
from synthtext.core import Image

HEIGHT, WIDTH = 48, 192
TURN_THRESHOLD = 0.9
"""Probability of 180 degrees above which a line is turned (released configuration)."""

_BATCH = 64


class UprightClassifier:
    """Tells lines that are upside down: the published classifier of 0 and 180 degrees.

    Args:
        path: of its ONNX file; None for the published one.
        threads: of onnxruntime; None: all.

    Raises:
        InputError: the published models or onnxruntime are not installed.
    """

    def __init__(self, path: Path | None = None, threads: int | None = None) -> None:
        self._session = open_session(path or model_file(CLASSIFIER), threads)
        self._input = self._session.get_inputs()[0].name

    def upside_down(self, lines: Sequence[Image]) -> NDArray[np.bool_]:
        """Which lines, each (H, W, 3) uint8 RGB, are to be turned by 180 degrees; (N,)."""
        chunks = [lines[start : start + _BATCH] for start in range(0, len(lines), _BATCH)]
        sure = [self._session.run(None, {self._input: np.stack([_prepared(x) for x in c])})[0][:, 1] for c in chunks]
        return np.concatenate([np.zeros(0, np.float32), *sure]) > TURN_THRESHOLD


def _prepared(line: Image) -> NDArray[np.float32]:
    """(3, HEIGHT, WIDTH) float32 BGR, -1 to 1, padded with 0; long lines are squashed, as the classifier learnt."""
    width = min(-(-HEIGHT * line.shape[1] // line.shape[0]), WIDTH)
    resized = cv2.resize(line, (max(width, 1), HEIGHT))[..., ::-1].astype(np.float32)
    result = np.zeros((3, HEIGHT, WIDTH), np.float32)
    result[:, :, : resized.shape[1]] = resized.transpose(2, 0, 1) / 127.5 - 1
    return result
