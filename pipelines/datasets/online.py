"""Samples of a recipe by their index, in any order and in any process."""

from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from socket import gethostname
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.datasets.loader import make_loader
from pipelines.datasets.source import EncodedLine
from pipelines.io.encode import encode_image
from pipelines.io.line_row import LineRow
from pipelines.io.plan import ShardPlan
from pipelines.progress import progress_bar
from pipelines.recipes.drawing import check_skipped, draw_samples, opencv_single_thread
from pipelines.recipes.resolve import ResolvedRecipe
from synthtext import LineGenerator
from synthtext.core import BLOCK_SIZE, Generator, InputError, Sample, SkippedSample
from synthtext.core.generator import CurriculumGenerator

_BLOCKS = 48  # those of the row groups that are shuffled together: 16 of 512 samples, each in three blocks at most
_GENERATORS = 4  # of a process: each holds its fonts open, some 100 MB where there are 1,500 of them


@dataclass(frozen=True)
class RecipeSampler:
    """The samples of a recipe and a seed; is pickled to other processes, which draw the same.

    Attributes:
        recipe: of lines.
        digest: that the recipe has where the job was started.
        seed: 0 to 2**32 - 1.
    """

    recipe: ResolvedRecipe
    digest: str
    seed: int

    def sample(self, indices: Sequence[int]) -> Iterator[Sample | SkippedSample]:
        """Draw samples in this order. A process keeps the fonts and glyphs of its last recipes.

        Raises:
            InputError: this process finds other fonts or files than the one that started the job.
            JobError: the drawing code failed; names the sample.
        """
        generator = _generators.get(self)
        with opencv_single_thread():
            yield from draw_samples(generator, indices, self.recipe.name)


class _Generators:
    """The generators that a process used last."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, int], Generator[Sample]] = OrderedDict()

    def get(self, draws: RecipeSampler) -> Generator[Sample]:
        key = draws.digest, draws.seed
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = _open(draws)
            if len(self._found) > _GENERATORS:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        return found


def _open(draws: RecipeSampler) -> Generator[Sample]:
    recipe = draws.recipe
    if recipe.digest != draws.digest:
        raise InputError(
            f"recipe {recipe.name} would draw other lines now, on {gethostname()}, than when the training was started: "
            "its fonts, files or library versions have changed; start the training again"
        )
    generator = recipe.generator(draws.seed)
    for stage in generator.stages if isinstance(generator, CurriculumGenerator) else (generator,):
        assert isinstance(stage, LineGenerator)
        stage.resources.max_blocks = _BLOCKS
    return generator


_generators = _Generators()

CHUNK_SIZE = 4 * BLOCK_SIZE
"""Samples that a process draws one after the other when all of them are drawn."""


@dataclass(frozen=True, eq=False)
class SourceIndex:
    """What is known of the lines of a recipe.

    Attributes:
        count: samples that were drawn, gaps included: those of the indices 0 to count - 1.
        indices: (n,) int64, rising, of those that are no gaps.
        sizes: (n, 2) int64, width and height of their pictures, pixels.
        texts: n labels.
        gaps: samples that could not be drawn, by reason.
    """

    count: int
    indices: NDArray[np.int64]
    sizes: NDArray[np.int64]
    texts: pa.StringArray
    skipped: Mapping[str, int]


@dataclass(frozen=True)
class _Chunks:
    """The survey in pieces; piece k is a pure function of k."""

    draws: RecipeSampler
    plan: ShardPlan

    def __getitem__(self, number: int) -> SourceIndex:
        samples = self.plan[number].samples
        gaps: Counter[str] = Counter()
        indices, sizes, texts = [], [], []
        for index, item in zip(samples, self.draws.sample(samples), strict=True):
            if isinstance(item, SkippedSample):
                gaps[item.reason] += 1
            else:
                height, width = item.image.shape[:2]
                indices.append(index)
                sizes.append((width, height))
                texts.append(item.text)
        shape = np.array(sizes, np.int64).reshape(-1, 2)
        return SourceIndex(len(samples), np.array(indices, np.int64), shape, pa.array(texts, pa.string()), gaps)


def scan_recipe(draws: RecipeSampler, count: int, workers: int) -> SourceIndex:
    """Draw the samples 0 to count - 1, and keep all but their pictures.

    Args:
        draws: of the recipe.
        count: at least 1.
        workers: processes; 0 draws in this one. The survey is the same for any number.

    Raises:
        InputError: the count cannot be.
        JobError: more than 1 % could not be drawn, or the drawing code failed.
    """
    chunks = _Chunks(draws, ShardPlan(count, size=CHUNK_SIZE))
    name, drawn, parts = draws.recipe.name, 0, []
    gaps: Counter[str] = Counter()
    processes = min(workers, len(chunks.plan)) if len(chunks.plan) > 1 else 0
    with progress_bar(f"looking at {name}", total=count, unit="lines") as bar:
        for part in make_loader(chunks, range(len(chunks.plan)), processes):
            parts.append(part)
            gaps.update(part.skipped)
            drawn += part.count
            bar.advance(part.count)
            check_skipped(gaps, drawn, name, whole=False)
    check_skipped(gaps, count, name, whole=True)
    return SourceIndex(
        count,
        np.concatenate([part.indices for part in parts]),
        np.concatenate([part.sizes for part in parts]),
        pa.concat_arrays([part.texts for part in parts]),
        dict(gaps.most_common()),
    )


@dataclass(frozen=True, eq=False)
class OnlineSource:
    """The lines that `ocrmill generate RECIPE -n COUNT --seed SEED` would write, to the byte, without writing them.

    Attributes:
        draws: draws them.
        survey: what is known of all of them.
    """

    sampler: RecipeSampler
    index: SourceIndex

    def __len__(self) -> int:
        return len(self.index.indices)

    @property
    def name(self) -> str:
        """The recipe's."""
        return self.sampler.recipe.name

    def texts(self) -> Iterator[str]:
        """All labels, in order."""
        return (text.as_py() for text in self.index.texts)

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of every picture, (N, 2) pixels."""
        return self.index.sizes

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """None: the survey keeps no more than what a training asks for."""
        return {}

    @cached_property
    def group_offsets(self) -> NDArray[np.int64]:
        """(G + 1,) rows at which the row groups of the shards would begin, and N: the order is that of shards."""
        shards = np.arange(0, self.index.count, LineRow.SHARD_SIZE)
        borders = np.append(np.searchsorted(self.index.indices, shards), len(self))
        pairs = zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True)
        return np.concatenate([*(np.arange(begin, end, LineRow.ROW_GROUP_SIZE) for begin, end in pairs), [len(self)]])

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """The lines of these rows, in this order; these alone are drawn, rows of one block after each other.

        Raises:
            InputError: a line is not what it was when all of them were looked at.
            JobError: the drawing code failed; names the sample.
        """
        order = np.argsort(rows, kind="stable")
        form, found = self.sampler.recipe.image_format, [EncodedLine("", b"", "")] * len(rows)
        drawn = self.sampler.sample(self.index.indices[rows[order]].tolist())
        for place, item in zip(order.tolist(), drawn, strict=True):
            sample = self._checked(int(rows[place]), item)
            found[place] = EncodedLine(sample.key, encode_image(sample, form), sample.text)
        return found

    def _checked(self, row: int, item: Sample | SkippedSample) -> Sample:
        """What was drawn, if it is the line that the survey saw.

        Labels were counted and widths sorted by what it saw; a part that draws otherwise every time is no mistake that
        anybody would notice later.
        """
        survey = self.index
        if isinstance(item, Sample) and item.text == survey.texts[row].as_py():
            height, width = item.image.shape[:2]
            if (width, height) == tuple(survey.sizes[row].tolist()):
                return item
        raise InputError(
            f"sample {survey.indices[row]} of recipe {self.name} is another one than when it was first drawn: a part "
            "of the recipe must draw all its random numbers from the rng that it is given"
        )
