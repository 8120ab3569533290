"""What one pass over all labels of a source tells, as arrays: no label is kept."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.source import LineSource
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DatasetDescription, read_description
from pipelines.io.paths import parse_path
from pipelines.io.plan import ShardPlan
from pipelines.io.statistics import Statistics
from pipelines.progress import progress_bar
from pipelines.reports.page import MAX_INSPECTED_IMAGES, ImageStatistics
from synthtext.core import Charset


@dataclass(frozen=True, eq=False)
class LabelDistribution:
    """N labels.

    Attributes:
        lengths: (N,) int64, code points.
        steps: (N,) int64, the fewest time steps with which CTC spells the label: its length, and one more between
            equal neighbours.
        hashes: (N,) int64, equal for equal labels; they hold for this process only.
        in_charset: (N,) bool, whether the charset has all of its characters; True without a charset.
        is_clean: (N,) bool, whether it is NFC, printable, and has no space at either end.
        characters: how often each occurs, composed (NFC).
    """

    lengths: NDArray[np.int64]
    steps: NDArray[np.int64]
    hashes: NDArray[np.int64]
    in_charset: NDArray[np.bool_]
    is_clean: NDArray[np.bool_]
    characters: Counter[str]

    @classmethod
    def from_texts(cls, texts: Iterable[str], charset: Charset | None) -> "LabelDistribution":
        """Look at texts, one at a time."""
        characters: Counter[str] = Counter()
        rows = np.fromiter((_row(text, charset, characters) for text in texts), _ROW)
        return cls(rows["length"], rows["steps"], rows["hash"], rows["covered"], rows["tidy"], characters)

    def __len__(self) -> int:
        return len(self.lengths)


_ROW = np.dtype([("length", np.int64), ("steps", np.int64), ("hash", np.int64), ("covered", "?"), ("tidy", "?")])


def _row(text: str, charset: Charset | None, characters: Counter[str]) -> tuple[int, int, int, bool, bool]:
    composed = unicodedata.normalize("NFC", text)
    characters.update(composed)
    spelt = charset.fold(composed) if charset else composed
    repeats = sum(a == b for a, b in pairwise(spelt))
    covered = charset is None or charset.covers(spelt)
    return len(text), len(spelt) + repeats, hash(text), covered, _is_tidy(text)


def _is_tidy(text: str) -> bool:
    return text.isprintable() and text == text.strip() and unicodedata.is_normalized("NFC", text)


_HEIGHT = 32  # pixels; of the published recognizer's input, whose steps are 4 pixels wide (PP-OCRv2, section 2.2)


@dataclass(frozen=True)
class LineProfile:
    """What is known of N labelled lines.

    Attributes:
        source: the lines.
        labels: of all lines.
        sizes: (N, 2) int64, width and height of all pictures, pixels.
        look: at some of the pictures.
        description: of a data set of ours.
        statistics: of a data set of ours, over its finished shards.
    """

    source: LineSource
    label_stats: LabelDistribution
    sizes: NDArray[np.int64]
    image_stats: ImageStatistics
    description: DatasetDescription | None
    statistics: Statistics

    def __len__(self) -> int:
        return len(self.label_stats)

    @cached_property
    def charset(self) -> Charset | None:
        """What the lines are meant to be read with, when that is known."""
        return dataset_charset(self.description)

    @cached_property
    def steps(self) -> NDArray[np.int64]:
        """(N,) time steps that a recognizer of height 32 makes of each picture: a quarter of the resized width."""
        width, height = self.sizes.T
        return np.asarray(-(-width * _HEIGHT // np.maximum(height, 1)) // 4, np.int64)

    def texts_of(self, rows: Iterable[int]) -> tuple[str, ...]:
        """The labels of a few rows."""
        return tuple(line.text for line in self.source.read(np.fromiter(rows, np.int64)))


def dataset_charset(description: DatasetDescription | None) -> Charset | None:
    """The charset that a data set names."""
    return Charset(tuple(description.charset)) if description and description.charset else None


def profile_lines(source: LineSource, rng: np.random.Generator) -> LineProfile:
    """Read all labels and sizes, and look at some of the pictures.

    Args:
        source: whose name is its path or URI.
        rng: chooses the pictures.

    Raises:
        InputError: a picture is missing, or a data set's description is broken.
    """
    description, statistics = load_description(source.name)
    labels = LabelDistribution.from_texts(source.texts(), dataset_charset(description))
    with progress_bar("looking", total=min(len(source), MAX_INSPECTED_IMAGES), unit="pictures") as bar:
        look = ImageStatistics.measure(source, rng, advance=bar.advance)
    return LineProfile(source, labels, source.sizes(), look, description, statistics)


def load_description(name: str) -> tuple[DatasetDescription | None, Statistics]:
    """What a data set of ours says of itself, over its finished shards; nothing of another source."""
    statistics = Statistics()
    path = parse_path(name)
    if not (path / "dataset.json").is_file():
        return None, statistics
    description = read_description(path / "dataset.json")
    plan = ShardPlan(description.count, description.start, description.shard_size)
    for mark in DatasetFolder(path).finished_manifests(plan, description.digest):
        statistics.merge(mark.statistics)
    return description, statistics
