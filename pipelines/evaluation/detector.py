"""Evaluation of a detector on labelled scenes, and analysis of its errors by attribute."""

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
    """Matches in all images of a source, in its order, and their scores.

    Attributes:
        source: the labelled scenes.
        scores: over all images.
        matches: one per image.
        problems: number of labels that were repaired, ignored or left out, by reason.
    """

    source: SceneSource
    scores: DetectionScores
    matches: tuple[ImageMatchCounts, ...]
    problems: Counter[str]


class ImageEvaluation(NamedTuple):
    """An image with its labelled texts, of one level, and its detections."""

    scene: EncodedScene
    image: Image
    texts: tuple[TextInstance, ...]
    detections: Boxes
    outcomes: ImageOutcomes


def evaluate_detector(
    detector: TextDetector,
    source: SceneSource,
    advance: Callable[[int], None] = lambda _: None,
    level: Level = "word",
    on_image: Callable[[ImageEvaluation], None] = lambda _: None,
) -> DetectorEvaluation:
    """Detect the texts in all images of a source, and compare them with the labels.

    Args:
        detector: with the preprocessing and postprocessing of deployment.
        source: at least one image.
        advance: called with 1 after every image.
        level: of the labelled texts, if there are several levels; see `instances_at_level`.
        on_image: called with the evaluation of every image.

    Raises:
        InputError: an image is missing or cannot be decoded.
    """
    matches, problems = [], Counter[str]()
    for scene in iterate_scenes(source):
        image = decode_image(scene.image, f"{source.name}: {scene.key}")
        detections, texts = detector.detect(image), instances_at_level(scene.instances, level)
        polygons, ignore = [text.polygon for text in texts], [text.ignore for text in texts]
        outcomes = compare_detections(polygons, ignore, detections.polygons)
        matches.append(ImageMatchCounts.from_outcomes(outcomes))
        problems.update(scene.problems)
        on_image(ImageEvaluation(scene, image, texts, detections, outcomes))
        advance(1)
    return DetectorEvaluation(source, detection_scores(matches), tuple(matches), problems)


MAX_PICTURES = 40
"""Maximum of the images of a source on a page."""

_NUMBERS = ("input_height", "height", "angle", "contrast", "length", "text_distance", "confidence")
INSTANCE_DTYPE = np.dtype(
    [
        ("outcome", np.int8),
        ("covered", np.bool_),
        ("contained_texts", np.int64),
        *((name, np.float32) for name in _NUMBERS),
        *((name, "U8") for name in ("origin", "level")),
    ]
)
"""A text or a detection that is not ignored. Attributes that it does not have are NaN or empty; for a detection,
`covered` means that it is on text."""

_INPUT_HEIGHT = SliceAttribute("input_height", "Height in the network's input", "px")
_HEIGHT = SliceAttribute("height", "Height in the image", "px")
_ANGLE = SliceAttribute("angle", "Angle to the horizontal", "°")
_CONTRAST = SliceAttribute("contrast", "Contrast of ink and background", "of 255")
_LENGTH = SliceAttribute("length", "Length", "characters", is_integer=True)
_TEXT_DISTANCE = SliceAttribute("text_distance", "Distance to the nearest other text", "heights")
_CONFIDENCE = SliceAttribute("confidence", "Confidence")
_CONTAINED_TEXTS = SliceAttribute("contained_texts", "Number of texts in it", is_integer=True)
_ORIGIN = SliceAttribute("origin", "Origin")
_LEVEL = SliceAttribute("level", "Level")

_HEIGHT_EDGES, _ANGLE_EDGES = (8, 12, 16, 24, 32, 48, 64, 96), (5, 15, 30, 60, 120)
_CONTRAST_EDGES, _LENGTH_EDGES = (20, 40, 60, 80, 120), (2, 3, 4, 6, 9, 13, 21)
_CONFIDENCE_EDGES, _DISTANCE_EDGES = (0.65, 0.7, 0.75, 0.8, 0.85, 0.9), (0.15, 0.3, 0.5, 0.75, 1, 2)


@dataclass(frozen=True, eq=False)
class DetectorAnalysis:
    """An evaluation with the outcomes and attributes of all texts and detections.

    Attributes:
        evaluation: matches and scores.
        texts: (N,) `INSTANCE_DTYPE`, those that are not ignored.
        detections: (M,) `INSTANCE_DTYPE`, those that are not ignored.
        worst_pictures: images with the most unmatched texts and detections, worst first.
    """

    evaluation: DetectorEvaluation
    texts: NDArray[np.void]
    detections: NDArray[np.void]
    worst_pictures: tuple[WorstPicture, ...]

    def text_slices(self) -> list[Breakdown]:
        """Return the texts by each attribute."""
        texts, flags = self.texts, text_flags(self.texts)
        return [
            bin_by_number(_INPUT_HEIGHT, texts["input_height"], _HEIGHT_EDGES, flags),
            bin_by_number(_HEIGHT, texts["height"], _HEIGHT_EDGES, flags),
            bin_by_number(_ANGLE, texts["angle"], _ANGLE_EDGES, flags),
            bin_by_number(_CONTRAST, texts["contrast"], _CONTRAST_EDGES, flags),
            bin_by_number(_LENGTH, texts["length"], _LENGTH_EDGES, flags),
            bin_by_number(_TEXT_DISTANCE, texts["text_distance"], _DISTANCE_EDGES, flags),
            group_by_name(_ORIGIN, texts["origin"].tolist(), flags),
            group_by_name(_LEVEL, texts["level"].tolist(), flags),
        ]

    def detection_slices(self) -> list[Breakdown]:
        """Return the detections by each attribute."""
        detections, flags = self.detections, detection_flags(self.detections)
        return [
            bin_by_number(_CONTAINED_TEXTS, detections["contained_texts"], (0, 1, 2, 3, 4, 6), flags),
            bin_by_number(_INPUT_HEIGHT, detections["input_height"], _HEIGHT_EDGES, flags),
            bin_by_number(_HEIGHT, detections["height"], _HEIGHT_EDGES, flags),
            bin_by_number(_ANGLE, detections["angle"], _ANGLE_EDGES[:-1], flags),
            bin_by_number(_CONTRAST, detections["contrast"], _CONTRAST_EDGES, flags),
            bin_by_number(_CONFIDENCE, detections["confidence"], _CONFIDENCE_EDGES, flags),
        ]


def text_flags(texts: NDArray[np.void]) -> OutcomeFlags:
    """Return the outcomes of texts: `matched`, `covered_unmatched` and `false_negative` add up to all of them."""
    outcome, covered = texts["outcome"], texts["covered"]
    matched = outcome == DetectionOutcome.MATCHED
    return {
        "matched": matched,
        "covered": covered,
        "covered_unmatched": covered & ~matched,
        "false_negative": ~covered & ~matched,
        "merged": outcome == DetectionOutcome.MERGED,
        "split": outcome == DetectionOutcome.SPLIT,
        "oversized": outcome == DetectionOutcome.OVERSIZED,
        "undersized": outcome == DetectionOutcome.UNDERSIZED,
        "no_overlap": outcome == DetectionOutcome.NO_OVERLAP,
    }


def detection_flags(detections: NDArray[np.void]) -> OutcomeFlags:
    """Return the outcomes of detections: `matched`, `merged`, `other` and `false_positive` add up to all of them."""
    outcome = detections["outcome"]
    others = (
        DetectionOutcome.SPLIT,
        DetectionOutcome.OVERSIZED,
        DetectionOutcome.UNDERSIZED,
        DetectionOutcome.DUPLICATE,
    )
    return {
        "matched": outcome == DetectionOutcome.MATCHED,
        "on_text": detections["covered"],
        "merged": outcome == DetectionOutcome.MERGED,
        "other": np.isin(outcome, others),
        "split": outcome == DetectionOutcome.SPLIT,
        "oversized": outcome == DetectionOutcome.OVERSIZED,
        "undersized": outcome == DetectionOutcome.UNDERSIZED,
        "duplicate": outcome == DetectionOutcome.DUPLICATE,
        "false_positive": outcome == DetectionOutcome.NO_OVERLAP,
    }


def analyse_detector(
    detector: TextDetector,
    source: SceneSource,
    advance: Callable[[int], None] = lambda _: None,
    level: Level = "word",
    max_pictures: int = MAX_PICTURES,
) -> DetectorAnalysis:
    """Evaluate a detector and keep the outcomes and attributes of all texts and detections.

    Args:
        detector: see `evaluate_detector`, also for `source`, `advance` and `level`.
        source: at least one image.
        advance: called with 1 after every image.
        level: of the labelled texts.
        max_pictures: maximum of the worst images to keep, at least 1.
    """
    collector = _Collector(detector.preprocessing, source.name, max_pictures)
    evaluation = evaluate_detector(detector, source, advance, level, collector.add)
    texts, detections = (np.array(rows, INSTANCE_DTYPE) for rows in (collector.texts, collector.detections))
    worst = sorted(collector.worst, key=lambda entry: (-entry[0], -entry[1]))
    return DetectorAnalysis(evaluation, texts, detections, tuple(picture for *_, picture in worst))


@dataclass(eq=False)
class _Collector:
    """Collects the attributes of all texts and detections, and the worst images."""

    preprocessing: DetectorPreprocessing
    source: str
    max_pictures: int
    texts: list[tuple[Any, ...]] = field(default_factory=list)
    detections: list[tuple[Any, ...]] = field(default_factory=list)
    worst: list[tuple[int, int, WorstPicture]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)

    def add(self, evaluation: ImageEvaluation) -> None:
        """Add an image."""
        height, width = evaluation.image.shape[:2]
        input_width, input_height = self.preprocessing.input_size(width, height)
        scale, luminance = (input_width * input_height / (width * height)) ** 0.5, to_grey(evaluation.image)
        outcomes = evaluation.outcomes
        distances = outline_distances([text.polygon for text in evaluation.texts])
        for text, outcome, covered, distance in zip(
            evaluation.texts, outcomes.texts, outcomes.covered, distances, strict=True
        ):
            if outcome != DetectionOutcome.IGNORED:
                self.texts.append(_text_row(text, outcome, covered, distance, luminance, scale))
        for index, outcome in enumerate(outcomes.detections):
            if outcome != DetectionOutcome.IGNORED:
                self.detections.append(_detection_row(evaluation, index, luminance, scale))
        unmatched = int(
            (outcomes.texts > DetectionOutcome.MATCHED).sum() + (outcomes.detections > DetectionOutcome.MATCHED).sum()
        )
        if unmatched:
            scene = evaluation.scene
            picture = WorstPicture(self.source, scene.key, scene.image, _evaluated_instances(evaluation))
            # The second number prefers the earlier of equally bad images, and avoids comparing images.
            entry = unmatched, -next(self._order), picture
            if len(self.worst) < self.max_pictures:
                heappush(self.worst, entry)
            else:
                heappushpop(self.worst, entry)


def _text_row(
    text: TextInstance, outcome: int, covered: bool, distance: float, luminance: Image, scale: float
) -> tuple[Any, ...]:
    height, angle = height_and_angle(text.polygon, text.text)
    contrast, length = otsu_contrast(luminance, text.polygon), len(text.text) or float("nan")
    numbers = scale * height, height, angle, contrast, length, distance / height, float("nan")
    return outcome, covered, 0, *numbers, text.origin.kind, text.level


def _detection_row(evaluation: ImageEvaluation, index: int, luminance: Image, scale: float) -> tuple[Any, ...]:
    polygon, outcomes = evaluation.detections.polygons[index], evaluation.outcomes
    height, angle = short_side_and_tilt(polygon)
    confidence = float(evaluation.detections.scores[index])
    numbers = scale * height, height, angle, otsu_contrast(luminance, polygon), float("nan"), float("nan"), confidence
    return outcomes.detections[index], outcomes.on_text[index], outcomes.contained_texts[index], *numbers, "", ""


def _evaluated_instances(evaluation: ImageEvaluation) -> tuple[EvaluatedInstance, ...]:
    outcomes, detections = evaluation.outcomes, evaluation.detections
    texts = (
        EvaluatedInstance("text", DetectionOutcome(outcome), text.polygon, text.text, bool(covered))
        for text, outcome, covered in zip(evaluation.texts, outcomes.texts, outcomes.covered, strict=True)
    )
    columns = (outcomes.detections, outcomes.on_text, outcomes.contained_texts)
    found = (
        EvaluatedInstance(
            "detection", DetectionOutcome(outcome), polygon, f"{100 * score:.0f} %", bool(on_text), int(contained)
        )
        for polygon, score, outcome, on_text, contained in zip(
            detections.polygons, detections.scores, *columns, strict=True
        )
    )
    return (*texts, *found)
