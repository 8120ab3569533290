"""What a detector finds on labelled pictures, and how good that is."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from models.db.boxes import Boxes
from models.detection_metric import DetectionScores, ImageMatch, detection_scores
from models.detection_outcomes import ImageOutcomes, compare_image
from pipelines.networks import TextDetector
from pipelines.reader.levels import of_level
from pipelines.reader.picture import decode
from pipelines.reader.scene_source import EncodedScene, SceneSource, iterate_scenes
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
    matches: tuple[ImageMatch, ...]
    problems: Counter[str]


class LookedAt(NamedTuple):
    """A picture, its texts, and what a detector found."""

    scene: EncodedScene
    image: Image
    texts: tuple[TextInstance, ...]  # of the level that was wanted
    found: Boxes
    outcomes: ImageOutcomes


def evaluate_detector(
    detector: TextDetector,
    source: SceneSource,
    advance: Callable[[int], None] = lambda _: None,
    level: Level = "word",
    note: Callable[[LookedAt], None] = lambda _: None,
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
        image = decode(scene.image, f"{source.name}: {scene.key}")
        found, texts = detector.detect(image), of_level(scene.instances, level)
        truths, ignore = [i.polygon for i in texts], [i.ignore for i in texts]
        outcomes = compare_image(truths, ignore, found.polygons)
        matches.append(ImageMatch.of(outcomes))
        problems.update(scene.problems)
        note(LookedAt(scene, image, texts, found, outcomes))
        advance(1)
    return DetectorEvaluation(source, detection_scores(matches), tuple(matches), problems)
