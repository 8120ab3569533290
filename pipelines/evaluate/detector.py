"""What a detector finds on labelled pictures, and how good that is."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from models.detection_metric import DetectionScores, ImageMatch, detection_scores, match_image
from pipelines.networks import TextDetector
from pipelines.reader.levels import of_level
from pipelines.reader.picture import decode
from pipelines.reader.scene_source import SceneSource, iterate_scenes
from synthtext.core import Level


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


def evaluate_detector(
    detector: TextDetector,
    source: SceneSource,
    advance: Callable[[int], None] = lambda _: None,
    level: Level = "word",
) -> DetectorEvaluation:
    """Find the texts in every picture of a source, with the preprocessing and post-processing of deployment.

    Args:
        detector: finds texts.
        source: at least one picture.
        advance: is told after every picture.
        level: of the texts to be found, where there are several, see `of_level`.

    Raises:
        InputError: a picture is missing or broken; the sentence names it.
    """
    matches, problems = [], Counter[str]()
    for scene in iterate_scenes(source):
        found = detector.detect(decode(scene.image, f"{source.name}: {scene.key}"))
        wanted = of_level(scene.instances, level)
        truths, ignore = [i.polygon for i in wanted], [i.ignore for i in wanted]
        matches.append(match_image(truths, ignore, found.polygons))
        problems.update(scene.problems)
        advance(1)
    return DetectorEvaluation(source, detection_scores(matches), tuple(matches), problems)
