"""Evaluation of a recognizer on labelled lines, and analysis of its errors by attribute."""

import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from heapq import nsmallest
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from fontTools.unicodedata import script as script_of
from numpy.typing import NDArray

from models.metrics import RecognitionScores, alphanumeric, normalized_edit_distance, recognition_scores
from pipelines.datasets.image import decode_image
from pipelines.datasets.loader import collate_encoded
from pipelines.datasets.provenance import read_parameters
from pipelines.datasets.source import LineSource
from pipelines.evaluation.confusion import ConfusionCounts, count_confusions
from pipelines.evaluation.measures import otsu_contrast, to_grey
from pipelines.evaluation.outcomes import MisreadLine
from pipelines.evaluation.slices import (
    Breakdown,
    OutcomeFlags,
    SliceAttribute,
    bin_by_number,
    group_by_name,
    group_by_names,
)
from pipelines.inference.predictors import TextRecognizer, batches_by_width


class LinePrediction(NamedTuple):
    """Label of a line, as the recognizer's charset writes it, and its prediction with a confidence from 0 to 1."""

    row: int
    key: str
    label: str
    prediction: str
    confidence: float


@dataclass(frozen=True)
class RecognizerEvaluation:
    """Predictions for all lines of a source, in its order, and their scores."""

    source: LineSource
    scores: RecognitionScores
    predictions: tuple[LinePrediction, ...]


def evaluate_recognizer(
    recognizer: TextRecognizer,
    source: LineSource,
    *,
    batch_size: int = 64,
    advance: Callable[[int], None] = lambda _: None,
) -> RecognizerEvaluation:
    """Read all lines of a source, in batches of similar width.

    If the charset has no upper-case letters, the labels are lower-cased for all scores. A line whose label has
    characters outside of the charset counts as misread.

    Args:
        recognizer: with the preprocessing of deployment.
        source: at least one line.
        batch_size: maximum of the lines in a batch.
        advance: called with the number of lines after every batch.

    Raises:
        InputError: an image is missing or cannot be decoded.
    """
    predictions: list[LinePrediction] = []
    preprocessing, sizes = recognizer.preprocessing, source.sizes()
    widths = preprocessing.resized_width(sizes[:, 0], sizes[:, 1])
    for rows in batches_by_width(widths, preprocessing, batch_size):
        lines = source.read(rows)
        results = recognizer.read_batch(*collate_encoded(lines, preprocessing))
        for row, line, result in zip(rows.tolist(), lines, results, strict=True):
            label, text = recognizer.charset.fold(line.text), unicodedata.normalize("NFC", result.text)
            predictions.append(LinePrediction(row, line.key, label, text, result.confidence))
        advance(len(rows))
    predictions.sort()
    scores = recognition_scores([p.label for p in predictions], [p.prediction for p in predictions])
    return RecognizerEvaluation(source, scores, tuple(predictions))


_COLUMNS = ("script", "font", "corpus", "effects", "contrast")
_PARAMETERS = ("ink_style", "background")  # in the column `meta` of a rendered line
_NO_EFFECT = "none"
_SHARED_SCRIPTS = ("Zyyy", "Zinh")  # of digits, punctuation and combining marks

_CONTRASTS = (20, 40, 60, 80, 120)
_NUMBERS = {  # edges of the bins by attribute
    SliceAttribute("length", "Length", "characters", is_integer=True): (1, 2, 3, 4, 7, 10, 16, 31, 61),
    SliceAttribute("height", "Image height", "px", is_integer=True): (16, 24, 32, 48, 64, 96),
    SliceAttribute("width_per_character", "Width per character", "image heights"): (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.2),
    SliceAttribute("aspect_ratio", "Aspect ratio", "width / height"): (0.9, 2, 4, 8, 16, 32),
    SliceAttribute("contrast", "Measured contrast of light and dark", "of 255"): _CONTRASTS,
}
_RENDERED_CONTRAST = SliceAttribute(
    "rendered_contrast", "Rendered contrast of ink and background", "of 255, lowest character, before effects"
)
_SCRIPT = SliceAttribute("script", "Script", "Zyyy: only digits and punctuation")
_NAMED_ATTRIBUTES = (
    SliceAttribute("font", "Font"),
    SliceAttribute("corpus", "Corpus"),
    SliceAttribute("ink_style", "Ink style"),
    SliceAttribute("background", "Background"),
)
_EFFECT = SliceAttribute("effect", "Effect")


@dataclass(frozen=True, eq=False)
class RecognizerAnalysis:
    """An evaluation with the attributes of its N lines.

    Attributes:
        evaluation: the predictions.
        sizes: (N, 2) width and height of the images, pixels.
        contrasts: (N,) measured contrast of the images, 0 to 255.
        columns: further attributes, where the source has them, with a value for each line.
    """

    evaluation: RecognizerEvaluation
    sizes: NDArray[np.int64]
    contrasts: NDArray[np.float64]
    columns: dict[str, list[Any]]

    @cached_property
    def flags(self) -> OutcomeFlags:
        """Outcomes: `correct`, `alphanumeric` (the label has letters or digits), and `alphanumeric_correct`."""
        predictions = self.evaluation.predictions
        pairs = [(alphanumeric(p.label), alphanumeric(p.prediction)) for p in predictions]
        return {
            "correct": np.array([p.label == p.prediction for p in predictions], bool),
            "alphanumeric": np.array([bool(label) for label, _ in pairs], bool),
            "alphanumeric_correct": np.array([bool(label) and label == text for label, text in pairs], bool),
        }

    @cached_property
    def confusions(self) -> ConfusionCounts:
        """Character errors."""
        return count_confusions((p.label, p.prediction) for p in self.evaluation.predictions)

    @cached_property
    def slices(self) -> list[Breakdown]:
        """The lines by each attribute."""
        labels, columns, flags = [p.label for p in self.evaluation.predictions], self.columns, self.flags
        lengths, (width, height) = np.array([len(label) for label in labels]), self.sizes.T
        numbers = (lengths, height, width / height / np.maximum(lengths, 1), width / height, self.contrasts)
        breakdowns = [
            bin_by_number(attribute, values, edges, flags)
            for (attribute, edges), values in zip(_NUMBERS.items(), numbers, strict=True)
        ]
        scripts = columns.get("script") or [_main_script(label) for label in labels]
        breakdowns.append(group_by_name(_SCRIPT, scripts, flags))
        if "contrast" in columns:
            contrasts = np.array(columns["contrast"], np.float64)
            breakdowns.append(bin_by_number(_RENDERED_CONTRAST, contrasts, _CONTRASTS, flags))
        breakdowns += [group_by_name(a, columns[a.key], flags) for a in _NAMED_ATTRIBUTES if a.key in columns]
        if "effects" in columns:
            effects = [names or (_NO_EFFECT,) for names in columns["effects"]]
            breakdowns.append(group_by_names(_EFFECT, effects, flags))
        return breakdowns


def analyse_recognizer(evaluation: RecognizerEvaluation) -> RecognizerAnalysis:
    """Collect the attributes of the lines of an evaluation. Reads every image once more."""
    source = evaluation.source
    columns = {**source.columns(_COLUMNS), **_parameter_columns(source)}
    return RecognizerAnalysis(evaluation, source.sizes(), _measure_contrasts(source), columns)


def _parameter_columns(source: LineSource) -> dict[str, list[Any]]:
    """Return the drawn parameters that lines are sliced by, of sources that record them."""
    columns: dict[str, list[Any]] = {name: [] for name in _PARAMETERS}
    for parameters in read_parameters(source):
        for name, column in columns.items():
            value = parameters.get(name)
            column.append(value if isinstance(value, str) else None)
    return {name: column for name, column in columns.items() if any(column)}


def _measure_contrasts(source: LineSource) -> NDArray[np.float64]:
    contrasts: list[float] = []
    for begin, end in pairwise(source.group_offsets.tolist()):
        lines = source.read(np.arange(begin, end))
        contrasts += [otsu_contrast(to_grey(decode_image(line.image, line.key))) for line in lines]
    return np.array(contrasts, np.float64)


def _main_script(text: str) -> str:
    """The most frequent script of a text, by its ISO 15924 code; "Zyyy" for a text without letters."""
    scripts = Counter(map(_script_of, text))
    return next((script for script, _ in scripts.most_common() if script not in _SHARED_SCRIPTS), _SHARED_SCRIPTS[0])


@cache
def _script_of(character: str) -> str:
    return str(script_of(character))


MAX_LINES = 200
"""Maximum of the lines of a source on a page."""


def worst_predictions(evaluation: RecognizerEvaluation, max_lines: int = MAX_LINES) -> list[LinePrediction]:
    """Return the misread lines, by falling edit distance and then by falling confidence."""
    misread = [p for p in evaluation.predictions if p.prediction != p.label]
    return nsmallest(
        max_lines, misread, key=lambda p: (-normalized_edit_distance(p.label, p.prediction), -p.confidence, p.row)
    )


def misread_lines(evaluation: RecognizerEvaluation) -> list[MisreadLine]:
    """Return the `worst_predictions` with their images."""
    worst, source = worst_predictions(evaluation), evaluation.source
    lines = source.read(np.array([prediction.row for prediction in worst], np.int64))
    return [
        MisreadLine(line.image, p.label, p.prediction, p.confidence, f"{source.name}, {p.key}")
        for line, p in zip(lines, worst, strict=True)
    ]
