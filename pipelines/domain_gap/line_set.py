"""Sets of lines that are compared: read from data or drawn from a recipe, and measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pipelines.datasets.image_folder import ImageFolder
from pipelines.datasets.online import RecipeSampler
from pipelines.datasets.open import LineDataset, resolve_dataset
from pipelines.datasets.source import EncodedLine, LineSource
from pipelines.domain_gap.features import FEATURES, feature_table, measure_line
from pipelines.domain_gap.measured_set import Collector, MeasuredSet, check_no_overrides, resolve_recipe_of
from pipelines.domain_gap.text_features import text_features
from pipelines.errors import format_counts
from pipelines.io.encode import ImageFormat, encode_image
from pipelines.recipes.presets import is_recipe
from synthtext.core import Image, InputError, Sample, SkippedSample

_MIN_SIDE = 4  # pixels; smaller images cannot be measured


@dataclass(frozen=True, eq=False)
class LineSet(MeasuredSet):
    """N measured lines, with the features of their images, and of their labels if there are any."""

    FEATURES: ClassVar = FEATURES


class _LineCollector(Collector[EncodedLine]):
    UNIT = "lines"
    CHUNK_SIZE = 256

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[EncodedLine] = []
        self.rows: list[dict[str, float]] = []

    def measure(self, sample: EncodedLine, image: Image) -> None:
        """Measure a line; one that is too small is counted in `broken`."""
        if min(image.shape[:2]) < _MIN_SIDE:
            self.broken[f"image below {_MIN_SIDE} pixels"] += 1
            return
        self.rows.append(measure_line(image))
        self.lines.append(sample)

    def finish(self, name: str, total: int, *, is_recipe: bool = False) -> LineSet:
        """Return the set; raises InputError if there is no line."""
        if not self.rows:
            raise InputError(f"{name} has no readable line: {format_counts(self.broken) or 'it is empty'}")
        keys, images, texts = zip(*self.lines, strict=True)
        features = feature_table(self.rows)
        if any(texts):
            features |= text_features(texts, features["aspect"])
        return LineSet(name, total, keys, images, texts, features, is_recipe)


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
    collector = _LineCollector()
    collector.read(source, count, seed)
    return collector.finish(source.name, len(source))


def draw_lines(recipe: str, count: int, seed: int, overrides: Sequence[str] = ()) -> LineSet:
    """Draw and measure the lines that `ocrmill generate RECIPE -n COUNT --seed SEED` would write.

    Raises:
        InputError: The recipe is invalid, or draws scenes.
        JobError: Too many samples were skipped, or the generator failed.
    """
    resolved = resolve_recipe_of("lines", recipe, overrides)
    samples = RecipeSampler(resolved, resolved.digest, seed).sample(range(count))
    collector = _LineCollector()
    collector.draw((_encode(sample, resolved.image_format) for sample in samples), count, recipe)
    return collector.finish(recipe, len(collector.rows), is_recipe=True)


def _encode(sample: Sample | SkippedSample, image_format: ImageFormat) -> EncodedLine | SkippedSample:
    if isinstance(sample, SkippedSample):
        return sample
    return EncodedLine(sample.key, encode_image(sample, image_format), sample.text)


def load_lines(spec: str, count: int, seed: int, overrides: Sequence[str] = ()) -> LineSet:
    """Draw the lines of a recipe, or read those of a source; raises InputError if `overrides` are for no recipe."""
    if is_recipe(spec):
        return draw_lines(spec, count, seed, overrides)
    check_no_overrides(spec, overrides)
    return read_lines(open_real_lines(spec), count, seed)
