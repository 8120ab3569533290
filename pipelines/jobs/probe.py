"""Checks before and during a job: samples that are skipped, and space on the disk."""

import math
from dataclasses import replace

from pipelines.errors import format_counts
from pipelines.io.dataset_folder import DatasetFolder
from pipelines.io.plan import ShardSpec
from pipelines.io.shard_writer import ShardFormat
from pipelines.io.statistics import Statistics
from pipelines.jobs.shard_source import ShardNote, ShardSource
from pipelines.recipes.drawing import check_skipped, opencv_single_thread
from synthtext.core import InputError, SkippedSample

PROBE_SAMPLES = 64
"""Maximum number of samples that are produced and discarded before a job writes anything."""

_PROBE_SCENES = 4  # of scenes: each takes a hundred times as long
_SMALL_JOB = (16, 0.1)  # minimum number of samples, and share of the samples of the job
_OVERHEAD = {"parquet": 1.1, "lmdb": 1.6}  # size of files relative to their content; an LMDB rounds up to pages


def check_any_usable(statistics: Statistics, source: ShardSource, count: int) -> None:
    """Raise an InputError with the reasons if all `count` samples are skipped."""
    if statistics.skipped_count == count:
        reasons = format_counts(statistics.skipped)
        raise InputError(f"{source.name}: not one of {count:,} {source.kind} can be used: {reasons}")


def probe(source: ShardSource, first: ShardSpec, total: int, format: ShardFormat) -> float:
    """Produce and discard the first samples of a shard, the first pending one.

    Args:
        source: of the rows.
        first: the shard.
        total: number of samples of the job.
        format: of the shards.

    Returns:
        Approximate size of a sample on the disk, bytes.

    Raises:
        InputError: all samples of the job are skipped.
        JobError: too many samples are skipped.
    """
    statistics, size, rows = Statistics(), 0, []
    least, share = _SMALL_JOB
    limit = min(PROBE_SAMPLES, max(least, math.ceil(share * total))) if source.kind == "lines" else _PROBE_SCENES
    samples = first.samples[:limit]
    count, end = len(samples), samples[-1] + 1 if samples else first.start
    with opencv_single_thread():
        for item in source.rows(replace(first, count=end - first.start)):
            if isinstance(item, SkippedSample):
                statistics.add_skipped(item)
            elif not isinstance(item, ShardNote):
                size += len(item.image) + len(item.meta_json())
                rows.append(item)
    if source.limits_skipped:
        check_skipped(statistics.skipped, count, source.name, whole=statistics.skipped_count == count)
    else:
        check_any_usable(statistics, source, total)
    source.inspect(rows)
    return size / max(count, 1) * _OVERHEAD[format]


def check_disk_space(folder: DatasetFolder, samples: int, sample_bytes: float) -> None:
    """Refuse a job that does not fit on the disk. The free space of object storage is unknown.

    Raises:
        InputError: too little space is free, or the folder cannot be created.
    """
    needed, free = samples * sample_bytes, folder.files.free_bytes()
    if free is not None and needed > free:
        folder.files.check_creatable()  # a path that cannot exist has no free space either
        raise InputError(
            f"{samples:,} samples need about {_format_size(needed)}, but the disk of {folder.path} has "
            f"{_format_size(free)} left: generate fewer samples, or choose another disk"
        )


def _format_size(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
