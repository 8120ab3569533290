"""Samples that could not be drawn: how many are too many."""

import math
from collections.abc import Mapping
from typing import Any

from pipelines.errors import JobError, format_counts
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.plan import ShardSpec
from pipelines.io.shard_writer import ShardFormat
from pipelines.io.statistics import Statistics
from pipelines.jobs.encode import encode_image, to_row
from pipelines.jobs.shard_task import draw_samples, opencv_single_thread
from pipelines.jobs.source import ShardSource
from synthtext.core import Generator, InputError, SkippedSample

MAX_SKIPPED_SHARE = 0.01
"""A job fails when a larger share of its samples could not be drawn."""


def check_skipped(gaps: Mapping[str, int], attempted: int, recipe: str, *, whole: bool) -> None:
    """Fail a job that has too many gaps.

    Args:
        gaps: samples that could not be drawn, by reason.
        drawn: samples that were tried.
        recipe: its name, for the message.
        whole: these are all samples of the job: more than 1 % (one sample is always forgiven, if another could be
            drawn) is too many. Otherwise only what four standard deviations of chance cannot explain is.

    Raises:
        JobError: too many; the sentence gives the reasons, the most frequent first.
    """
    count = sum(gaps.values())
    if not count:
        return
    expected = MAX_SKIPPED_SHARE * attempted
    allowed = max(1.0, expected) if whole else expected + 4 * math.sqrt(expected) + 3
    if count > allowed or (whole and count == attempted):
        raise JobError(
            f"{count:,} of {attempted:,} samples of recipe {recipe} could not be drawn, more than {MAX_SKIPPED_SHARE:.0%}: "
            f"{format_counts(gaps)}; ease what stands in their way"
        )


PROBE_SAMPLES = 64
"""Samples that are drawn, and thrown away, to see what a job is like."""

_SCENES = 4  # of scenes: each takes a hundred times as long

_OVERHEAD = {"parquet": 1.1, "lmdb": 1.6}  # of the files over what is in them; an LMDB rounds up to pages


def estimate_sample_bytes(recipe: ShardSource, generator: Generator[Any], first: ShardSpec, form: ShardFormat) -> float:
    """Draw the first samples of a shard.

    Returns:
        Bytes on disk that a sample takes, about.

    Raises:
        JobError: too many of them could not be drawn.
    """
    statistics, size = Statistics(), 0
    samples = first.samples[: PROBE_SAMPLES if recipe.kind == "lines" else _SCENES]
    with opencv_single_thread():
        for item in draw_samples(generator, samples, recipe.name):
            if isinstance(item, SkippedSample):
                statistics.add_skipped(item)
            else:
                row = to_row(item, encode_image(item, recipe.image_format), recipe.image_format)
                size += len(row.image) + len(row.meta_json())
    check_skipped(statistics.skipped, len(samples), recipe.name, whole=statistics.skipped_count == len(samples))
    return size / len(samples) * _OVERHEAD[form]


def check_disk_space(folder: DatasetFolder, samples: int, sample_bytes: float) -> None:
    """Refuse a job that the disk cannot hold; of a storage nobody knows what it can.

    Raises:
        InputError: says how much is needed and how much is free, or that no folder can be made there.
    """
    needed, free = samples * sample_bytes, folder.free_bytes()
    if free is not None and needed > free:
        folder.check_creatable()  # where there is no disk, nothing is free either
        raise InputError(
            f"{samples:,} samples need about {_size(needed)}, but the disk of {folder.path} has {_size(free)} left: "
            "take fewer, or another disk"
        )


def _size(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
