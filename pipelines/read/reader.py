"""Pictures to texts: find, cut out, read, put in order."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from models.db.boxes import Boxes
from pipelines.exchange.opening import Runtime, open_detector, open_recognizer
from pipelines.networks import TextDetector, TextRecognizer
from pipelines.read.order import reading_order
from pipelines.read.page import Page, ReadLine
from pipelines.read.rectify import as_quad, rectify
from pipelines.read.upright import UprightClassifier
from pipelines.reader.picture import decode
from synthtext.core import Image, InputError

MIN_CONFIDENCE = 0.5
"""Confidence below which a text is not told (released configuration)."""


class Reader:
    """Reads all texts of a picture.

    Args:
        detector: finds them.
        recognizer: reads them.
        upright: turns lines that stand on their heads; None: they are read as they stand.
        min_confidence: of the recognizer; what is read with less, or as nothing, is left out.
    """

    def __init__(
        self,
        detector: TextDetector,
        recognizer: TextRecognizer,
        upright: UprightClassifier | None = None,
        min_confidence: float = MIN_CONFIDENCE,
    ) -> None:
        self.detector, self.recognizer = detector, recognizer
        self._upright, self._min_confidence = upright, min_confidence

    @classmethod
    def open(
        cls,
        det: str | Path | None = None,
        rec: str | Path | None = None,
        *,
        charset: str | Path | None = None,
        runtime: Runtime = "auto",
        threads: int | None = None,
        turn: bool = False,
        min_confidence: float = MIN_CONFIDENCE,
        min_side: int | None = None,
        max_side: int | None = None,
    ) -> "Reader":
        """Open models.

        Args:
            det: the RUN or ONNX file of a detector; None for the published one.
            rec: the RUN or ONNX file of a recognizer; None for the published one.
            charset: dictionary of a recognizer's ONNX file that does not name its characters, one a line.
            runtime: what runs a RUN.
            threads: of onnxruntime; None: all.
            turn: look for lines that stand on their heads, with the published classifier.
            min_confidence: see above.
            min_side: enlarge pictures whose shorter side is below it, in pixels; None: as the detector says.
            max_side: shrink pictures whose longer side is above it instead.

        Raises:
            InputError: a model cannot be opened; the sentence says which and why.
        """
        return cls(
            open_detector(_path(det), runtime=runtime, threads=threads).resized(min_side, max_side),
            open_recognizer(_path(rec), runtime=runtime, threads=threads, charset=_path(charset)),
            UprightClassifier(threads=threads) if turn else None,
            min_confidence,
        )

    def read(self, image: Image, name: str = "") -> Page:
        """Read a picture (H, W, 3) uint8 RGB, see `load_picture`; the name is for the page."""
        found = self.detector.detect(image)
        lines = self._lines(image, found)
        readings = self.recognizer.read(lines) if lines else []
        read = [
            ReadLine(reading.text, reading.confidence, polygon, float(score))
            for reading, polygon, score in zip(readings, found.polygons, found.scores, strict=True)
            if reading.text and reading.confidence >= self._min_confidence
        ]
        order = reading_order([as_quad(line.polygon) for line in read])
        return Page(name, image.shape[1], image.shape[0], tuple(read[i] for i in order))

    def _lines(self, image: Image, found: Boxes) -> Sequence[Image]:
        released = self.detector.boxes.released
        lines = [rectify(image, as_quad(polygon), released=released) for polygon in found.polygons]
        if self._upright is None or not lines:
            return lines
        turned = self._upright.upside_down(lines)
        return [_half_turn(line) if turn else line for line, turn in zip(lines, turned, strict=True)]


def _half_turn(line: Image) -> Image:
    return np.asarray(cv2.rotate(line, cv2.ROTATE_180), np.uint8)


def _path(name: str | Path | None) -> Path | None:
    return None if name is None else Path(name)


def load_picture(path: Path) -> Image:
    """A picture file as (H, W, 3) uint8 RGB, upright.

    Raises:
        InputError: it is missing, or is no picture.
    """
    try:
        return decode(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
