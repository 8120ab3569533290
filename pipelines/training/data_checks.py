"""Checks of the training data, and messages about them before the first step."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipelines.datasets.image import image_size
from pipelines.datasets.open import dataset_kind, open_scene_source
from pipelines.datasets.scene_source import EncodedScene, SceneSource, instances_at_level
from pipelines.datasets.source import LineSource, MissingDataError, describe_label_problems
from pipelines.datasets.stream import Selection
from pipelines.io.paths import wrap_read_errors
from pipelines.progress import ProgressBar, progress_bar
from pipelines.recipes.presets import is_recipe
from pipelines.training.settings import DataSettings
from synthtext.core import Charset, CorpusCoverage, InputError, Level

_MAX_LISTED = 20


def check_not_a_recipe(index: int, entry: DataSettings) -> None:
    """Raise InputError if an entry of `data` that is not a recipe has settings of one."""
    given = [name for name in ("count", "seed", "digest") if getattr(entry, name) is not None]
    if given:
        raise InputError(f"data.{index}.{given[0]} is only for recipes, and {entry.source} is not a recipe: remove it")


def reject_recipes(sources: Iterable[str], why: str) -> None:
    """Raise InputError if one of the sources is a recipe; `why` ends the message."""
    for source in sources:
        if is_recipe(source):
            raise InputError(f"{source} is a recipe: {why}")


def describe_data(selections: Sequence[Selection], val: Sequence[LineSource], charset: Charset) -> Iterator[str]:
    """Describe the usable lines, how charset and labels fit together, and the overlap of validation and training.

    Yields messages, a line each.
    """
    for selection in selections:
        yield f"train {selection.source.name}: {len(selection.rows):,} lines; {selection.discards}"
    texts = {source.name: list(source.texts()) for source in val}
    validation_texts, shared = {charset.fold(text) for each in texts.values() for text in each}, set[str]()

    def training_texts() -> Iterator[str]:
        """Read the training labels once, and collect those that occur in the validation sources."""
        for selection in selections:
            for text in selection.source.texts():
                if (folded := charset.fold(text)) in validation_texts:
                    shared.add(folded)
                yield text

    coverage = charset.compare_with(training_texts())
    yield from _describe_outside("training labels", coverage)
    if coverage.unused:
        yield f"{len(coverage.unused)} of {len(charset)} characters are in no training label: {_list(coverage.unused)}"
    for source in val:
        yield f"validate {source.name}: {len(source):,} lines"
        yield from _describe_outside("its labels", charset.compare_with(texts[source.name]))
        count = sum(charset.fold(text) in shared for text in texts[source.name])
        yield f"  {count:,} of them have a text that also occurs in the training data"


def _describe_outside(labels: str, coverage: CorpusCoverage) -> Iterator[str]:
    if coverage.discarded_texts:
        outside = [f"{character} ({count:,})" for character, count in coverage.out_of_charset.items()]
        yield f"  {coverage.discarded_texts:,} {labels} contain characters outside the charset: {_list(outside)}"


def _list(entries: Sequence[str]) -> str:
    more = f" and {len(entries) - _MAX_LISTED} more" if len(entries) > _MAX_LISTED else ""
    return " ".join("space" if entry == " " else entry for entry in entries[:_MAX_LISTED]) + more


@dataclass
class SceneSourceStats:
    """Counts of a source of scenes."""

    name: str
    images: int = 0
    without_text: int = 0  # images without any text, where every detection is a false positive
    only_ignored: int = 0  # images in which all texts are ignored
    texts: int = 0  # texts that count
    ignored: int = 0
    small: int = 0  # texts that count but are below the minimum size at the image's own size
    problems: Counter[str] = field(default_factory=Counter)  # labels that were repaired, ignored or dropped
    digests: list[bytes] = field(default_factory=list)  # of the encoded images

    def add(self, scene: EncodedScene, level: Level, min_size: float) -> None:
        """Count an image."""
        instances = instances_at_level(scene.instances, level)
        polygons = [instance.polygon for instance in instances if not instance.ignore]
        self.images += 1
        self.without_text += not instances
        self.only_ignored += bool(instances) and not polygons
        self.texts += len(polygons)
        self.ignored += len(instances) - len(polygons)
        self.small += sum(bool(np.ptp(polygon, axis=0).min() < min_size) for polygon in polygons)
        self.problems.update(scene.problems)
        self.digests.append(hashlib.blake2b(scene.image, digest_size=16).digest())


def open_detection_source(spec: str) -> SceneSource:
    """Open a source of scenes for training or validation.

    Raises:
        InputError: it does not exist, or holds lines.
    """
    if "://" in spec:
        return open_scene_source(spec)  # its error says what it is instead
    path = Path(spec)
    with wrap_read_errors(path):
        has_labels = path.is_file() or (path / "data.mdb").is_file()
    if has_labels and dataset_kind(path) == "lines":
        raise InputError(f"{spec} holds lines, but a detector needs scenes: use a preset rec-...")
    return open_scene_source(path)


def scan_scenes(sources: Sequence[SceneSource], level: Level, min_size: float) -> list[SceneSourceStats]:
    """Read all samples of some sources once, without decoding an image; arguments are as in `DetectorTrainConfig`.

    Raises:
        InputError: an image is missing or invalid, or a label cannot be read.
    """
    with progress_bar("scanning", total=sum(map(len, sources)), unit="images") as bar:
        return [_scan(source, level, min_size, bar) for source in sources]


def _scan(source: SceneSource, level: Level, min_size: float, bar: ProgressBar) -> SceneSourceStats:
    stats, missing = SceneSourceStats(source.name), list[str]()
    for row in range(len(source)):
        try:
            (scene,) = source.read(np.array([row]))
        except MissingDataError as error:
            missing.append(str(error))
        else:
            image_size(scene.image, f"{source.name}: {scene.key}")
            stats.add(scene, level, min_size)
        bar.advance(1)
    if missing:
        raise InputError(
            f"{source.name}: {len(missing):,} of {len(source):,} images are missing, the first: {missing[0]}"
        )
    return stats


def check_scenes(train: Sequence[SceneSourceStats], val: Sequence[SceneSourceStats], min_size: float) -> None:
    """Reject data without texts.

    Raises:
        InputError: no text counts in any training source, or in one of the validation sources.
    """
    if not any(stats.texts > stats.small for stats in train):
        texts, ignored = sum(s.texts for s in train), sum(s.ignored for s in train)
        raise InputError(
            f"there is no text to train on in {', '.join(s.name for s in train)}: {ignored:,} texts are ignored, and "
            f"{texts:,} are smaller than targets.min_size ({min_size:g} pixels)"
        )
    for stats in val:
        if not stats.texts:
            raise InputError(
                f"{stats.name} cannot be used for validation: its {stats.images:,} images have no text that counts"
            )


def describe_scenes(train: Sequence[SceneSourceStats], val: Sequence[SceneSourceStats]) -> Iterator[str]:
    """Describe the texts in each source, and the overlap of validation and training; yield messages, a line each."""
    trained = {digest for stats in train for digest in stats.digests}
    for stats in train:
        yield from _describe_source("train", stats)
        if stats.small:
            yield f"  texts below the minimum size, unless the view enlarges them: {stats.small:,}"
    for stats in val:
        yield from _describe_source("validate", stats)
        shared = sum(digest in trained for digest in stats.digests)
        yield f"  images that also occur in the training data: {shared:,}"


def _describe_source(use: str, stats: SceneSourceStats) -> Iterator[str]:
    yield f"{use} {stats.name}: {stats.images:,} images, {stats.texts:,} texts, {stats.ignored:,} ignored texts"
    if stats.without_text or stats.only_ignored:
        yield (
            f"  images without text: {stats.without_text:,}; with ignored texts only: {stats.only_ignored:,} "
            "(negative examples)"
        )
    if stats.problems:
        yield f"  labels {describe_label_problems(stats.problems)}"
