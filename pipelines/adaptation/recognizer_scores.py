"""Scores of a recognizer before and after a round."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.adaptation.calibration import Calibration, fit_calibration
from pipelines.adaptation.decision import Score
from pipelines.adaptation.guards import ReadingStatistics, find_collapse, teacher_agreement
from pipelines.adaptation.views import Reading, Readings, read_views
from pipelines.datasets.source import LineSource
from pipelines.evaluation.recognizer import evaluate_recognizer
from pipelines.inference.predictors import TextRecognizer
from pipelines.progress import progress_bar


@dataclass(frozen=True)
class RoundScores:
    """Scores of the recognizers before and after a round, and the collapse of the latter, if there is one."""

    before: Score
    after: Score
    collapse: str


@dataclass(frozen=True)
class ScoredRecognizer:
    """A recognizer with its readings of the held-out lines."""

    recognizer: TextRecognizer
    held_out: Sequence[Reading]


def score_round(
    first: Sequence[Reading],
    before: ScoredRecognizer,
    after: ScoredRecognizer,
    generated: LineSource,
    labelled: LineSource | None,
) -> RoundScores:
    """Score the recognizers before and after a round.

    The estimates have one calibration, fitted to the readings of the generated lines by both: a recognizer that is more
    confident, but not more often right, has no advantage.

    Args:
        first: Readings of the held-out lines by the recognizer before the adaptation.
        before: The recognizer before the round.
        after: The one that the round trained.
        generated: Labelled lines that resemble the photographs.
        labelled: Labelled lines that decide, or None.
    """
    texts = [unicodedata.normalize("NFC", text) for text in generated.texts()]
    pairs = [(read_views(each.recognizer, generated), each.recognizer) for each in (before, after)]
    readings = [reading for found, _ in pairs for reading in found.items]
    is_right = [
        reading.text == recognizer.charset.fold(text)
        for found, recognizer in pairs
        for reading, text in zip(found.items, texts, strict=True)
    ]
    calibration = fit_calibration(readings, is_right)
    scores = [_score(each, first, calibration, labelled) for each in (before, after)]
    return RoundScores(scores[0], scores[1], find_collapse(first, after.held_out))


def _score(
    scored: ScoredRecognizer, first: Sequence[Reading], calibration: Calibration, labelled: LineSource | None
) -> Score:
    statistics = ReadingStatistics.of(scored.held_out).to_dict()
    statistics["teacher_agreement"] = teacher_agreement(first, scored.held_out)
    accuracy = None if labelled is None else evaluate_recognizer(scored.recognizer, labelled).scores.accuracy
    return Score(calibration.accuracy(scored.held_out), accuracy, statistics)


def read_all(recognizer: TextRecognizer, source: LineSource, label: str) -> Readings:
    """Read all lines of a source in all views, and show the progress."""
    with progress_bar(label, total=len(source), unit="lines") as bar:
        return read_views(recognizer, source, bar.advance)
