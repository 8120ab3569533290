"""Evaluation of a detector on labelled scenes, and analysis of its errors by attribute."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
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
    """Matches in each image of a source, in its order, and the scores over all images.

    `problems` is the number of labels that were repaired, ignored or left out, by reason.
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

_HEIGHTS, _ANGLES, _CONTRASTS = (8, 12, 16, 24, 32, 48, 64, 96), (5, 15, 30, 60, 120), (20, 40, 60, 80, 120)
_INPUT_HEIGHT = SliceAttribute("input_height", "Height in the network's input", "px")
_HEIGHT = SliceAttribute("height", "Height in the image", "px")
_ANGLE = SliceAttribute("angle", "Angle to the horizontal", "°")
_CONTRAST = SliceAttribute("contrast", "Contrast of ink and background", "of 255")

_TEXT_EDGES = {
    _INPUT_HEIGHT: _HEIGHTS,
    _HEIGHT: _HEIGHTS,
    _ANGLE: _ANGLES,
    _CONTRAST: _CONTRASTS,
    SliceAttribute("length", "Length", "characters", is_integer=True): (2, 3, 4, 6, 9, 13, 21),
    SliceAttribute("text_distance", "Distance to the nearest other text", "heights"): (0.15, 0.3, 0.5, 0.75, 1, 2),
}
_TEXT_NAMES = (SliceAttribute("origin", "Origin"), SliceAttribute("level", "Level"))
_DETECTION_EDGES = {
    SliceAttribute("contained_texts", "Number of texts in it", is_integer=True): (0, 1, 2, 3, 4, 6),
    _INPUT_HEIGHT: _HEIGHTS,
    _HEIGHT: _HEIGHTS,
    _ANGLE: _ANGLES[:-1],
    _CONTRAST: _CONTRASTS,
    SliceAttribute("confidence", "Confidence"): (0.65, 0.7, 0.75, 0.8, 0.85, 0.9),
}


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

    @cached_property
    def text_flags(self) -> OutcomeFlags:
        """Outcomes of texts: `matched`, `covered_unmatched` and `false_negative` add up to all of them."""
        covered, matched = self.texts["covered"], self.texts["outcome"] == DetectionOutcome.MATCHED
        return {
            "matched": matched,
            "covered": covered,
            "covered_unmatched": covered & ~matched,
            "false_negative": ~covered & ~matched,
            **_equal(self.texts, "merged", "split", "oversized", "undersized", "no_overlap"),
        }

    @cached_property
    def detection_flags(self) -> OutcomeFlags:
        """Outcomes of detections: `matched`, `merged`, `other` and `false_positive` add up to all of them."""
        others = _equal(self.detections, "split", "oversized", "undersized", "duplicate")
        return {
            **_equal(self.detections, "matched"),
            "on_text": self.detections["covered"],
            **_equal(self.detections, "merged"),
            "other": np.any(list(others.values()), axis=0),
            **others,
            "false_positive": _equal(self.detections, "no_overlap")["no_overlap"],
        }

    def text_slices(self) -> list[Breakdown]:
        """Return the texts by each attribute."""
        texts, flags = self.texts, self.text_flags
        numbers = [
            bin_by_number(attribute, texts[attribute.key], edges, flags) for attribute, edges in _TEXT_EDGES.items()
        ]
        return [*numbers, *(group_by_name(a, texts[a.key].tolist(), flags) for a in _TEXT_NAMES)]

    def detection_slices(self) -> list[Breakdown]:
        """Return the detections by each attribute."""
        detections, flags = self.detections, self.detection_flags
        return [
            bin_by_number(attribute, detections[attribute.key], edges, flags)
            for attribute, edges in _DETECTION_EDGES.items()
        ]


def _equal(instances: NDArray[np.void], *names: str) -> dict[str, NDArray[np.bool_]]:
    """Return which instances have each outcome, by its name in lower case."""
    return {name: instances["outcome"] == DetectionOutcome[name.upper()] for name in names}


def analyse_detector(
    detector: TextDetector,
    source: SceneSource,
    advance: Callable[[int], None] = lambda _: None,
    level: Level = "word",
) -> DetectorAnalysis:
    """Evaluate a detector and keep the outcomes and attributes of all texts and detections.

    At most `MAX_PICTURES` of the worst images are kept. For the arguments see `evaluate_detector`.
    """
    collector = _Collector(detector.preprocessing, source.name)
    evaluation = evaluate_detector(detector, source, advance, level, collector.add)
    texts, detections = (np.array(rows, INSTANCE_DTYPE) for rows in (collector.texts, collector.detections))
    return DetectorAnalysis(evaluation, texts, detections, tuple(picture for _, picture in collector.worst))


@dataclass(eq=False)
class _Collector:
    """Collects the attributes of all texts and detections, and the worst images."""

    preprocessing: DetectorPreprocessing
    source: str
    texts: list[tuple[Any, ...]] = field(default_factory=list)
    detections: list[tuple[Any, ...]] = field(default_factory=list)
    worst: list[tuple[int, WorstPicture]] = field(default_factory=list)  # by falling number of unmatched instances

    def add(self, evaluation: ImageEvaluation) -> None:
        """Add an image."""
        height, width = evaluation.image.shape[:2]
        input_width, input_height = self.preprocessing.input_size(width, height)
        scale, luminance = (input_width * input_height / (width * height)) ** 0.5, to_grey(evaluation.image)
        outcomes = evaluation.outcomes
        distances = outline_distances([text.polygon for text in evaluation.texts])
        texts = zip(evaluation.texts, outcomes.texts, outcomes.covered, distances, strict=True)
        self.texts += [_text_row(*text, luminance, scale) for text in texts if text[1] != DetectionOutcome.IGNORED]
        found = np.flatnonzero(outcomes.detections != DetectionOutcome.IGNORED).tolist()
        self.detections += [_detection_row(evaluation, index, luminance, scale) for index in found]
        both = np.concatenate([outcomes.texts, outcomes.detections])
        if unmatched := int((both > DetectionOutcome.MATCHED).sum()):
            scene = evaluation.scene
            picture = WorstPicture(self.source, scene.key, scene.image, _evaluated_instances(evaluation))
            worst = sorted([*self.worst, (unmatched, picture)], key=lambda entry: -entry[0])
            self.worst = worst[:MAX_PICTURES]


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
    columns = (
        *(detections.polygons, detections.scores),
        *(outcomes.detections, outcomes.on_text, outcomes.contained_texts),
    )
    found = (
        EvaluatedInstance(
            "detection", DetectionOutcome(outcome), polygon, f"{100 * score:.0f} %", bool(on_text), int(contained)
        )
        for polygon, score, outcome, on_text, contained in zip(*columns, strict=True)
    )
    return (*texts, *found)
