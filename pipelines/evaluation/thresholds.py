"""Grid search of a detector's thresholds on labelled scenes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from models.db.boxes import find_boxes
from models.detection_metric import DetectionScores, ImageMatchCounts, count_matches, detection_scores
from pipelines.datasets.image import decode_image
from pipelines.datasets.scene_source import EncodedScene, SceneSource, instances_at_level, iterate_scenes
from pipelines.inference.predictors import TextDetector
from synthtext.core import Level, TextInstance

THRESHOLD_GRID = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
BOX_THRESHOLD_GRID = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)

ThresholdPair = tuple[float, float]


@dataclass(frozen=True)
class ThresholdScores:
    """Scores of each source, by name, for a pair of thresholds of `PostprocessSettings`."""

    threshold: float
    box_threshold: float
    scores: dict[str, DetectionScores]

    @property
    def hmean(self) -> float:
        """Mean over the sources."""
        return sum(score.hmean for score in self.scores.values()) / len(self.scores)


def sweep_thresholds(
    detector: TextDetector,
    sources: Sequence[SceneSource],
    advance: Callable[[int], None] = lambda _: None,
    level: Level = "word",
) -> list[ThresholdScores]:
    """Score a detector with all pairs of a grid of thresholds, which includes its own. The network runs once per image.

    Args:
        detector: finds the texts.
        sources: at least one.
        advance: called with 1 after every image.
        level: of the labelled texts, if there are several levels; see `instances_at_level`.

    Returns:
        One entry per pair, the best first; of equally good ones, the nearest to the detector's own.

    Raises:
        InputError: an image is missing or cannot be decoded.
    """
    own = detector.postprocessing.threshold, detector.postprocessing.box_threshold
    pairs = list(product(sorted({*THRESHOLD_GRID, own[0]}), sorted({*BOX_THRESHOLD_GRID, own[1]})))
    scores: dict[ThresholdPair, dict[str, DetectionScores]] = {pair: {} for pair in pairs}
    for source in sources:
        matches: dict[ThresholdPair, list[ImageMatchCounts]] = {pair: [] for pair in pairs}
        for scene in iterate_scenes(source):
            for pair, match in _matches(detector, scene, instances_at_level(scene.instances, level), pairs).items():
                matches[pair].append(match)
            advance(1)
        for pair in pairs:
            scores[pair][source.name] = detection_scores(matches[pair])
    entries = [ThresholdScores(*pair, by_source) for pair, by_source in scores.items()]
    return sorted(entries, key=lambda e: (-e.hmean, abs(e.threshold - own[0]) + abs(e.box_threshold - own[1])))


def _matches(
    detector: TextDetector, scene: EncodedScene, texts: Sequence[TextInstance], pairs: Sequence[ThresholdPair]
) -> dict[ThresholdPair, ImageMatchCounts]:
    image = decode_image(scene.image, scene.key)
    polygons, ignore = [text.polygon for text in texts], [text.ignore for text in texts]
    probability, size = detector.probability_map(image), (image.shape[1], image.shape[0])
    lowest = min(box_threshold for _, box_threshold in pairs)
    result: dict[ThresholdPair, ImageMatchCounts] = {}
    for threshold in sorted({threshold for threshold, _ in pairs}):
        settings = replace(detector.postprocessing, threshold=threshold, box_threshold=lowest)
        boxes = find_boxes(probability, settings, size)
        known: dict[int, ImageMatchCounts] = {}  # by the number of remaining boxes, which identifies them
        for box_threshold in (box_threshold for other, box_threshold in pairs if other == threshold):
            kept = [p for p, score in zip(boxes.polygons, boxes.scores.tolist(), strict=True) if score >= box_threshold]
            if len(kept) not in known:
                known[len(kept)] = count_matches(polygons, ignore, kept)
            result[threshold, box_threshold] = known[len(kept)]
    return result
