"""From what a user names to the files of pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.db.boxes import Boxes
from pipelines.datasets.image import decode_image
from pipelines.datasets.rectify import rectify, to_quad
from pipelines.inference.engine import open_onnx_session
from pipelines.inference.open_network import Runtime, open_detector, open_recognizer
from pipelines.inference.predictors import TextDetector, TextRecognizer
from pipelines.inference.published import ORIENTATION_FILE, published_file
from pipelines.inference.reading_order import reading_order
from synthtext.core import Image, InputError, Polygon

IMAGE_SUFFIXES = (".bmp", ".gif", ".jpe", ".jpeg", ".jpg", ".jp2", ".png", ".ppm", ".pgm", ".tif", ".tiff", ".webp")
"""Files in a folder that are taken for pictures."""


def find_images(names: Sequence[str]) -> list[Path]:
    """Files as they are, the pictures of folders by name, and what globs match, each once.

    Args:
        names: files, folders, and globs ("scans/**/*.png").

    Raises:
        InputError: a name stands for no file; the sentence names it.
    """
    found: dict[Path, None] = {}
    for name in names:
        found |= dict.fromkeys(_matches(name))
    return list(found)


def _matches(name: str) -> list[Path]:
    path = Path(name)
    if path.is_file():
        return [path]
    if path.is_dir():
        pictures = sorted(
            entry for entry in path.iterdir() if entry.suffix.lower() in IMAGE_SUFFIXES and entry.is_file()
        )
        if not pictures:
            raise InputError(f"{name}: there is no picture in this folder")
        return pictures
    matched = sorted(Path(entry) for entry in glob(name, recursive=True)) if has_magic(name) else []  # noqa: PTH207 - takes any folder
    pictures = [entry for entry in matched if entry.is_file()]
    if not pictures:
        raise InputError(f"{name}: there is no such picture or folder")
    return pictures


INPUT_HEIGHT, INPUT_WIDTH = 48, 192
TURN_THRESHOLD = 0.9
"""Probability of 180 degrees above which a line is turned (released configuration)."""

_BATCH = 64


class OrientationClassifier:
    """Tells lines that are upside down: the published classifier of 0 and 180 degrees.

    Args:
        path: of its ONNX file; None for the published one.
        threads: of onnxruntime; None: all.

    Raises:
        InputError: the published models or onnxruntime are not installed.
    """

    def __init__(self, path: Path | None = None, threads: int | None = None) -> None:
        self._session = open_onnx_session(path or published_file(ORIENTATION_FILE), threads)
        self._input = self._session.get_inputs()[0].name

    def is_rotated(self, lines: Sequence[Image]) -> NDArray[np.bool_]:
        """Which lines, each (H, W, 3) uint8 RGB, are to be turned by 180 degrees; (N,)."""
        chunks = [lines[start : start + _BATCH] for start in range(0, len(lines), _BATCH)]
        sure = [self._session.run(None, {self._input: np.stack([_prepared(x) for x in c])})[0][:, 1] for c in chunks]
        return np.concatenate([np.zeros(0, np.float32), *sure]) > TURN_THRESHOLD


def _prepared(line: Image) -> NDArray[np.float32]:
    """(3, HEIGHT, WIDTH) float32 BGR, -1 to 1, padded with 0; long lines are squashed, as the classifier learnt."""
    width = min(-(-INPUT_HEIGHT * line.shape[1] // line.shape[0]), INPUT_WIDTH)
    resized = cv2.resize(line, (max(width, 1), INPUT_HEIGHT))[..., ::-1].astype(np.float32)
    result = np.zeros((3, INPUT_HEIGHT, INPUT_WIDTH), np.float32)
    result[:, :, : resized.shape[1]] = resized.transpose(2, 0, 1) / 127.5 - 1
    return result


@dataclass(frozen=True, slots=True, eq=False)
class TextLine:
    """One text of a picture.

    Attributes:
        text: what it says, logical order.
        confidence: of the recognizer, 0 to 1.
        polygon: where it is, (P, 2) float32, pixels of the upright picture, clockwise from the text's top-left.
        score: of the detector, 0 to 1.
    """

    text: str
    confidence: float
    polygon: Polygon
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """The texts of a picture.

    Attributes:
        name: of the picture.
        width: of the upright picture, pixels.
        height: of the upright picture, pixels.
        lines: in reading order.
    """

    name: str
    width: int
    height: int
    lines: tuple[TextLine, ...]

    @property
    def text(self) -> str:
        """All texts, a line each."""
        return "\n".join(line.text for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """As `ocrmill read --json` writes it."""
        lines = [
            {
                "text": line.text,
                "confidence": round(line.confidence, 4),
                "score": round(line.score, 4),
                "polygon": [[round(float(x), 2), round(float(y), 2)] for x, y in line.polygon],
            }
            for line in self.lines
        ]
        return {"width": self.width, "height": self.height, "lines": lines}


MIN_CONFIDENCE = 0.5
"""Confidence below which a text is not told (released configuration)."""


class Reader:
    """Reads all texts of a picture.

    Args:
        detector: finds them.
        recognizer: reads them.
        orientation: turns lines that stand on their heads; None: they are read as they stand.
        min_confidence: of the recognizer; what is read with less, or as nothing, is left out.
    """

    def __init__(
        self,
        detector: TextDetector,
        recognizer: TextRecognizer,
        orientation: OrientationClassifier | None = None,
        min_confidence: float = MIN_CONFIDENCE,
    ) -> None:
        self.detector, self.recognizer = detector, recognizer
        self._upright, self._min_confidence = orientation, min_confidence

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
            open_detector(_path(det), runtime=runtime, threads=threads).with_input_limits(min_side, max_side),
            open_recognizer(_path(rec), runtime=runtime, threads=threads, charset=_path(charset)),
            OrientationClassifier(threads=threads) if detect_orientation else None,
            min_confidence,
        )

    def read(self, image: Image, name: str = "") -> Page:
        """Read a picture (H, W, 3) uint8 RGB, see `load_picture`; the name is for the page."""
        found = self.detector.detect(image)
        lines = self._lines(image, found)
        readings = self.recognizer.read(lines) if lines else []
        read = [
            TextLine(reading.text, reading.confidence, polygon, float(score))
            for reading, polygon, score in zip(readings, found.polygons, found.scores, strict=True)
            if reading.text and reading.confidence >= self._min_confidence
        ]
        order = reading_order([to_quad(line.polygon) for line in read])
        return Page(name, image.shape[1], image.shape[0], tuple(read[i] for i in order))

    def _lines(self, image: Image, found: Boxes) -> Sequence[Image]:
        paddle_compat = self.detector.boxes.paddle_compat
        lines = [rectify(image, to_quad(polygon), paddle_compat=paddle_compat) for polygon in found.polygons]
        if self._upright is None or not lines:
            return lines
        turned = self._upright.is_rotated(lines)
        return [_half_turn(line) if turn else line for line, turn in zip(lines, turned, strict=True)]


def _half_turn(line: Image) -> Image:
    return np.asarray(cv2.rotate(line, cv2.ROTATE_180), np.uint8)


def _path(name: str | Path | None) -> Path | None:
    return None if name is None else Path(name)


def load_image(path: Path) -> Image:
    """A picture file as (H, W, 3) uint8 RGB, upright.

    Raises:
        InputError: it is missing, or is no picture.
    """
    try:
        return decode_image(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
