"""Everything that a page about a data set says, gathered before a word of it is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipelines.pages.labels import Labels
from pipelines.pages.look import LOOKED_AT, Look
from pipelines.progress import progress
from pipelines.reader import RecognitionSource
from pipelines.shards import Description, ShardPlan, Statistics, dataset_folder, read_description
from pipelines.storage import place
from synthtext.core import Charset

_HEIGHT = 32  # pixels; of the published recognizer's input, whose steps are 4 pixels wide (PP-OCRv2, section 2.2)


@dataclass(frozen=True)
class Facts:
    """What is known of N labelled lines.

    Attributes:
        source: the lines.
        labels: of all lines.
        sizes: (N, 2) int64, width and height of all pictures, pixels.
        look: at some of the pictures.
        description: of a data set of ours.
        statistics: of a data set of ours, over its finished shards.
    """

    source: RecognitionSource
    labels: Labels
    sizes: NDArray[np.int64]
    look: Look
    description: Description | None
    statistics: Statistics

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def charset(self) -> Charset | None:
        """What the lines are meant to be read with, when that is known."""
        return charset_of(self.description)

    @cached_property
    def steps(self) -> NDArray[np.int64]:
        """(N,) time steps that a recognizer of height 32 makes of each picture: a quarter of the resized width."""
        width, height = self.sizes.T
        return np.asarray(-(-width * _HEIGHT // np.maximum(height, 1)) // 4, np.int64)

    def texts_of(self, rows: Iterable[int]) -> tuple[str, ...]:
        """The labels of a few rows."""
        return tuple(line.text for line in self.source.read(np.fromiter(rows, np.int64)))


def charset_of(description: Description | None) -> Charset | None:
    """The charset that a data set names."""
    return Charset(tuple(description.charset)) if description and description.charset else None


def gather(source: RecognitionSource, rng: np.random.Generator) -> Facts:
    """Read all labels and sizes, and look at some of the pictures.

    Args:
        source: whose name is its path or URI.
        rng: chooses the pictures.

    Raises:
        InputError: a picture is missing, or a data set's description is broken.
    """
    description, statistics = described(source.name)
    labels = Labels.of(source.texts(), charset_of(description))
    with progress("looking", total=min(len(source), LOOKED_AT), unit="pictures") as bar:
        look = Look.at(source, rng, advance=bar.advance)
    return Facts(source, labels, source.sizes(), look, description, statistics)


def described(name: str) -> tuple[Description | None, Statistics]:
    """What a data set of ours says of itself, over its finished shards; nothing of another source."""
    statistics = Statistics()
    path = place(name)
    if not (path / "dataset.json").is_file():
        return None, statistics
    description = read_description(path / "dataset.json")
    plan = ShardPlan(description.count, description.start, description.shard_size)
    for mark in dataset_folder(path).finished(plan, description.digest):
        statistics.merge(mark.statistics)
    return description, statistics
