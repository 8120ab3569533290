"""Everything that a page about scenes says, gathered before a word of it is written."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import image_size
from pipelines.datasets.rectify import line_size, to_line_polygon
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import BROKEN_IMAGE, read_row
from pipelines.io.description import DatasetDescription
from pipelines.io.statistics import Statistics
from pipelines.progress import progress_bar
from pipelines.reports.charts import Histogram, bar_chart, histogram_chart
from pipelines.reports.line_checks import Finding
from pipelines.reports.line_dataset import character_tiles, findings_list, page_title, summary_facts
from pipelines.reports.line_facts import load_description
from pipelines.reports.page import Html, Section, content_hash, element, join, render_page, sample_rows
from pipelines.reports.picture import count_overlaps
from pipelines.reports.samples import scene_grid
from synthtext.core import InputError, Level, TextInstance

MAX_INSPECTED_SCENES = 5000
"""Most scenes that are looked at."""

LEVELS: tuple[Level, ...] = get_args(Level)
ORIGINS = ("rendered", "pasted", "real")


SceneRows = NDArray[np.void]
"""A structured array."""

SCENE_DTYPE = np.dtype(
    [(name, np.int64) for name in ("row", "width", "height", "texts", "ignored", "digest", "labels")]
)
"""A scene: its row in the source, the size of its picture, how many texts, how many to be ignored, equal numbers for
equal files and for equal labels."""

TEXT_DTYPE = np.dtype(
    [
        *((name, np.int64) for name in ("scene", "place", "level", "origin", "length", "points")),
        *((name, np.int64) for name in ("width", "height", "angle", "overlaps")),
        *((name, np.float32) for name in ("beyond", "inside")),
        *((name, np.bool_) for name in ("ignore", "orphan")),
    ]
)
"""A text: which of the scenes, which in it; level and origin by number; characters; points of its polygon; width and
height of its line (pixels), direction in which it runs (degrees, clockwise from the right); how many later texts it
overlaps; pixels by which it reaches over the picture's edge, and by which it reaches into the picture; whether it is to
be ignored, and whether its parent is none."""


@dataclass(frozen=True, eq=False)
class SceneProfile:
    """What is known of scenes.

    Attributes:
        source: the scenes; N in all.
        scenes: (n,) `SCENE`, those that were looked at and can be read, in order.
        texts: (m,) `TEXT`, of these.
        characters: of texts that are read.
        problems: labels that were mended, made ignored or left out.
        unreadable: scenes that cannot be read, by reason.
        description: of a data set of ours.
        statistics: of a data set of ours, over its finished shards.
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
        """Scenes that were looked at."""
        return len(self.scenes) + self.unreadable.total()

    def keys(self, scenes: Iterable[int]) -> tuple[str, ...]:
        """The keys of a few of the scenes that were looked at."""
        return tuple(self._scene(scene).key for scene in scenes)

    def labels(self, texts: Iterable[int]) -> tuple[str, ...]:
        """A few of the texts, each with the key of its scene."""
        found = []
        for text in self.texts[list(texts)]:
            scene = self._scene(int(text["scene"]))
            found.append(f"{scene.instances[int(text['place'])].text} in {scene.key}")
        return tuple(found)

    def _scene(self, scene: int) -> EncodedScene:
        return self.source.read(self.scenes["row"][scene : scene + 1])[0]


def profile_scenes(source: SceneSource, rng: np.random.Generator, most: int = MAX_INSPECTED_SCENES) -> SceneProfile:
    """Look at all scenes, or at a random choice when there are more than `most`. No picture is decoded.

    Args:
        source: whose name is its path or URI.
        rng: chooses.
        most: scenes.
    """
    rows = sample_rows(source.group_offsets, rng, most)
    characters, problems, unreadable = Counter[str](), Counter[str](), Counter[str]()
    scenes: list[tuple[int, ...]] = []
    texts: list[tuple[Any, ...]] = []
    with progress_bar("looking", total=len(rows), unit="scenes") as bar:
        for row in rows.tolist():
            scene = read_row(source, row)
            bar.advance(1)
            if isinstance(scene, str):
                unreadable[scene] += 1
                continue
            try:
                width, height = image_size(scene.image, scene.key)
            except InputError:
                unreadable[BROKEN_IMAGE] += 1
                continue
            instances = scene.instances
            ignored = sum(instance.ignore for instance in instances)
            labels = hash(tuple((i.text, i.polygon.tobytes()) for i in instances))
            texts += _texts(len(scenes), instances, width, height)
            scenes.append((row, width, height, len(instances), ignored, content_hash(scene.image), labels))
            characters.update("".join(instance.text for instance in instances if not instance.ignore))
            problems.update(scene.problems)
    description, statistics = load_description(source.name)
    problems.update(statistics.problems)
    found = np.array(scenes, SCENE_DTYPE), np.array(texts, TEXT_DTYPE)
    return SceneProfile(source, *found, characters, problems, unreadable, description, statistics)


def _texts(scene: int, instances: Sequence[TextInstance], width: int, height: int) -> Iterator[tuple[Any, ...]]:
    crossed = count_overlaps(instances)
    for place, instance in enumerate(instances):
        line = to_line_polygon(instance.polygon)
        along = line[len(line) // 2 - 1] - line[0]
        low, high = instance.polygon.min(axis=0), instance.polygon.max(axis=0)
        beyond = max(-float(low.min()), float(high[0]) - width, float(high[1]) - height)
        inside = min(float(high.min()), width - float(low[0]), height - float(low[1]))
        yield (
            *(scene, place, LEVELS.index(instance.level), ORIGINS.index(instance.origin.kind)),
            *(len(instance.text), len(instance.polygon), *line_size(line)),
            *(round(float(np.rad2deg(np.arctan2(along[1], along[0])))), crossed[place]),
            *(beyond, inside, instance.ignore, not -1 <= instance.parent < len(instances)),
        )


def scenes_page(facts: SceneProfile, found: Sequence[Finding], rows: NDArray[np.int64]) -> str:
    """A self-contained page.

    Args:
        facts: about the scenes.
        found: by the checks, gravest first.
        rows: of the source, to show.
    """
    looked = "" if facts.sampled == len(facts) else f"{facts.sampled:,} of {len(facts):,} scenes looked at"
    shown = f"{len(rows):,} of {len(facts):,}, chosen at random"
    sections = [
        Section("What is odd", findings_list(found), looked),
        Section("What is in it", _statistics(facts), looked),
        Section("Samples", scene_grid(facts.source, rows), shown),
    ]
    name = facts.source.name
    about = summary_facts("scenes", name, len(facts), facts.description, facts.statistics)
    texts = {"texts": f"{len(facts.texts):,}", "to be ignored": f"{int(facts.texts['ignore'].sum()):,}"}
    first = {key: about.pop(key) for key in ("rows",)}
    return render_page("ocrmill inspect", page_title(name), first | texts | about, sections)


def sample_scene_rows(facts: SceneProfile, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Random rows among the scenes that can be read, without repetition, rising."""
    readable = facts.scenes["row"]
    return np.sort(rng.choice(readable, min(most, len(readable)), replace=False))


def _statistics(facts: SceneProfile) -> Html:
    parts = [element("div", *_histograms(facts), class_="charts")]
    parts.append(element("div", *_named(facts), class_="stacks"))
    if facts.characters:
        parts.append(character_tiles(facts.characters, None))
    return join(parts)


def _histograms(facts: SceneProfile) -> list[Html]:
    scenes, texts = facts.scenes, facts.texts
    charts = []
    if len(scenes):
        charts += [
            histogram_chart("Texts in a picture", Histogram.of(scenes["texts"])),
            histogram_chart("Width of a picture", Histogram.of(scenes["width"]), " px"),
            histogram_chart("Height of a picture", Histogram.of(scenes["height"]), " px"),
        ]
    if len(texts):
        charts += [
            histogram_chart("Height of a text", Histogram.of(texts["height"]), " px"),
            histogram_chart("Direction of a text, clockwise", Histogram.of(texts["angle"]), "°"),
            histogram_chart("Points of a polygon", Histogram.of(texts["points"])),
        ]
    read = texts[~texts["ignore"]]
    if len(read):
        charts.append(histogram_chart("Characters in a text", Histogram.of(read["length"])))
    return charts + _by_origin(texts)


def _by_origin(texts: SceneRows) -> list[Html]:
    """Heights of pasted, drawn and real texts, where there are several: do they suit each other?"""
    kinds = [number for number in range(len(ORIGINS)) if (texts["origin"] == number).any()]
    if len(kinds) < 2:
        return []
    return [
        histogram_chart(
            f"Height of a {ORIGINS[kind]} text", Histogram.of(texts["height"][texts["origin"] == kind]), " px"
        )
        for kind in kinds
    ]


def _named(facts: SceneProfile) -> list[Html]:
    texts, total = facts.texts, len(facts.texts)
    charts = [
        bar_chart("Levels", _counts(texts["level"], LEVELS), total),
        bar_chart("Origins", _counts(texts["origin"], ORIGINS), total),
    ]
    if texts["ignore"].any():
        charts.append(bar_chart("To be ignored, by origin", _counts(texts["origin"][texts["ignore"]], ORIGINS), total))
    if texts["ignore"].any() and len(np.unique(texts["level"])) > 1:
        charts.append(bar_chart("To be ignored, by level", _counts(texts["level"][texts["ignore"]], LEVELS), total))
    if effects := facts.statistics.effects:
        charts.append(bar_chart("Effects", effects, facts.statistics.rows))
    return charts


def _counts(numbers: NDArray[np.int64], names: Sequence[str]) -> Counter[str]:
    return +Counter({name: int((numbers == number).sum()) for number, name in enumerate(names)})
