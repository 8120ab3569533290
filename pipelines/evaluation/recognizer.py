"""What a recognizer reads on labelled lines, and how good that is."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from heapq import nsmallest
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from fontTools.unicodedata import script as script_of
from numpy.typing import NDArray

from models.metrics import RecognitionScores, alphanumeric, normalized_edit_distance, recognition_scores
from pipelines.datasets.image import decode_image, media_type
from pipelines.datasets.loader import collate
from pipelines.datasets.provenance import read_parameters
from pipelines.datasets.source import LineSource
from pipelines.evaluation.confusion import ConfusionCounts, count_confusions
from pipelines.evaluation.measures import otsu_contrast, to_grey
from pipelines.evaluation.slices import (
    Breakdown,
    OutcomeFlags,
    SliceAttribute,
    bin_by_number,
    group_by_name,
    group_by_names,
)
from pipelines.inference.predictors import TextRecognizer, batches_by_width
from pipelines.reports.scores import MisreadLine


class LinePrediction(NamedTuple):
    """One line, as labelled and as read."""

    row: int  # in its source
    key: str
    truth: str  # as the charset writes it
    prediction: str
    confidence: float  # 0 to 1


@dataclass(frozen=True)
class RecognizerEvaluation:
    """Readings of a source, in its order, and their scores."""

    source: LineSource
    scores: RecognitionScores
    readings: tuple[LinePrediction, ...]


def evaluate_recognizer(
    recognizer: TextRecognizer,
    source: LineSource,
    *,
    batch_size: int = 64,
    advance: Callable[[int], None] = lambda _: None,
) -> RecognizerEvaluation:
    """Read every line of a source, in batches of like width, with the preprocessing of deployment.

    A charset without upper-case letters reads without regard to case: the truth is lowered for all scores. A truth that
    has characters outside the charset counts as misread.

    Args:
        recognizer: reads.
        source: at least one line.
        batch_size: most lines in a batch.
        advance: is told after every batch how many lines were read.

    Raises:
        InputError: a picture is missing or broken; the sentence names it.
    """
    readings: list[LinePrediction] = []
    preprocessing, sizes = recognizer.preprocessing, source.sizes()
    widths = preprocessing.resized_width(sizes[:, 0], sizes[:, 1])
    for rows in batches_by_width(widths, preprocessing, batch_size):
        lines = source.read(rows)
        batch = recognizer.read_batch(*collate(lines, preprocessing))
        for row, line, read in zip(rows.tolist(), lines, batch, strict=True):
            text = unicodedata.normalize("NFC", read.text)
            readings.append(LinePrediction(row, line.key, recognizer.charset.fold(line.text), text, read.confidence))
        advance(len(rows))
    readings.sort()
    scores = recognition_scores([r.truth for r in readings], [r.prediction for r in readings])
    return RecognizerEvaluation(source, scores, tuple(readings))


_COLUMNS = ("script", "font", "corpus", "effects", "contrast")
_LOOKS = ("style", "paper")  # what the column `meta` tells of a line that was drawn
_NONE = "none"
_SHARED = ("Zyyy", "Zinh")  # scripts of digits, punctuation and marks

_LENGTH = SliceAttribute("length", "Length", "characters", is_integer=True)
_HEIGHT = SliceAttribute("height", "Height of the picture", "px", is_integer=True)
_WIDTH = SliceAttribute("width_per_character", "Width for a character", "heights of the picture")
_SHAPE = SliceAttribute("shape", "Shape of the picture", "width in heights")
_CONTRAST = SliceAttribute("contrast", "Contrast of light and dark, measured", "of 255")
_DRAWN = SliceAttribute("contrast_drawn", "Contrast of ink and paper, as drawn", "of 255, worst letter, before effects")
_SCRIPT = SliceAttribute("script", "Script", "Zyyy: digits and signs alone")
_FONT = SliceAttribute("font", "Font")
_CORPUS = SliceAttribute("corpus", "Corpus")
_STYLE = SliceAttribute("style", "Ink style")
_PAPER = SliceAttribute("paper", "Paper")
_EFFECT = SliceAttribute("effect", "Effect")

_LENGTHS, _HEIGHTS = (1, 2, 3, 4, 7, 10, 16, 31, 61), (16, 24, 32, 48, 64, 96)
_WIDTHS, _SHAPES, _CONTRASTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.2), (0.9, 2, 4, 8, 16, 32), (20, 40, 60, 80, 120)


@dataclass(frozen=True, eq=False)
class RecognizerAnalysis:
    """Readings of a source, and what its lines are like.

    Attributes:
        evaluation: the readings and their scores.
        sizes: (N, 2) int64, width and height of the pictures, pixels.
        contrasts: (N,) of the pictures, see `contrast`.
        columns: what the source says of its lines, see `RecognitionSource.columns`; ink style and paper among it.
    """

    evaluation: RecognizerEvaluation
    sizes: NDArray[np.int64]
    contrasts: NDArray[np.float64]
    columns: dict[str, list[Any]]

    @cached_property
    def flags(self) -> OutcomeFlags:
        """What became of the lines: `right` exactly; `right_letters` in letters and digits, of those with `letters`."""
        readings = self.evaluation.readings
        pairs = [(alphanumeric(r.truth), alphanumeric(r.prediction)) for r in readings]
        return {
            "right": np.array([r.truth == r.prediction for r in readings], bool),
            "letters": np.array([bool(truth) for truth, _ in pairs], bool),
            "right_letters": np.array([bool(truth) and truth == reading for truth, reading in pairs], bool),
        }

    @cached_property
    def confusions(self) -> ConfusionCounts:
        """Which characters were taken for which."""
        return count_confusions((r.truth, r.prediction) for r in self.evaluation.readings)

    @cached_property
    def slices(self) -> list[Breakdown]:
        """The lines by what they are like."""
        texts, columns, marks = [r.truth for r in self.evaluation.readings], self.columns, self.flags
        lengths = np.array([len(text) for text in texts])
        width, height = self.sizes.T
        found = [
            bin_by_number(_LENGTH, lengths, _LENGTHS, marks),
            bin_by_number(_HEIGHT, height, _HEIGHTS, marks),
            bin_by_number(_WIDTH, width / height / np.maximum(lengths, 1), _WIDTHS, marks),
            bin_by_number(_SHAPE, width / height, _SHAPES, marks),
            bin_by_number(_CONTRAST, self.contrasts, _CONTRASTS, marks),
            group_by_name(_SCRIPT, columns.get("script") or [_script(text) for text in texts], marks),
        ]
        if "contrast" in columns:
            found.append(bin_by_number(_DRAWN, np.array(columns["contrast"], np.float64), _CONTRASTS, marks))
        found += [group_by_name(measure, columns[key], marks) for measure, key in _NAMED if key in columns]
        if "effects" in columns:
            found.append(group_by_names(_EFFECT, [names or (_NONE,) for names in columns["effects"]], marks))
        return found


_NAMED = ((_FONT, "font"), (_CORPUS, "corpus"), (_STYLE, "style"), (_PAPER, "paper"))


def analyse_recognizer(evaluation: RecognizerEvaluation) -> RecognizerAnalysis:
    """Find out what the lines of an evaluation are like: every picture is looked at once more."""
    source = evaluation.source
    columns = {**source.columns(_COLUMNS), **_looks(source)}
    return RecognizerAnalysis(evaluation, source.sizes(), _contrasts(source), columns)


def _looks(source: LineSource) -> dict[str, list[Any]]:
    """Return ink style and background of every line, of sources that record them."""
    rows = [tuple(parameters.get(name) for name in _LOOKS) for parameters in read_parameters(source)]
    columns = {name: [row[i] if isinstance(row[i], str) else None for row in rows] for i, name in enumerate(_LOOKS)}
    return {name: values for name, values in columns.items() if any(values)}


def _contrasts(source: LineSource) -> NDArray[np.float64]:
    found: list[float] = []
    for begin, end in pairwise(source.group_offsets.tolist()):
        lines = source.read(np.arange(begin, end))
        found += [otsu_contrast(to_grey(decode_image(line.image, line.key))) for line in lines]
    return np.array(found, np.float64)


def _script(text: str) -> str:
    """The script of most of a text, as shards name it; that of digits and punctuation if it has no letter."""
    scripts = Counter(map(_script_of, text))
    named: Sequence[tuple[str, int]] = [entry for entry in scripts.most_common() if entry[0] not in _SHARED]
    return named[0][0] if named else _SHARED[0]


@cache
def _script_of(character: str) -> str:
    return str(script_of(character))


MAX_LINES = 200
"""Lines of one source on a page."""


def worst_predictions(evaluation: RecognizerEvaluation, max_lines: int = MAX_LINES) -> list[LinePrediction]:
    """The misread lines, worst first: the most different ones, and of those the ones that the model was surest of."""
    misread = [reading for reading in evaluation.readings if reading.prediction != reading.truth]
    return nsmallest(
        max_lines, misread, key=lambda r: (-normalized_edit_distance(r.truth, r.prediction), -r.confidence, r.row)
    )


def misread_lines(evaluation: RecognizerEvaluation) -> list[MisreadLine]:
    """These lines with their pictures."""
    worst, source = worst_predictions(evaluation), evaluation.source
    lines = source.read(np.array([reading.row for reading in worst], np.int64))
    return [
        MisreadLine(
            image=line.image,
            mime=media_type(line.image),
            truth=reading.truth,
            reading=reading.prediction,
            confidence=reading.confidence,
            source=f"{source.name}, {reading.key}",
        )
        for line, reading in zip(lines, worst, strict=True)
    ]
