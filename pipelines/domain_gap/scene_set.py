"""Sets of scenes that are compared: read from data or drawn from a recipe, and measured."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.open import open_scene_source
from pipelines.datasets.preprocessing import DetectorPreprocessing
from pipelines.datasets.scene_source import EncodedScene, SceneSource, instances_at_level
from pipelines.domain_gap.features import feature_table
from pipelines.domain_gap.instance_features import INSTANCE_FEATURES, gap_features, measure_instance
from pipelines.domain_gap.measured_set import Collector, MeasuredSet, check_no_overrides, resolve_recipe_of
from pipelines.domain_gap.scene_features import SCENE_FEATURES, measure_scene
from pipelines.domain_gap.text_geometry import measure_gaps, text_frame
from pipelines.errors import format_counts
from pipelines.io.encode import ImageFormat, encode_image
from pipelines.recipes.drawing import draw_samples, opencv_single_thread
from pipelines.recipes.presets import is_recipe
from synthtext.core import Image, InputError, Level, Polygon, Scene, SkippedSample, TextInstance, bounding_box

MAX_TEXTS = 32
"""Legible texts of a scene whose features are measured; if there are more, they are chosen at random."""

_CONTEXT = 1.5  # heights around a text that its image shows
_SHOWN_SIDE, _SHOWN_SCENE = 240, 320  # pixels of the longer side of the images of texts and of scenes
_LEGIBLE, _IGNORED, _OTHER = (0, 170, 60), (230, 0, 200), (235, 120, 0)  # RGB colours of outlines


@dataclass(frozen=True, eq=False, kw_only=True)
class InstanceSet(MeasuredSet):
    """N legible texts of scenes; their images show their surroundings and outlines.

    Attributes:
        scenes: (N,) row of the scene of each text.
    """

    FEATURES: ClassVar = INSTANCE_FEATURES

    scenes: NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class SceneSet(MeasuredSet):
    """N measured scenes; their images show the outlines of the texts.

    Attributes:
        instances: The texts.
    """

    FEATURES: ClassVar = SCENE_FEATURES

    instances: InstanceSet


class _SceneCollector(Collector[EncodedScene]):
    UNIT = "scenes"
    CHUNK_SIZE = 8

    def __init__(self, level: Level, seed: int, *, with_images: bool = True) -> None:
        super().__init__()
        self._level, self._seed, self._with_images = level, seed, with_images
        self.scenes: list[tuple[str, bytes, dict[str, float]]] = []
        self.instances: list[tuple[int, str, bytes, str, dict[str, float]]] = []

    def measure(self, sample: EncodedScene, image: Image) -> None:
        """Measure a scene and its legible texts."""
        instances = instances_at_level(sample.instances, self._level)
        frames = [text_frame(instance) for instance in instances]
        gaps = measure_gaps([instance.polygon for instance in instances], frames)
        scale = _input_scale(image)
        number = len(self.scenes)
        for row in _choose_legible(instances, np.random.default_rng((self._seed, number))):
            features = measure_instance(image, instances[row], frames[row], gap_features(gaps, row), scale)
            shown = _draw_instance(image, instances, row, frames[row].height) if self._with_images else b""
            self.instances.append((number, sample.key, shown, instances[row].text, features))
        shown = _draw_scene(image, instances) if self._with_images else b""
        self.scenes.append((sample.key, shown, measure_scene(image, instances, frames, gaps, scale)))

    def finish(self, name: str, total: int, *, is_recipe: bool = False) -> SceneSet:
        """Return the set; raises InputError if there is no scene, or no legible text."""
        if not self.instances:
            what = "readable scene" if not self.scenes else f"legible text of the level {self._level}"
            raise InputError(f"{name} has no {what}: {format_counts(self.broken) or 'it is empty'}")
        numbers, names, crops, texts, rows = zip(*self.instances, strict=True)
        keys, images, scene_rows = zip(*self.scenes, strict=True)
        instances = InstanceSet(
            *(name, len(crops), names, crops, texts, feature_table(rows, INSTANCE_FEATURES), is_recipe),
            scenes=np.array(numbers, np.int64),
        )
        features = feature_table(scene_rows, SCENE_FEATURES)
        return SceneSet(name, total, keys, images, [""] * len(keys), features, is_recipe, instances=instances)


def _input_scale(image: Image) -> float:
    """Return the size of an image in the input of a detector, as by default, over its size in pixels."""
    height, width = image.shape[:2]
    return math.sqrt(math.prod(DetectorPreprocessing().input_size(width, height)) / (width * height))


def _choose_legible(instances: Sequence[TextInstance], rng: np.random.Generator) -> list[int]:
    legible = np.array([row for row, instance in enumerate(instances) if not instance.ignore], np.int64)
    if len(legible) > MAX_TEXTS:
        legible = np.sort(rng.choice(legible, MAX_TEXTS, replace=False))
    return [int(row) for row in legible]


def _draw_instance(image: Image, instances: Sequence[TextInstance], row: int, height: float) -> bytes:
    """Encode the surroundings of a text, with its outline and those of other texts."""
    box, margin = bounding_box(instances[row].polygon), math.ceil(_CONTEXT * height)
    size = np.array(image.shape[1::-1])
    low = np.clip(np.floor((box.left, box.top)).astype(int) - margin, 0, size - 1)
    high = np.clip(np.ceil((box.right, box.bottom)).astype(int) + margin, low + 1, size)
    window = image[low[1] : high[1], low[0] : high[0]]
    near = [(instance.polygon - low, _OTHER) for instance in instances if instance is not instances[row]]
    return _encode_outlined(window, [*near, (instances[row].polygon - low, _LEGIBLE)], _SHOWN_SIDE)


def _draw_scene(image: Image, instances: Sequence[TextInstance]) -> bytes:
    outlines = [(instance.polygon, _IGNORED if instance.ignore else _LEGIBLE) for instance in instances]
    return _encode_outlined(image, outlines, _SHOWN_SCENE)


def _encode_outlined(image: Image, outlines: Sequence[tuple[Polygon, tuple[int, int, int]]], side: int) -> bytes:
    """Encode an image as JPEG, with at most `side` pixels on its longer side and with outlines."""
    scale = min(side / max(image.shape[:2]), 1.0)
    size = [max(round(pixels * scale), 1) for pixels in image.shape[1::-1]]
    shown = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2BGR)
    for polygon, colour in outlines:
        points = np.round(polygon * scale - 0.5).astype(np.int32)
        cv2.polylines(shown, [points], True, colour[::-1], 1, cv2.LINE_AA)
    return cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def read_scenes(source: SceneSource, count: int, seed: int, level: Level = "word") -> SceneSet:
    """Read and measure scenes of a source: all, or `count` random ones if there are more.

    Args:
        source: Labelled scenes.
        count: At least 1.
        seed: Of the choice of scenes, and of texts in scenes of more than `MAX_TEXTS`.
        level: Of the texts, if there are several levels; see `instances_at_level`.

    Raises:
        InputError: No scene can be read, or none has a legible text.
    """
    collector = _SceneCollector(level, seed)
    collector.read(source, count, seed)
    return collector.finish(source.name, len(source))


def draw_scenes(recipe: str, count: int, seed: int, overrides: Sequence[str] = (), level: Level = "word") -> SceneSet:
    """Draw and measure the scenes that `ocrmill generate RECIPE -n COUNT --seed SEED` would write.

    Raises:
        InputError: The recipe is invalid, or draws lines.
        JobError: Too many samples were skipped, or the generator failed.
    """
    resolved = resolve_recipe_of("scenes", recipe, overrides)
    collector = _SceneCollector(level, seed)
    with opencv_single_thread():
        scenes = draw_samples(resolved.generator(seed), range(count), recipe)
        collector.draw((_encode(scene, resolved.image_format) for scene in scenes), count, recipe)
    return collector.finish(recipe, len(collector.scenes), is_recipe=True)


def _encode(scene: Scene | SkippedSample, image_format: ImageFormat) -> EncodedScene | SkippedSample:
    if isinstance(scene, SkippedSample):
        return scene
    return EncodedScene(scene.key, encode_image(scene, image_format), scene.instances)


def measure_scenes(scenes: Iterable[Scene], image_format: ImageFormat, name: str, level: Level = "word") -> SceneSet:
    """Measure drawn scenes as a dataset stores them; the set has no images."""
    collector = _SceneCollector(level, 0, with_images=False)
    for scene in scenes:
        collector.add(EncodedScene(scene.key, encode_image(scene, image_format), scene.instances))
    return collector.finish(name, len(collector.scenes), is_recipe=True)


def load_scenes(spec: str, count: int, seed: int, overrides: Sequence[str] = (), level: Level = "word") -> SceneSet:
    """Draw the scenes of a recipe, or read those of a source; raises InputError if `overrides` are for no recipe."""
    if is_recipe(spec):
        return draw_scenes(spec, count, seed, overrides, level)
    check_no_overrides(spec, overrides)
    return read_scenes(open_scene_source(spec), count, seed, level)
