"""Online generation: the lines of a recipe as a source, drawn while they are read, and the file of its index."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from socket import gethostname
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.datasets.loader import make_loader
from pipelines.datasets.sequence import RowSequence
from pipelines.datasets.source import EncodedLine
from pipelines.io.encode import encode_image
from pipelines.io.line_row import LineRow
from pipelines.io.plan import ShardPlan
from pipelines.io.writers import write_record_batch
from pipelines.progress import progress_bar
from pipelines.recipes.drawing import check_skipped, draw_samples, opencv_single_thread
from pipelines.recipes.resolve import ResolvedRecipe
from synthtext import LineGenerator
from synthtext.core import BLOCK_SIZE, Generator, InputError, Sample, SkippedSample
from synthtext.core.sample import CurriculumGenerator

CHUNK_SIZE = 4 * BLOCK_SIZE
"""Samples that a process draws in one go while it scans a recipe."""

_MAX_BLOCKS = 48  # row groups that are shuffled together: 16 of 512 samples, each in at most three blocks
_MAX_GENERATORS = 4  # in a process; each holds its fonts open: about 100 MB for 1,500 fonts


@dataclass(frozen=True)
class RecipeSampler:
    """The samples of a recipe and a seed; other processes draw the same from a pickled copy.

    Attributes:
        recipe: A recipe of lines.
        digest: The digest of the recipe when the job was started.
        seed: From 0 to 2**32 - 1.
    """

    recipe: ResolvedRecipe = field(compare=False)
    digest: str
    seed: int

    def sample(self, indices: Sequence[int]) -> Iterator[Sample | SkippedSample]:
        """Draw samples in the given order. A process caches the generators of its last recipes.

        Raises:
            InputError: This process finds other fonts or files than the one that started the job.
            JobError: The generator failed; the message names the sample.
        """
        generator = _open_generator(self)
        with opencv_single_thread():
            yield from draw_samples(generator, indices, self.recipe.name)


@lru_cache(_MAX_GENERATORS)
def _open_generator(sampler: RecipeSampler) -> Generator[Sample]:
    recipe = sampler.recipe
    if recipe.digest != sampler.digest:
        raise InputError(
            f"recipe {recipe.name} would draw other lines now, on {gethostname()}, than when the training was "
            "started: its fonts, files or library versions have changed; start the training again"
        )
    generator = recipe.generator(sampler.seed)
    for stage in generator.stages if isinstance(generator, CurriculumGenerator) else (generator,):
        assert isinstance(stage, LineGenerator)
        stage.resources.max_blocks = _MAX_BLOCKS
    return generator


@dataclass(frozen=True, eq=False)
class SourceIndex:
    """The labels and sizes of all lines of a recipe.

    Attributes:
        count: Samples that were drawn, skipped ones included: the indices 0 to count - 1.
        indices: (n,) int64, ascending, of the samples that were not skipped.
        sizes: (n, 2) int64, width and height of their images, pixels.
        texts: Their n labels.
        skipped: Number of skipped samples by reason.
    """

    count: int
    indices: NDArray[np.int64]
    sizes: NDArray[np.int64]
    texts: pa.StringArray
    skipped: Mapping[str, int]


@dataclass(frozen=True)
class _IndexChunks:
    """The index of a recipe in chunks; chunk k is a pure function of k."""

    sampler: RecipeSampler
    plan: ShardPlan

    def __getitem__(self, number: int) -> SourceIndex:
        samples = self.plan[number].samples
        skipped: Counter[str] = Counter()
        indices, sizes, texts = [], [], []
        for index, item in zip(samples, self.sampler.sample(samples), strict=True):
            if isinstance(item, SkippedSample):
                skipped[item.reason] += 1
            else:
                height, width = item.image.shape[:2]
                indices.append(index)
                sizes.append((width, height))
                texts.append(item.text)
        array = np.array(sizes, np.int64).reshape(-1, 2)
        return SourceIndex(len(samples), np.array(indices, np.int64), array, pa.array(texts, pa.string()), skipped)


def scan_recipe(sampler: RecipeSampler, count: int, workers: int) -> SourceIndex:
    """Draw the samples 0 to count - 1 and return all but their images.

    Args:
        sampler: Of the recipe.
        count: At least 1.
        workers: Processes; 0 draws in this process. The result is the same for any number.

    Raises:
        InputError: The count is invalid.
        JobError: More than 1 % of the samples were skipped, or the generator failed.
    """
    chunks = _IndexChunks(sampler, ShardPlan(count, size=CHUNK_SIZE))
    name, attempted, parts = sampler.recipe.name, 0, []
    skipped: Counter[str] = Counter()
    processes = min(workers, len(chunks.plan)) if len(chunks.plan) > 1 else 0
    with progress_bar(f"scanning {name}", total=count, unit="lines") as bar:
        for part in make_loader(chunks, range(len(chunks.plan)), processes):
            parts.append(part)
            skipped.update(part.skipped)
            attempted += part.count
            bar.advance(part.count)
            check_skipped(skipped, attempted, name, whole=False)
    check_skipped(skipped, count, name, whole=True)
    return SourceIndex(
        count,
        np.concatenate([part.indices for part in parts]),
        np.concatenate([part.sizes for part in parts]),
        pa.concat_arrays([part.texts for part in parts]),
        dict(skipped.most_common()),
    )


_INDEX_COLUMNS = ("index", "width", "height", "text")
_INDEX_METADATA = b"index"


def save_index(path: Path, index: SourceIndex, scanned: Mapping[str, object]) -> None:
    """Write an index as an Arrow file, atomically, with what was scanned as JSON; raises JobError if that fails."""
    sizes = (pa.array(axis, pa.int32()) for axis in index.sizes.T)
    arrays = [pa.array(index.indices, pa.uint32()), *sizes, index.texts]
    metadata = json.dumps({"count": index.count, "skipped": index.skipped, "scanned": scanned}, ensure_ascii=False)
    batch = pa.RecordBatch.from_arrays(arrays, names=list(_INDEX_COLUMNS))
    write_record_batch(path, batch.replace_schema_metadata({_INDEX_METADATA: metadata.encode()}))


def load_index(path: Path) -> tuple[SourceIndex, dict[str, object]] | None:
    """Read an index, and what was scanned; None if there is no such file. Raises InputError if it is damaged."""
    if not path.is_file():
        return None
    try:
        with pa.memory_map(str(path)) as file:
            batch = pa.ipc.open_file(file).get_batch(0)
            metadata = json.loads((batch.schema.metadata or {})[_INDEX_METADATA])
            indices, width, height, texts = (batch.column(name) for name in _INDEX_COLUMNS)
            index = SourceIndex(
                metadata["count"],
                indices.to_numpy().astype(np.int64),
                np.stack([width.to_numpy(), height.to_numpy()], axis=1).astype(np.int64),
                pa.array(texts.to_pylist(), pa.string()),  # a copy, because the file may be removed
                metadata["skipped"],
            )
    except (OSError, pa.ArrowInvalid, KeyError, ValueError) as error:
        raise InputError(f"{path} is damaged ({error}): remove it, and re-run the same command") from None
    return index, metadata["scanned"]


@dataclass(frozen=True, eq=False)
class OnlineSource(RowSequence[EncodedLine]):
    """The lines that `ocrmill generate RECIPE -n COUNT --seed SEED` would write, drawn while they are read.

    They equal those of the shards to the byte.

    Attributes:
        sampler: Draws the lines.
        index: The labels and sizes of all lines.
    """

    sampler: RecipeSampler
    index: SourceIndex

    def __len__(self) -> int:
        return len(self.index.indices)

    @property
    def name(self) -> str:
        """The name of the recipe."""
        return self.sampler.recipe.name

    def texts(self) -> Iterator[str]:
        """Iterate over all labels, in order."""
        return (text.as_py() for text in self.index.texts)

    def sizes(self) -> NDArray[np.int64]:
        """Return width and height of every image, (N, 2) pixels."""
        return self.index.sizes

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Return no columns: the index holds only what training needs."""
        return {}

    @cached_property
    def group_offsets(self) -> NDArray[np.int64]:
        """(G + 1,) rows at which the row groups of the shards would start; the last entry is N.

        With them, the order of reading is that of the shards.
        """
        shards = np.arange(0, self.index.count, LineRow.SHARD_SIZE)
        borders = np.append(np.searchsorted(self.index.indices, shards), len(self))
        pairs = zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)
        return np.concatenate([*(np.arange(start, stop, LineRow.ROW_GROUP_SIZE) for start, stop in pairs), [len(self)]])

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """Draw the lines of rows and return them in the given order; rows of one block are drawn together.

        Raises:
            InputError: A line differs from the one that was scanned.
            JobError: The generator failed; the message names the sample.
        """
        order = np.argsort(rows, kind="stable")
        image_format, lines = self.sampler.recipe.image_format, [EncodedLine("", b"", "")] * len(rows)
        items = self.sampler.sample(self.index.indices[rows[order]].tolist())
        for position, item in zip(order.tolist(), items, strict=True):
            sample = self._check(int(rows[position]), item)
            lines[position] = EncodedLine(sample.key, encode_image(sample, image_format), sample.text)
        return lines

    def _check(self, row: int, item: Sample | SkippedSample) -> Sample:
        """Return a drawn sample if it is the one that was scanned, as the counts of labels and the buckets assume."""
        index = self.index
        if isinstance(item, Sample) and item.text == index.texts[row].as_py():
            height, width = item.image.shape[:2]
            if (width, height) == tuple(index.sizes[row].tolist()):
                return item
        raise InputError(
            f"sample {index.indices[row]} of recipe {self.name} differs from the one that was first drawn: a component "
            "of the recipe must draw all its random numbers from the rng that it is given"
        )
