"""Statistics of labelled lines: all labels and sizes, and a random sample of the images."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import decode_image
from pipelines.datasets.provenance import SampleProvenance, read_provenance
from pipelines.datasets.source import LineSource
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.description import DESCRIPTION_FILE, DatasetDescription, read_description
from pipelines.io.paths import parse_path
from pipelines.io.statistics import Statistics
from pipelines.progress import progress_bar
from synthtext.core import Charset, InputError, Size
from synthtext.core.ctc import INPUT_HEIGHT, STEP_WIDTH, required_steps

MAX_INSPECTED_IMAGES = 20_000
"""Maximum number of images that are decoded."""

_CHUNK_SIZE = 256  # images that are read at once
_LABEL_DTYPE = np.dtype("i8, i8, i8, ?, ?")  # the arrays of a `LabelDistribution`


@dataclass(frozen=True, eq=False)
class LabelDistribution:
    """Statistics of N labels.

    Attributes:
        lengths: (N,) int64, code points.
        steps: (N,) int64, smallest number of time steps in which CTC can emit the label: its length, plus one blank
            between equal neighbours.
        hashes: (N,) int64, equal for equal labels; valid in this process only.
        in_charset: (N,) bool, whether the charset contains all characters; True without a charset.
        is_clean: (N,) bool, whether the label is in NFC, printable and without a space at either end.
        characters: Number of occurrences of each character, in NFC.
    """

    lengths: NDArray[np.int64]
    steps: NDArray[np.int64]
    hashes: NDArray[np.int64]
    in_charset: NDArray[np.bool_]
    is_clean: NDArray[np.bool_]
    characters: Counter[str]

    @classmethod
    def from_texts(cls, texts: Iterable[str], charset: Charset | None) -> "LabelDistribution":
        """Compute the statistics of a stream of labels."""
        characters: Counter[str] = Counter()
        rows = np.fromiter((_label_row(text, charset, characters) for text in texts), _LABEL_DTYPE)
        lengths, steps, hashes, in_charset, is_clean = (rows[name] for name in rows.dtype.names or ())
        return cls(lengths, steps, hashes, in_charset, is_clean, characters)

    def __len__(self) -> int:
        return len(self.lengths)


def _label_row(text: str, charset: Charset | None, characters: Counter[str]) -> tuple[int, int, int, bool, bool]:
    composed = unicodedata.normalize("NFC", text)
    characters.update(composed)
    folded = charset.fold(composed) if charset else composed
    steps = required_steps(folded)
    in_charset = charset is None or charset.covers(folded)
    is_clean = text.isprintable() and text == text.strip() and text == composed
    return len(text), steps, hash(text), in_charset, is_clean


@dataclass(frozen=True, eq=False)
class ImageStatistics:
    """Statistics of M images of a source.

    Attributes:
        rows: (M,) int64, rows of the images in the source, ascending.
        digests: (M,) int64, equal for equal files.
        luminance_range: (M,) float32, 99th less 1st percentile of the luminance, 0 to 255; NaN for an image that cannot
            be decoded.
    """

    rows: NDArray[np.int64]
    digests: NDArray[np.int64]
    luminance_range: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def measure(
        cls,
        source: LineSource,
        rng: np.random.Generator,
        advance: Callable[[int], None] = lambda _: None,
    ) -> "ImageStatistics":
        """Measure all images, or a random choice of row groups if there are more than `MAX_INSPECTED_IMAGES`."""
        rows = sample_rows(source.group_offsets, rng, MAX_INSPECTED_IMAGES)
        measured: list[tuple[int, float]] = []
        for start in range(0, len(rows), _CHUNK_SIZE):
            lines = source.read(rows[start : start + _CHUNK_SIZE])
            measured += [(content_hash(line.image), _luminance_range(line.image)) for line in lines]
            advance(len(lines))
        digests, ranges = zip(*measured, strict=True)
        return cls(rows, np.array(digests, np.int64), np.array(ranges, np.float32))


def sample_rows(group_offsets: NDArray[np.int64], rng: np.random.Generator, max_rows: int) -> NDArray[np.int64]:
    """Choose all rows, or those of random groups if there are more than `max_rows`; in ascending order."""
    if group_offsets[-1] <= max_rows:
        return np.arange(group_offsets[-1])
    order = rng.permutation(len(group_offsets) - 1)
    chosen = [np.arange(group_offsets[group], group_offsets[group + 1]) for group in order[: max_rows + 1]]
    return np.sort(np.concatenate(chosen)[:max_rows])


def content_hash(data: bytes) -> int:
    """Compute a 64-bit hash of a file."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little", signed=True)


def _luminance_range(data: bytes) -> float:
    try:
        grey = cv2.cvtColor(decode_image(data, ""), cv2.COLOR_RGB2GRAY)
    except InputError:
        return float("nan")
    dark, bright = np.percentile(grey, (1, 99))
    return float(bright - dark)


@dataclass(frozen=True, eq=False)
class LineExample:
    """A line to show on a page: its image is encoded, its provenance empty for a photograph."""

    key: str
    image: bytes
    text: str
    size: Size
    provenance: SampleProvenance = field(default_factory=SampleProvenance)


@dataclass(frozen=True)
class LineProfile:
    """Statistics of a source of N labelled lines.

    Attributes:
        source: The lines.
        charset: Charset of the dataset, or None if it is unknown.
        label_stats: Statistics of all labels.
        sizes: (N, 2) int64, width and height of all images, pixels.
        image_stats: Statistics of a sample of the images.
        description: Description of the dataset; None if the source is not a dataset folder of this project.
        statistics: Statistics of the finished shards; empty without a description.
    """

    source: LineSource
    charset: Charset | None
    label_stats: LabelDistribution
    sizes: NDArray[np.int64]
    image_stats: ImageStatistics
    description: DatasetDescription | None
    statistics: Statistics

    def __len__(self) -> int:
        return len(self.label_stats)

    @cached_property
    def steps(self) -> NDArray[np.int64]:
        """(N,) time steps of each image: a quarter of its width after resizing to a height of 32 pixels."""
        width, height = self.sizes.T
        return np.asarray(-(-width * INPUT_HEIGHT // np.maximum(height, 1)) // STEP_WIDTH, np.int64)

    def texts_of(self, rows: Iterable[int]) -> tuple[str, ...]:
        """Read the labels of some rows."""
        return tuple(line.text for line in self.source.read(np.fromiter(rows, np.int64)))

    def sample(self, max_lines: int, rng: np.random.Generator) -> list[LineExample]:
        """Read up to `max_lines` randomly chosen lines, in the order of the source."""
        rows = np.sort(rng.choice(len(self), min(max_lines, len(self)), replace=False))
        lines, provenance = self.source.read(rows), read_provenance(self.source, rows)
        return [
            LineExample(line.key, line.image, line.text, Size(*self.sizes[row].tolist()), made)
            for row, line, made in zip(rows, lines, provenance, strict=True)
        ]


def profile_lines(source: LineSource, rng: np.random.Generator) -> LineProfile:
    """Read all labels and sizes, and measure images that `rng` chooses; raises InputError if an image is missing."""
    description, statistics = load_description(source.name)
    charset = Charset(tuple(description.charset)) if description and description.charset else None
    labels = LabelDistribution.from_texts(source.texts(), charset)
    with progress_bar("inspecting", total=min(len(source), MAX_INSPECTED_IMAGES), unit="images") as bar:
        images = ImageStatistics.measure(source, rng, advance=bar.advance)
    return LineProfile(source, charset, labels, source.sizes(), images, description, statistics)


def load_description(name: str) -> tuple[DatasetDescription | None, Statistics]:
    """Read the description of a dataset and the statistics of its shards; None and empty ones for other data."""
    path, statistics = parse_path(name), Statistics()
    if not (path / DESCRIPTION_FILE).is_file():
        return None, statistics
    description = read_description(path / DESCRIPTION_FILE)
    for manifest in DatasetFolder(path).finished_manifests(description.plan, description.digest):
        statistics.merge(manifest.statistics)
    return description, statistics
