"""Every line of a recipe drawn once, to know what a training must know of all of them before its first step."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.drawn.draws import CHUNK, Draws
from pipelines.generate.gaps import check_gaps
from pipelines.progress import progress
from pipelines.reader import make_loader
from pipelines.shards import ShardPlan
from synthtext.core import Gap


@dataclass(frozen=True, eq=False)
class Survey:
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
    gaps: Mapping[str, int]


@dataclass(frozen=True)
class _Chunks:
    """The survey in pieces; piece k is a pure function of k."""

    draws: Draws
    plan: ShardPlan

    def __getitem__(self, number: int) -> Survey:
        samples = self.plan[number].samples
        gaps: Counter[str] = Counter()
        indices, sizes, texts = [], [], []
        for index, item in zip(samples, self.draws.at(samples), strict=True):
            if isinstance(item, Gap):
                gaps[item.reason] += 1
            else:
                height, width = item.image.shape[:2]
                indices.append(index)
                sizes.append((width, height))
                texts.append(item.text)
        shape = np.array(sizes, np.int64).reshape(-1, 2)
        return Survey(len(samples), np.array(indices, np.int64), shape, pa.array(texts, pa.string()), gaps)


def take_survey(draws: Draws, count: int, workers: int) -> Survey:
    """Draw the samples 0 to count - 1, and keep all but their pictures.

    Args:
        draws: of the recipe.
        count: at least 1.
        workers: processes; 0 draws in this one. The survey is the same for any number.

    Raises:
        InputError: the count cannot be.
        JobError: more than 1 % could not be drawn, or the drawing code failed.
    """
    chunks = _Chunks(draws, ShardPlan(count, size=CHUNK))
    name, drawn, parts = draws.recipe.name, 0, []
    gaps: Counter[str] = Counter()
    processes = min(workers, len(chunks.plan)) if len(chunks.plan) > 1 else 0
    with progress(f"looking at {name}", total=count, unit="lines") as bar:
        for part in make_loader(chunks, range(len(chunks.plan)), processes):
            parts.append(part)
            gaps.update(part.gaps)
            drawn += part.count
            bar.advance(part.count)
            check_gaps(gaps, drawn, name, whole=False)
    check_gaps(gaps, count, name, whole=True)
    return Survey(
        count,
        np.concatenate([part.indices for part in parts]),
        np.concatenate([part.sizes for part in parts]),
        pa.concat_arrays([part.texts for part in parts]),
        dict(gaps.most_common()),
    )
