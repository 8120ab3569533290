"""The page reader: detection and recognition of all texts in an image."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from glob import glob, has_magic
from itertools import groupby
from pathlib import Path
from typing import Any
from unicodedata import bidirectional

import cv2
import numpy as np
from numpy.typing import NDArray

from models.db.boxes import Boxes
from pipelines.datasets.image import IMAGE_SUFFIXES, decode_image
from pipelines.datasets.rectify import rectify, to_quad
from pipelines.inference.engine import open_onnx_session
from pipelines.inference.predictors import TextDetector, TextRecognizer
from pipelines.inference.published import ORIENTATION_FILE, published_file
from pipelines.inference.reading_order import MIN_GUTTER, PlacedText, group_lines
from pipelines.inference.resolve import Runtime, open_detector, open_recognizer
from synthtext.core import Image, InputError, Polygon


def find_images(names: Sequence[str]) -> list[Path]:
    """Return the image files that names stand for, each once.

    Args:
        names: files, folders of images, and globs such as "scans/**/*.png".

    Raises:
        InputError: a name stands for no file.
    """
    return list(dict.fromkeys(path for name in names for path in _matches(name)))


def _matches(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        found = [entry for entry in path.iterdir() if entry.suffix.lower() in IMAGE_SUFFIXES]
    elif has_magic(name) and not path.is_file():
        found = [Path(entry) for entry in glob(name, recursive=True)]  # noqa: PTH207 - absolute patterns
    else:
        found = [path]
    images = sorted(entry for entry in found if entry.is_file())
    if not images:
        raise InputError(f"{name}: there is no {'image in this folder' if path.is_dir() else 'such image or folder'}")
    return images


INPUT_HEIGHT, INPUT_WIDTH = 48, 192
"""Size of the orientation classifier's input, pixels."""

ROTATION_THRESHOLD = 0.9
"""Probability of 180 degrees above which a line is rotated (released configuration)."""

_BATCH_SIZE = 64


class OrientationClassifier:
    """Classifies whether lines are upside down, with the published classifier of 0 and 180 degrees.

    Args:
        path: of its ONNX file; None: the published one.
        threads: of onnxruntime; None: as many as torch uses, which `OMP_NUM_THREADS` limits.

    Raises:
        InputError: the published models or onnxruntime are not installed.
    """

    def __init__(self, path: Path | None = None, threads: int | None = None) -> None:
        self._session = open_onnx_session(path or published_file(ORIENTATION_FILE), threads)
        self._input = self._session.get_inputs()[0].name

    def is_rotated(self, lines: Sequence[Image]) -> NDArray[np.bool_]:
        """Return which lines, each (H, W, 3) uint8 RGB, are rotated by 180 degrees; (N,)."""
        batches = [lines[start : start + _BATCH_SIZE] for start in range(0, len(lines), _BATCH_SIZE)]
        inputs = (np.stack([_preprocess(line) for line in batch]) for batch in batches)
        probabilities = [self._session.run(None, {self._input: images})[0][:, 1] for images in inputs]
        return np.concatenate([np.zeros(0, np.float32), *probabilities]) > ROTATION_THRESHOLD


def _preprocess(line: Image) -> NDArray[np.float32]:
    """Return (3, INPUT_HEIGHT, INPUT_WIDTH) float32 BGR, -1 to 1, padded with 0; long lines are squeezed."""
    width = min(-(-INPUT_HEIGHT * line.shape[1] // line.shape[0]), INPUT_WIDTH)
    resized = cv2.resize(line, (max(width, 1), INPUT_HEIGHT))[..., ::-1].astype(np.float32)
    result = np.zeros((3, INPUT_HEIGHT, INPUT_WIDTH), np.float32)
    result[:, :, : resized.shape[1]] = resized.transpose(2, 0, 1) / 127.5 - 1
    return result


@dataclass(frozen=True, slots=True, eq=False)
class TextLine:
    """One text in an image.

    Attributes:
        text: in logical order.
        confidence: of the recognizer, 0 to 1.
        polygon: (P, 2) float32, pixels of the upright image, clockwise from the top-left of the text.
        score: of the detector, 0 to 1.
        row: number of the line of the page that the text is in, from 0. Several texts may be in one line, such as a
            name and a price.
        gap: distance to the text before it in the same line, in heights of the line; 0 for the first one.
    """

    text: str
    confidence: float
    polygon: Polygon
    score: float
    row: int = 0
    gap: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """The texts in an image.

    Attributes:
        name: of the image.
        width: of the upright image, pixels.
        height: of the upright image, pixels.
        lines: the texts, in reading order.
    """

    name: str
    width: int
    height: int
    lines: tuple[TextLine, ...]

    @property
    def text(self) -> str:
        """All texts. The texts of one line of the page are separated by a space, or a tab where the gap is wide."""
        rows = groupby(self.lines, key=lambda line: line.row)
        return "\n".join(_join(list(row)) for _, row in rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the entry that `ocrmill read --json` writes."""
        lines = [
            {
                "text": line.text,
                "confidence": round(line.confidence, 4),
                "score": round(line.score, 4),
                "row": line.row,
                "polygon": [[round(float(x), 2), round(float(y), 2)] for x, y in line.polygon],
            }
            for line in self.lines
        ]
        return {"width": self.width, "height": self.height, "lines": lines}


def _join(row: Sequence[TextLine]) -> str:
    """Join the texts of a line of the page: a tab stands for a gap as wide as between columns."""
    others = (("\t" if text.gap > MIN_GUTTER else " ") + text.text for text in row[1:])
    return row[0].text + "".join(others)


PUBLISHED_BOX_THRESHOLD = 0.5
"""Default of `box_threshold` for the published detector: 0.6, as released, misses faint lines of receipts."""

MIN_CONFIDENCE = 0.5
"""Confidence below which a text is left out (released configuration)."""


class Reader:
    """Reads all texts in an image.

    Args:
        detector: finds the texts.
        recognizer: reads them.
        orientation: finds lines that are upside down, to rotate them; None: no line is rotated.
        min_confidence: texts that the recognizer reads with less confidence are left out, as are empty ones.
    """

    def __init__(
        self,
        detector: TextDetector,
        recognizer: TextRecognizer,
        orientation: OrientationClassifier | None = None,
        min_confidence: float = MIN_CONFIDENCE,
    ) -> None:
        self.detector, self.recognizer = detector, recognizer
        self._orientation, self._min_confidence = orientation, min_confidence

    @classmethod
    def open(
        cls,
        det: str | Path | None = None,
        rec: str | Path | None = None,
        *,
        charset: str | Path | None = None,
        runtime: Runtime = "auto",
        threads: int | None = None,
        detect_orientation: bool = False,
        min_confidence: float = MIN_CONFIDENCE,
        min_side: int | None = None,
        max_side: int | None = None,
        threshold: float | None = None,
        box_threshold: float | None = None,
        unclip_ratio: float | None = None,
    ) -> "Reader":
        """Open the models of a reader.

        Args:
            det: run directory or ONNX file of a detector; None: the published one.
            rec: run directory or ONNX file of a recognizer; None: the published one.
            charset: dictionary for the ONNX file of a recognizer that does not contain its characters, one per line.
            runtime: what runs the network of a run directory.
            threads: of onnxruntime; None: as many as torch uses, which `OMP_NUM_THREADS` limits.
            detect_orientation: rotate lines that are upside down, with the published classifier.
            min_confidence: as in the constructor.
            min_side: enlarge images whose shorter side is below it, pixels; None: as the detector's preprocessing.
            max_side: shrink images whose longer side is above it instead.
            threshold: probability above which a pixel is text; None: as the detector's postprocessing.
            box_threshold: minimum mean probability of a box; less finds more texts, and more that are none. None:
                `PUBLISHED_BOX_THRESHOLD` for the published detector, else as the detector's postprocessing.
            unclip_ratio: how far boxes are expanded around the detected text; more if letters are cut.

        Raises:
            InputError: a model cannot be opened, or a threshold is out of range.

        Examples:
            >>> from pipelines import Reader
            >>> reader = Reader.open(rec="runs/digits", box_threshold=0.5)
            >>> reader.recognizer.charset.characters[:3]
            ('0', '1', '2')
        """
        box_threshold = PUBLISHED_BOX_THRESHOLD if det is None and box_threshold is None else box_threshold
        detector = open_detector(det, runtime=runtime, threads=threads).with_input_limits(min_side, max_side)
        return cls(
            detector.with_postprocessing(threshold, box_threshold, unclip_ratio),
            open_recognizer(rec, runtime=runtime, threads=threads, charset=None if charset is None else Path(charset)),
            OrientationClassifier(threads=threads) if detect_orientation else None,
            min_confidence,
        )

    def read(self, image: Image | str | Path, name: str = "") -> Page:
        """Read an image.

        Args:
            image: the path of a file, or (H, W, 3) uint8 RGB.
            name: of the page; empty: the path.

        Raises:
            InputError: the file is missing or is not an image.

        Examples:
            >>> from pipelines import Reader
            >>> Reader.open(rec="runs/digits", min_confidence=0.9).read("photo.jpg").name
            'photo.jpg'
        """
        if isinstance(image, str | Path):
            name, image = name or str(image), load_image(image)
        boxes = self.detector.detect(image)
        lines = self._rectified_lines(image, boxes)
        results = self.recognizer.read(lines) if lines else []
        texts = [
            TextLine(result.text, result.confidence, polygon, float(score))
            for result, polygon, score in zip(results, boxes.polygons, boxes.scores, strict=True)
            if result.text and result.confidence >= self._min_confidence
        ]
        rows = group_lines([to_quad(text.polygon) for text in texts])
        ordered = (
            replace(texts[placed.number], row=number, gap=placed.gap)
            for number, row in enumerate(rows)
            for placed in _in_reading_direction(row, texts)
        )
        return Page(name, image.shape[1], image.shape[0], tuple(ordered))

    def _rectified_lines(self, image: Image, boxes: Boxes) -> Sequence[Image]:
        paddle_compat = self.detector.postprocessing.paddle_compat
        lines = [rectify(image, to_quad(polygon), paddle_compat=paddle_compat) for polygon in boxes.polygons]
        if self._orientation is None or not lines:
            return lines
        rotated = self._orientation.is_rotated(lines)
        return [
            line[::-1, ::-1].copy() if is_rotated else line for line, is_rotated in zip(lines, rotated, strict=True)
        ]


def _in_reading_direction(row: list[PlacedText], texts: Sequence[TextLine]) -> list[PlacedText]:
    """Return the texts of a line from right to left if most of their letters are of such a script."""
    directions = Counter(bidirectional(letter) for text in row for letter in texts[text.number].text)
    if directions["R"] + directions["AL"] <= directions["L"]:
        return row
    gaps = [0.0, *(text.gap for text in row[:0:-1])]
    return [PlacedText(text.number, gap) for text, gap in zip(reversed(row), gaps, strict=True)]


def load_image(path: str | Path) -> Image:
    """Load an image file as (H, W, 3) uint8 RGB, upright; raises InputError if it is missing or no image."""
    try:
        return decode_image(Path(path).read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
