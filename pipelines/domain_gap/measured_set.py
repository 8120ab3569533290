"""Sets of measured samples that are compared (lines, texts of scenes, or scenes), and how samples are collected."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import decode_image
from pipelines.datasets.line_profile import sample_rows
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import EncodedLine, RowSource, read_rows
from pipelines.domain_gap.features import Feature, FeatureTable, Subject
from pipelines.progress import progress_bar
from pipelines.recipes.drawing import check_skipped
from pipelines.recipes.resolve import ResolvedRecipe, resolve_recipe
from synthtext.core import Image, InputError, SkippedSample

EncodedT = TypeVar("EncodedT", EncodedLine, EncodedScene)

_WHOLE_SOURCE = 20  # sources of at most this many times the chosen rows are chosen from row by row


@dataclass(frozen=True, eq=False)
class MeasuredSet:
    """N measured samples.

    Attributes:
        name: As the user gave it.
        total: Number of samples of the source; N of them were chosen at random. N for a recipe.
        keys: Their names.
        images: Encoded images that show them.
        texts: Their labels; empty ones are unknown.
        features: Values of all features.
        is_recipe: They were drawn from a recipe, and `name` is its name.
    """

    FEATURES: ClassVar[Sequence[Feature]]
    """All features of images of this kind of samples."""

    name: str
    total: int
    keys: Sequence[str]
    images: Sequence[bytes]
    texts: Sequence[str]
    features: FeatureTable
    is_recipe: bool = False

    def __len__(self) -> int:
        return len(self.images)

    @property
    def subject(self) -> Subject:
        """What the samples are."""
        return self.FEATURES[0].subject

    @property
    def is_labelled(self) -> bool:
        """Whether any label is known."""
        return any(self.texts)


def choose_rows(source: RowSource[Any], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose rows of a source: single ones of small sources, else those of a few row groups."""
    if len(source) <= _WHOLE_SOURCE * count:
        return np.sort(rng.choice(len(source), min(count, len(source)), replace=False))
    return sample_rows(source.group_offsets, rng, count)


class Collector(ABC, Generic[EncodedT]):
    """Measures encoded samples and collects what is known of them.

    Attributes:
        UNIT: What the samples are, for messages.
        CHUNK_SIZE: Samples that are read at once.
        broken: Number of samples that cannot be measured, by reason.
    """

    UNIT: ClassVar[Subject]
    CHUNK_SIZE: ClassVar[int]

    def __init__(self) -> None:
        self.broken: Counter[str] = Counter()

    @abstractmethod
    def measure(self, sample: EncodedT, image: Image) -> None:
        """Measure a sample with this decoded image."""

    def add(self, sample: EncodedT) -> None:
        """Decode and measure a sample; one that cannot be decoded is counted in `broken`."""
        try:
            image = decode_image(sample.image, sample.key)
        except InputError:
            self.broken["image broken"] += 1
            return
        self.measure(sample, image)

    def read(self, source: RowSource[EncodedT], count: int, seed: int) -> None:
        """Add samples of a source: all, or `count` random ones if there are more."""
        rows = choose_rows(source, count, np.random.default_rng(seed))
        with progress_bar("measuring", total=len(rows), unit=self.UNIT) as bar:
            for start in range(0, len(rows), self.CHUNK_SIZE):
                chunk = rows[start : start + self.CHUNK_SIZE]
                for sample in read_rows(source, chunk):
                    if isinstance(sample, str):
                        self.broken[sample] += 1
                    else:
                        self.add(sample)
                bar.advance(len(chunk))

    def draw(self, samples: Iterable[EncodedT | SkippedSample], count: int, recipe: str) -> None:
        """Add `count` samples that a recipe generates; raises JobError if too many are skipped."""
        skipped: Counter[str] = Counter()
        with progress_bar("drawing", total=count, unit=self.UNIT) as bar:
            for sample in samples:
                if isinstance(sample, SkippedSample):
                    skipped[sample.reason] += 1
                else:
                    self.add(sample)
                bar.advance()
        check_skipped(skipped, count, recipe, whole=True)


def resolve_recipe_of(subject: Subject, recipe: str, overrides: Sequence[str]) -> ResolvedRecipe:
    """Resolve a recipe of lines or of scenes; raises InputError if it generates the other ones."""
    resolved = resolve_recipe(recipe, overrides)
    if resolved.kind != subject:
        raise InputError(f"recipe {recipe} draws {resolved.kind}, not {subject}; name a recipe of {subject}")
    return resolved


def check_no_overrides(spec: str, overrides: Sequence[str]) -> None:
    """Raise InputError if there are settings for a source that is no recipe."""
    if overrides:
        raise InputError(f"{spec} is not a recipe: {overrides[0]!r} is a setting of recipes")
