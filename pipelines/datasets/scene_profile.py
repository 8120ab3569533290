"""Statistics of labelled scenes. Images are not decoded."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon as Area

from pipelines.datasets.image import image_size
from pipelines.datasets.line_profile import content_hash, load_description, sample_rows
from pipelines.datasets.rectify import line_size, to_line_polygon
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import BROKEN_IMAGE, read_row
from pipelines.io.description import DatasetDescription
from pipelines.io.statistics import Statistics
from pipelines.progress import progress_bar
from synthtext.core import InputError, Level, Origin, TextInstance, bounding_box

MAX_INSPECTED_SCENES = 5000
"""Maximum number of scenes that are read."""

MIN_OVERLAP = 0.5
"""Two texts overlap if their intersection is larger than this share of the smaller one."""

LEVELS: tuple[Level, ...] = get_args(Level)
ORIGINS: tuple[str, ...] = get_args(get_type_hints(Origin)["kind"])

SceneRows: TypeAlias = NDArray[np.void]
"""A structured array."""

SCENE_DTYPE = np.dtype(
    [(name, np.int64) for name in ("row", "width", "height", "texts", "ignored", "digest", "labels")]
)
"""A scene: row in the source, image size in pixels, number of texts, number of ignored texts, hash of the image file
and hash of the labels."""

TEXT_DTYPE = np.dtype(
    [
        *((name, np.int64) for name in ("scene", "index", "level", "origin", "length", "points")),
        *((name, np.int64) for name in ("width", "height", "angle", "overlaps")),
        *((name, np.float32) for name in ("beyond", "inside")),
        *((name, np.bool_) for name in ("ignore", "orphan")),
    ]
)
"""A text: number of its scene, its index in the scene, indices into `LEVELS` and `ORIGINS`, number of characters,
number of polygon points, width and height of the line (pixels), reading direction (degrees, clockwise from the right),
number of later texts that it overlaps, pixels by which it exceeds the edge of the image and by which it reaches into
the image, whether it is ignored, and whether its parent does not exist."""


@dataclass(frozen=True, eq=False)
class SceneProfile:
    """Statistics of a source of N scenes.

    Attributes:
        source: The scenes.
        scenes: (n,) `SCENE_DTYPE`, the readable scenes of the sample, in order.
        texts: (m,) `TEXT_DTYPE`, texts of these scenes.
        characters: Number of occurrences of each character in texts that are not ignored.
        problems: Number of corrected, ignored or dropped labels by problem.
        unreadable: Number of scenes that cannot be read by reason.
        description: Description of the dataset; None if the source is not a dataset folder of this project.
        statistics: Statistics of the finished shards; empty without a description.
    """

    source: SceneSource
    scenes: SceneRows
    texts: SceneRows
    characters: Counter[str]
    problems: Counter[str]
    unreadable: Counter[str]
    description: DatasetDescription | None
    statistics: Statistics

    def __len__(self) -> int:
        return len(self.source)

    @property
    def sampled(self) -> int:
        """Number of scenes in the sample."""
        return len(self.scenes) + self.unreadable.total()

    def keys(self, scenes: Sequence[int]) -> tuple[str, ...]:
        """Read the keys of some scenes of the sample."""
        return tuple(scene.key for scene in self.source.read(self.scenes["row"][list(scenes)]))

    def labels(self, texts: Sequence[int]) -> tuple[str, ...]:
        """Read some texts, each with the key of its scene."""
        chosen = self.texts[list(texts)]
        scenes = self.source.read(self.scenes["row"][chosen["scene"]])
        pairs = zip(chosen["index"].tolist(), scenes, strict=True)
        return tuple(f"{scene.instances[index].text} in {scene.key}" for index, scene in pairs)

    def sample(self, max_scenes: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Choose up to `max_scenes` random rows among the readable scenes, in ascending order."""
        rows = self.scenes["row"]
        return np.sort(rng.choice(rows, min(max_scenes, len(rows)), replace=False))


def profile_scenes(source: SceneSource, rng: np.random.Generator) -> SceneProfile:
    """Read all scenes, or a random choice if there are more than `MAX_INSPECTED_SCENES`."""
    scenes: list[tuple[int, ...]] = []
    texts: list[tuple[Any, ...]] = []
    characters, problems, unreadable = Counter[str](), Counter[str](), Counter[str]()
    rows = sample_rows(source.group_offsets, rng, MAX_INSPECTED_SCENES)
    with progress_bar("inspecting", total=len(rows), unit="scenes") as bar:
        for row in rows.tolist():
            read = _read_scene(source, row)
            if isinstance(read, str):
                unreadable[read] += 1
            else:
                scene, size = read
                texts += _text_rows(len(scenes), scene.instances, *size)
                scenes.append((row, *size, *_scene_columns(scene)))
                characters.update("".join(text.text for text in scene.instances if not text.ignore))
                problems.update(scene.problems)
            bar.advance()
    description, statistics = load_description(source.name)
    return SceneProfile(
        source=source,
        scenes=np.array(scenes, SCENE_DTYPE),
        texts=np.array(texts, TEXT_DTYPE),
        characters=characters,
        problems=problems + statistics.problems,
        unreadable=unreadable,
        description=description,
        statistics=statistics,
    )


def _read_scene(source: SceneSource, row: int) -> tuple[EncodedScene, tuple[int, int]] | str:
    """Read a scene and the size of its image, or return the reason why they cannot be read."""
    scene = read_row(source, row)
    try:
        return scene if isinstance(scene, str) else (scene, image_size(scene.image, scene.key))
    except InputError:
        return BROKEN_IMAGE


def _scene_columns(scene: EncodedScene) -> tuple[int, int, int, int]:
    """Return the columns of `SCENE_DTYPE` from `texts` on."""
    ignored = sum(instance.ignore for instance in scene.instances)
    labels = hash(tuple((instance.text, instance.polygon.tobytes()) for instance in scene.instances))
    return len(scene.instances), ignored, content_hash(scene.image), labels


def _text_rows(scene: int, instances: Sequence[TextInstance], width: int, height: int) -> Iterator[tuple[Any, ...]]:
    overlaps = count_overlaps(instances)
    for index, instance in enumerate(instances):
        line = to_line_polygon(instance.polygon)
        direction = line[len(line) // 2 - 1] - line[0]
        low, high = instance.polygon.min(axis=0), instance.polygon.max(axis=0)
        beyond = max(-float(low.min()), float(high[0]) - width, float(high[1]) - height)
        inside = min(float(high.min()), width - float(low[0]), height - float(low[1]))
        yield (
            *(scene, index, LEVELS.index(instance.level), ORIGINS.index(instance.origin.kind)),
            *(len(instance.text), len(instance.polygon), *line_size(line)),
            *(round(float(np.rad2deg(np.arctan2(direction[1], direction[0])))), overlaps[index]),
            *(beyond, inside, instance.ignore, not -1 <= instance.parent < len(instances)),
        )


def count_overlaps(instances: Sequence[TextInstance]) -> list[int]:
    """Count the later texts of the same level that each text of a scene overlaps; ignored texts do not count."""
    counts = [0] * len(instances)
    if len(instances) < 2:
        return counts
    boxes = np.array([bounding_box(instance.polygon) for instance in instances])
    low, high = np.maximum(boxes[:, None, :2], boxes[None, :, :2]), np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    counted = np.array([not instance.ignore for instance in instances])
    levels = np.array([instance.level for instance in instances])
    candidates = (low < high).all(axis=2) & counted[:, None] & counted & (levels[:, None] == levels)
    areas: dict[int, Area] = {}
    for pair in np.argwhere(np.triu(candidates, 1)).tolist():
        first, second = (areas.setdefault(index, Area(instances[index].polygon).buffer(0)) for index in pair)
        smaller = min(first.area, second.area)
        counts[pair[0]] += bool(smaller > 0 and first.intersection(second).area > MIN_OVERLAP * smaller)
    return counts
