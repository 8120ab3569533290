"""Sets of lines that are compared: read from data or drawn from a recipe, and measured."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from pipelines.datasets.image import decode_image
from pipelines.datasets.image_folder import ImageFolder
from pipelines.datasets.online import RecipeSampler
from pipelines.datasets.open import LineDataset, resolve_dataset
from pipelines.datasets.source import LineSource, read_rows
from pipelines.domain_gap.features import FEATURES, feature_table, measure_line
from pipelines.domain_gap.measured_set import MeasuredSet, choose_rows
from pipelines.domain_gap.text_features import text_features
from pipelines.errors import format_counts
from pipelines.io.encode import encode_image
from pipelines.progress import progress_bar
from pipelines.recipes.drawing import check_skipped
from pipelines.recipes.presets import is_recipe
from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import InputError, SkippedSample

_CHUNK_SIZE = 256  # lines that are read at once
_MIN_SIDE = 4  # pixels; smaller images cannot be measured


@dataclass(frozen=True, eq=False)
class LineSet(MeasuredSet):
    """N measured lines, with the features of their images, and of their labels if there are any."""

    FEATURES: ClassVar = FEATURES


class _Collector:
    """Measures lines and collects what is known of them."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.images: list[bytes] = []
        self.texts: list[str] = []
        self.rows: list[dict[str, float]] = []
        self.broken: Counter[str] = Counter()

    def add(self, key: str, data: bytes, text: str) -> None:
        """Decode and measure a line; one that cannot be decoded or is too small is counted in `broken`."""
        try:
            image = decode_image(data, key)
        except InputError:
            self.broken["image broken"] += 1
            return
        if min(image.shape[:2]) < _MIN_SIDE:
            self.broken[f"image below {_MIN_SIDE} pixels"] += 1
            return
        self.rows.append(measure_line(image))
        self.keys.append(key)
        self.images.append(data)
        self.texts.append(text)

    def finish(self, name: str, total: int, *, is_recipe: bool = False) -> LineSet:
        """Return the set; raises InputError if there is no line."""
        if not self.rows:
            raise InputError(f"{name} has no readable line: {format_counts(self.broken) or 'it is empty'}")
        features = feature_table(self.rows)
        if any(self.texts):
            features |= text_features(self.texts, features["aspect"])
        return LineSet(name, total, self.keys, self.images, self.texts, features, is_recipe)


def open_real_lines(spec: str) -> LineSource:
    """Open real lines: a dataset, a label file, an LMDB, or a folder of images without labels.

    Raises:
        InputError: There is no such source, or it is none of lines.
    """
    path = Path(spec)
    if ImageFolder.accepts(path):
        return ImageFolder(path)
    dataset = resolve_dataset(spec)
    if not isinstance(dataset, LineDataset):
        raise InputError(f"{spec} holds scenes, not lines; cut out their texts first: ocrmill crops {spec} -o LINES")
    return dataset.source


def read_lines(source: LineSource, count: int, seed: int) -> LineSet:
    """Read and measure lines of a source: all, or `count` random ones if there are more."""
    rows = choose_rows(source, count, np.random.default_rng(seed))
    collector = _Collector()
    with progress_bar("measuring", total=len(rows), unit="lines") as bar:
        for start in range(0, len(rows), _CHUNK_SIZE):
            chunk = rows[start : start + _CHUNK_SIZE]
            for line in read_rows(source, chunk):
                if isinstance(line, str):
                    collector.broken[line] += 1
                else:
                    collector.add(line.key, line.image, line.text)
            bar.advance(len(chunk))
    return collector.finish(source.name, len(source))


def draw_lines(recipe: str, count: int, seed: int, overrides: Sequence[str] = ()) -> LineSet:
    """Draw and measure the lines that `ocrmill generate RECIPE -n COUNT --seed SEED` would write.

    Raises:
        InputError: The recipe is invalid, or draws scenes.
        JobError: Too many samples were skipped, or the generator failed.
    """
    resolved = resolve_recipe(recipe, overrides)
    if resolved.kind != "lines":
        raise InputError(f"recipe {recipe} draws {resolved.kind}, not lines; name a recipe of lines")
    sampler, collector = RecipeSampler(resolved, resolved.digest, seed), _Collector()
    skipped: Counter[str] = Counter()
    with progress_bar("drawing", total=count, unit="lines") as bar:
        for sample in sampler.sample(range(count)):
            if isinstance(sample, SkippedSample):
                skipped[sample.reason] += 1
            else:
                collector.add(sample.key, encode_image(sample, resolved.image_format), sample.text)
            bar.advance()
    check_skipped(skipped, count, recipe, whole=True)
    return collector.finish(recipe, len(collector.rows), is_recipe=True)


def load_lines(spec: str, count: int, seed: int, overrides: Sequence[str] = ()) -> LineSet:
    """Draw the lines of a recipe, or read those of a source; raises InputError if `overrides` are for no recipe."""
    if is_recipe(spec):
        return draw_lines(spec, count, seed, overrides)
    if overrides:
        raise InputError(f"{spec} is not a recipe: {overrides[0]!r} is a setting of recipes")
    return read_lines(open_real_lines(spec), count, seed)
