"""Readability of lines: the similarity of their labels and of what a recognizer reads, and the gate of recipes."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from models.metrics import normalized_edit_distance, without_spaces
from pipelines.inference.digest import recognizer_digest
from pipelines.inference.engine import torch_single_thread
from pipelines.inference.predictors import TextRecognizer
from pipelines.inference.published import DICTIONARY_FILE, RECOGNIZER_FILE, published_file
from pipelines.inference.resolve import open_recognizer
from pipelines.io.atomic import file_sha256
from pipelines.io.statistics import UNREADABLE
from pipelines.recipes.readability import PUBLISHED
from synthtext.core import Image, Sample
from synthtext.core.ctc import TALL

_QUARTER_TURNS = (0, 1, 2, 3)  # counterclockwise, in which a line is read until it is read well
_LIBRARIES = ("torch", "onnxruntime", "numpy", "opencv-python")


@dataclass(frozen=True)
class ReadabilityGate:
    """Tells which lines a recognizer cannot read.

    Every line is read alone, so that its reading does not depend on other lines. A line is read in the orientation in
    which a reader would show it, then turned by quarters until it is read well enough: lines may be turned on purpose.
    A recognizer does not decide about labels with characters that it does not know. Spaces are not compared.

    Attributes:
        recognizer: Reads the lines.
        min_similarity: Least similarity of label and reading, 0 to 1.
    """

    recognizer: TextRecognizer
    min_similarity: float = 0.5

    def __call__(self, samples: Sequence[Sample]) -> list[str | None]:
        """Return for each line why it is rejected; None for a line that is accepted."""
        similarities = (self.similarity(sample.image, sample.text) for sample in samples)
        return [None if found is None or found >= self.min_similarity else UNREADABLE for found in similarities]

    def similarity(self, image: Image, text: str) -> float | None:
        """Return the similarity of a label and the reading, 0 to 1; None if the label cannot be read.

        Turns are tried until the similarity reaches the minimum.

        Args:
            image: (H, W, 3) uint8 RGB of the line.
            text: The label.
        """
        charset = self.recognizer.charset
        if not charset.covers(charset.fold(text)):
            return None
        label, best = without_spaces(charset.fold(text)), 0.0
        height, width = image.shape[:2]
        start = int(len(text) > 1 and height >= TALL * width)  # as readers turn tall images
        for turns in _QUARTER_TURNS:
            turned = np.ascontiguousarray(np.rot90(image, start + turns))
            with torch_single_thread():
                reading = self.recognizer.read([turned], 1)[0]
            read = without_spaces(charset.fold(unicodedata.normalize("NFC", reading.text)))
            best = max(best, 1 - normalized_edit_distance(label, read))
            if best >= self.min_similarity:
                break
        return best


def open_gate(recognizer: str, min_similarity: float) -> ReadabilityGate:
    """Open the gate of a recipe; arguments are those of `ReadabilityOptions`.

    Raises:
        InputError: The recognizer cannot be opened.
    """
    model = None if recognizer == PUBLISHED else recognizer
    return ReadabilityGate(open_recognizer(model, runtime="torch", threads=1), min_similarity)


def gate_fingerprint(recognizer: str) -> dict[str, str]:
    """Return what decides the readings of a gate, by name.

    Raises:
        InputError: There is no such recognizer.
    """
    if recognizer == PUBLISHED:
        digest = recognizer_digest(published_file(RECOGNIZER_FILE), published_file(DICTIONARY_FILE))
    else:
        digest = recognizer_digest(Path(recognizer), None)
    code = {"code of readability": file_sha256(Path(__file__))}
    versions = {f"version of {library}": version(library) for library in _LIBRARIES if _is_installed(library)}
    return {"readability.recognizer": digest, **code, **versions}


def _is_installed(library: str) -> bool:
    try:
        version(library)
    except ModuleNotFoundError:
        return False
    return True
