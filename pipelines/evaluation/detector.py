"""What a detector finds on labelled pictures, and how good that is."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.db.boxes import Boxes
from models.detection_metric import DetectionScores, ImageMatchCounts, detection_scores
from models.detection_outcomes import DetectionOutcome, ImageOutcomes, compare_detections
from pipelines.datasets.image import decode_image
from pipelines.datasets.preprocessing import DetectorPreprocessing
from pipelines.datasets.scene_source import EncodedScene, SceneSource, instances_at_level, iterate_scenes
from pipelines.evaluation.measures import (
    height_and_angle,
    otsu_contrast,
    outline_distances,
    short_side_and_tilt,
    to_grey,
)
from pipelines.evaluation.outcomes import EvaluatedInstance, WorstPicture
from pipelines.evaluation.slices import Breakdown, OutcomeFlags, SliceAttribute, bin_by_number, group_by_name
from pipelines.inference.predictors import TextDetector
from synthtext.core import Image, Level, TextInstance


@dataclass(frozen=True)
class DetectorEvaluation:
    """Matches of every picture of a source, in its order, and their scores.

    Attributes:
        source: that was evaluated on.
        scores: over all pictures.
        matches: one a picture.
        problems: labels that were mended, made ignored or left out, by what was wrong with them.
    """

    source: SceneSource
    scores: DetectionScores
    matches: tuple[ImageMatchCounts, ...]
    problems: Counter[str]


class ImageEvaluation(NamedTuple):
    """A picture, its texts, and what a detector found."""

    scene: EncodedScene
    image: Image
    texts: tuple[TextInstance, ...]  # of the level that was wanted
    detections: Boxes
    outcomes: ImageOutcomes


def evaluate_detector(
    detector: TextDetector,
    source: SceneSource,
    advance: Callable[[int], None] = lambda _: None,
    level: Level = "word",
    on_image: Callable[[ImageEvaluation], None] = lambda _: None,
) -> DetectorEvaluation:
    """Find the texts in every picture of a source, with the preprocessing and post-processing of deployment.

    Args:
        detector: finds texts.
        source: at least one picture.
        advance: is told after every picture.
        level: of the texts to be found, where there are several, see `of_level`.
        note: is shown every picture and what was found in it.

    Raises:
        InputError: a picture is missing or broken; the sentence names it.
    """
    matches, problems = [], Counter[str]()
    for scene in iterate_scenes(source):
        image = decode_image(scene.image, f"{source.name}: {scene.key}")
        found, texts = detector.detect(image), instances_at_level(scene.instances, level)
        truths, ignore = [i.polygon for i in texts], [i.ignore for i in texts]
        outcomes = compare_detections(truths, ignore, found.polygons)
        matches.append(ImageMatchCounts.from_outcomes(outcomes))
        problems.update(scene.problems)
        on_image(ImageEvaluation(scene, image, texts, found, outcomes))
        advance(1)
    return DetectorEvaluation(source, detection_scores(matches), tuple(matches), problems)


MAX_PICTURES = 40
"""Pictures of one source on a page."""

_FLOATS = ("height_seen", "height", "angle", "contrast", "length", "gap", "confidence")
INSTANCE_DTYPE = np.dtype(
    [
        ("outcome", np.int8),
        ("covered", np.bool_),
        ("held", np.int64),
        *((name, np.float32) for name in _FLOATS),
        *((name, "U8") for name in ("origin", "level")),
    ]
)
"""A text or a detection that counts; what one of the two has not is NaN or empty. A detection is `covered` on text."""

_HEIGHTS = (8, 12, 16, 24, 32, 48, 64, 96)
_SEEN = SliceAttribute("height_seen", "Height as looked at", "px")
_HEIGHT = SliceAttribute("height", "Height in the picture", "px")
_ANGLE = SliceAttribute("angle", "Angle to the horizontal", "°")
_CONTRAST = SliceAttribute("contrast", "Contrast of ink and ground", "of 255")
_LENGTH = SliceAttribute("length", "Length", "characters", is_integer=True)
_GAP = SliceAttribute("gap", "Gap to the nearest other text", "heights")
_CONFIDENCE = SliceAttribute("confidence", "Confidence")
_HELD = SliceAttribute("held", "Texts that it holds", is_integer=True)
_ORIGIN = SliceAttribute("origin", "Origin")
_LEVEL = SliceAttribute("level", "Level")

_CONTRASTS, _LENGTHS, _CONFIDENCES = (20, 40, 60, 80, 120), (2, 3, 4, 6, 9, 13, 21), (0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
_GAPS = (0.15, 0.3, 0.5, 0.75, 1, 2)
_ANGLES = (5, 15, 30, 60, 120)


@dataclass(frozen=True, eq=False)
class DetectorAnalysis:
    """What became of the texts and the detections of a source.

    Attributes:
        evaluation: the scores that follow from it.
        texts: (N,) `THING`, those that count.
        detections: (M,) `THING`, those that count.
        pictures: with the most texts and detections that are not matched, worst first.
    """

    evaluation: DetectorEvaluation
    texts: NDArray[np.void]
    detections: NDArray[np.void]
    worst_pictures: tuple[WorstPicture, ...]

    def text_slices(self) -> list[Breakdown]:
        """The texts by what they are like: `matched`, `only_covered` and `missed` sum to the total."""
        texts, marks = self.texts, text_flags(self.texts)
        return [
            bin_by_number(_SEEN, texts["height_seen"], _HEIGHTS, marks),
            bin_by_number(_HEIGHT, texts["height"], _HEIGHTS, marks),
            bin_by_number(_ANGLE, texts["angle"], _ANGLES, marks),
            bin_by_number(_CONTRAST, texts["contrast"], _CONTRASTS, marks),
            bin_by_number(_LENGTH, texts["length"], _LENGTHS, marks),
            bin_by_number(_GAP, texts["gap"], _GAPS, marks),
            group_by_name(_ORIGIN, texts["origin"].tolist(), marks),
            group_by_name(_LEVEL, texts["level"].tolist(), marks),
        ]

    def detection_slices(self) -> list[Breakdown]:
        """The detections by what they are like: `matched`, `merged`, `other` and `invented` sum to the total."""
        found, marks = self.detections, detection_flags(self.detections)
        return [
            bin_by_number(_HELD, found["held"], (0, 1, 2, 3, 4, 6), marks),
            bin_by_number(_SEEN, found["height_seen"], _HEIGHTS, marks),
            bin_by_number(_HEIGHT, found["height"], _HEIGHTS, marks),
            bin_by_number(_ANGLE, found["angle"], _ANGLES[:-1], marks),
            bin_by_number(_CONTRAST, found["contrast"], _CONTRASTS, marks),
            bin_by_number(_CONFIDENCE, found["confidence"], _CONFIDENCES, marks),
        ]


def text_flags(texts: NDArray[np.void]) -> OutcomeFlags:
    """What became of texts."""
    outcome, covered = texts["outcome"], texts["covered"]
    matched = outcome == DetectionOutcome.MATCHED
    return {
        "matched": matched,
        "covered": covered,
        "only_covered": covered & ~matched,
        "missed": ~covered & ~matched,
        "merged": outcome == DetectionOutcome.MERGED,
        "split": outcome == DetectionOutcome.SPLIT,
        "too_large": outcome == DetectionOutcome.LOOSE,
        "too_small": outcome == DetectionOutcome.TIGHT,
        "no_detection": outcome == DetectionOutcome.ALONE,
    }


def detection_flags(found: NDArray[np.void]) -> OutcomeFlags:
    """What became of detections."""
    outcome = found["outcome"]
    others = (DetectionOutcome.SPLIT, DetectionOutcome.LOOSE, DetectionOutcome.TIGHT, DetectionOutcome.REPEATED)
    return {
        "matched": outcome == DetectionOutcome.MATCHED,
        "on_text": found["covered"],
        "merged": outcome == DetectionOutcome.MERGED,
        "other": np.isin(outcome, others),
        "split": outcome == DetectionOutcome.SPLIT,
        "too_large": outcome == DetectionOutcome.LOOSE,
        "too_small": outcome == DetectionOutcome.TIGHT,
        "repeated": outcome == DetectionOutcome.REPEATED,
        "invented": outcome == DetectionOutcome.ALONE,
    }


def analyse_detector(
    detector: TextDetector,
    source: SceneSource,
    advance: Callable[[int], None] = lambda _: None,
    level: Level = "word",
    max_pictures: int = MAX_PICTURES,
) -> DetectorAnalysis:
    """Evaluate a detector, see `evaluate_detector`, and keep what became of every text and every detection.

    Args:
        detector: finds texts.
        source: at least one picture.
        advance: is told after every picture.
        level: of the texts to be found.
        shown: worst pictures to keep, at least 1.
    """
    notes = _Notes(detector.preprocessing, source.name, max_pictures)
    evaluation = evaluate_detector(detector, source, advance, level, notes.add)
    texts, detections = (np.array(rows, INSTANCE_DTYPE) for rows in (notes.texts, notes.detections))
    worst = sorted(notes.worst, key=lambda entry: (-entry[0], -entry[1]))
    return DetectorAnalysis(evaluation, texts, detections, tuple(picture for *_, picture in worst))


@dataclass(eq=False)
class _Notes:
    """What is kept of every picture, and the worst pictures themselves."""

    preprocessing: DetectorPreprocessing
    source: str
    shown: int
    texts: list[tuple[Any, ...]] = field(default_factory=list)
    detections: list[tuple[Any, ...]] = field(default_factory=list)
    worst: list[tuple[int, int, WorstPicture]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)

    def add(self, looked: ImageEvaluation) -> None:
        """Note a picture."""
        height, width = looked.image.shape[:2]
        wide, high = self.preprocessing.input_size(width, height)
        scale, luminance = (wide * high / (width * height)) ** 0.5, to_grey(looked.image)
        outcomes = looked.outcomes
        apart = outline_distances([text.polygon for text in looked.texts])
        for text, outcome, covered, gap in zip(looked.texts, outcomes.texts, outcomes.covered, apart, strict=True):
            if outcome != DetectionOutcome.IGNORED:
                self.texts.append(_text_row(text, outcome, covered, gap, luminance, scale))
        for place, outcome in enumerate(outcomes.detections):
            if outcome != DetectionOutcome.IGNORED:
                self.detections.append(_detection_row(looked, place, luminance, scale))
        wrong = int(
            (outcomes.texts > DetectionOutcome.MATCHED).sum() + (outcomes.detections > DetectionOutcome.MATCHED).sum()
        )
        if wrong:
            # Of pictures that are equally bad the earlier ones are shown; the second number keeps pictures uncompared.
            entry = (
                wrong,
                -next(self._order),
                WorstPicture(self.source, looked.scene.key, looked.scene.image, _found(looked)),
            )
            if len(self.worst) < self.shown:
                heappush(self.worst, entry)
            else:
                heappushpop(self.worst, entry)


def _text_row(
    text: TextInstance, outcome: int, covered: bool, gap: float, luminance: Image, scale: float
) -> tuple[Any, ...]:
    height, angle = height_and_angle(text.polygon, text.text)
    length = len(text.text) or float("nan")
    numbers = scale * height, height, angle, otsu_contrast(luminance, text.polygon), length, gap / height, float("nan")
    return outcome, covered, 0, *numbers, text.origin.kind, text.level


def _detection_row(looked: ImageEvaluation, place: int, luminance: Image, scale: float) -> tuple[Any, ...]:
    polygon, outcomes = looked.detections.polygons[place], looked.outcomes
    height, angle = short_side_and_tilt(polygon)
    confidence = float(looked.detections.scores[place])
    numbers = scale * height, height, angle, otsu_contrast(luminance, polygon), float("nan"), float("nan"), confidence
    return outcomes.detections[place], outcomes.on_text[place], outcomes.contained_texts[place], *numbers, "", ""


def _found(looked: ImageEvaluation) -> tuple[EvaluatedInstance, ...]:
    """All outlines of a picture; those of texts first."""
    outcomes = looked.outcomes
    texts = (
        EvaluatedInstance("text", DetectionOutcome(outcome), text.polygon, text.text, bool(covered))
        for text, outcome, covered in zip(looked.texts, outcomes.texts, outcomes.covered, strict=True)
    )
    boxes = zip(
        looked.detections.polygons,
        looked.detections.scores,
        outcomes.detections,
        outcomes.on_text,
        outcomes.contained_texts,
        strict=True,
    )
    detections = (
        EvaluatedInstance(
            "detection", DetectionOutcome(outcome), polygon, f"{100 * score:.0f} %", bool(on_text), int(held)
        )
        for polygon, score, outcome, on_text, held in boxes
    )
    return (*texts, *detections)
