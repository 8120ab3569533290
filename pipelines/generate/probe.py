"""A look at a job before it starts: are there samples, and is there room for them?"""

from typing import Any

from pipelines.generate.encode import encode, row_of
from pipelines.generate.gaps import check_gaps
from pipelines.generate.recipe import JobRecipe
from pipelines.generate.task import draw_samples, single_threaded
from pipelines.shards import DatasetFolder, RemoteFolder, ShardFormat, ShardSpec, Statistics
from synthtext.core import Gap, Generator, InputError

PROBE = 64
"""Samples that are drawn, and thrown away, to see what a job is like."""

_SCENES = 4  # of scenes: each takes a hundred times as long

_OVERHEAD = {"parquet": 1.1, "lmdb": 1.6}  # of the files over what is in them; an LMDB rounds up to pages


def probe(recipe: JobRecipe, generator: Generator[Any], first: ShardSpec, form: ShardFormat) -> float:
    """Draw the first samples of a shard.

    Returns:
        Bytes on disk that a sample takes, about.

    Raises:
        JobError: too many of them could not be drawn.
    """
    statistics, size = Statistics(), 0
    samples = first.samples[: PROBE if recipe.kind == "lines" else _SCENES]
    with single_threaded():
        for item in draw_samples(generator, samples, recipe.name):
            if isinstance(item, Gap):
                statistics.add_gap(item)
            else:
                row = row_of(item, encode(item, recipe.picture_format), recipe.picture_format)
                size += len(row.image) + len(row.meta_json())
    check_gaps(statistics.gaps, len(samples), recipe.name, whole=statistics.gap_count == len(samples))
    return size / len(samples) * _OVERHEAD[form]


def check_space(folder: DatasetFolder | RemoteFolder, samples: int, sample_bytes: float) -> None:
    """Refuse a job that the disk cannot hold; of a storage nobody knows what it can.

    Raises:
        InputError: says how much is needed and how much is free, or that no folder can be made there.
    """
    needed, free = samples * sample_bytes, folder.free_bytes()
    if free is not None and needed > free:
        folder.check_makeable()  # where there is no disk, nothing is free either
        raise InputError(
            f"{samples:,} samples need about {_size(needed)}, but the disk of {folder.path} has {_size(free)} left: "
            "take fewer, or another disk"
        )


def _size(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
