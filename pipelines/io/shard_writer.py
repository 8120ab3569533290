"""Writing the data of one shard."""

import os
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args

import lmdb

from pipelines.errors import JobError
from pipelines.io.atomic import file_sha256, fsync_path, remove_path, staging_folder, temporary_path, wrap_write_errors
from pipelines.io.paths import AnyPath
from pipelines.io.plan import ShardManifest, ShardSpec
from pipelines.io.row import AnyRow
from pipelines.io.statistics import Statistics
from pipelines.io.writers import LMDB_DATA_FILE, LmdbWriter, ParquetWriter
from synthtext.core import InputError, SkippedSample

ShardFormat: TypeAlias = Literal["parquet", "lmdb"]


@dataclass(frozen=True)
class PendingShard:
    """A shard whose data is written, but which is not committed.

    Attributes:
        path: of the data: on a disk, synced and under a temporary name; at a URI, under the final name.
        manifest: to be written by the commit.
    """

    path: AnyPath
    manifest: ShardManifest


def check_shard_format(name: str) -> ShardFormat:
    """Check the name of a shard format. Raises InputError if there is no such format."""
    if name not in get_args(ShardFormat):
        raise InputError(f"there is no shard format {name!r}; known are {', '.join(get_args(ShardFormat))}")
    return cast(ShardFormat, name)


def write_shard(
    items: Iterable[AnyRow | SkippedSample],
    row_type: type[AnyRow],
    spec: ShardSpec,
    digest: str,
    folder: AnyPath,
    format: ShardFormat,
) -> PendingShard:
    """Write the data of a shard, which `DatasetFolder.commit` then commits.

    For a URI the data is written to a temporary folder and uploaded.

    Args:
        items: rows and skipped samples, in order; at most one row group of them is in memory at a time.
        row_type: of the rows.
        spec: of the shard.
        digest: of the recipe, or of what is imported.
        folder: of the shards.
        format: of the data.

    Raises:
        JobError: the disk is full, or the folder or the storage cannot be written.
    """
    if isinstance(folder, Path):
        return PendingShard(*_write_shard(items, row_type, spec, digest, folder, format))
    with staging_folder() as local:
        path, manifest = _write_shard(items, row_type, spec, digest, local, format)
        target = folder / manifest.file
        with wrap_write_errors(target):
            if format == "lmdb":
                (target / LMDB_DATA_FILE).upload(path / LMDB_DATA_FILE)
            else:
                target.upload(path)
    return PendingShard(target, manifest)


def _write_shard(
    items: Iterable[AnyRow | SkippedSample],
    row_type: type[AnyRow],
    spec: ShardSpec,
    digest: str,
    folder: Path,
    format: ShardFormat,
) -> tuple[Path, ShardManifest]:
    started = time.monotonic()
    path = folder / f"{spec.name}.{format}"
    staged = temporary_path(path)
    try:
        statistics = _write_rows(items, row_type, staged, format)
        data = staged / LMDB_DATA_FILE if format == "lmdb" else staged
        fsync_path(data)
        manifest = ShardManifest(
            index=spec.index,
            start=spec.start,
            count=spec.count,
            digest=digest,
            file=path.name,
            rows=statistics.rows,
            skipped=dict(statistics.skipped),
            bytes=data.stat().st_size,
            sha256=file_sha256(data),
            seconds=round(time.monotonic() - started, 3),
            worker=f"{socket.gethostname()}:{os.getpid()}",
            statistics=statistics,
        )
    except BaseException as error:
        remove_path(staged)
        if isinstance(error, OSError | lmdb.Error):
            # LMDB reports a short write, such as on a full disk, as an input/output error.
            hint = " (usually a full disk)" if "Input/output error" in str(error) else ""
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise JobError(f"{path} cannot be written: {reason}{hint}; re-run the same command to resume") from None
        raise
    return staged, manifest


def _write_rows(
    items: Iterable[AnyRow | SkippedSample], row_type: type[AnyRow], path: Path, format: ShardFormat
) -> Statistics:
    statistics = Statistics()
    writer = LmdbWriter(path) if format == "lmdb" else ParquetWriter(path, row_type)
    try:
        rows = _counted(items, statistics)
        while group := list(islice(rows, row_type.ROW_GROUP_SIZE)):
            writer.write(group)
    finally:
        writer.close()
    return statistics


def _counted(items: Iterable[AnyRow | SkippedSample], statistics: Statistics) -> Iterator[AnyRow]:
    for item in items:
        if isinstance(item, SkippedSample):
            statistics.add_skipped(item)
        else:
            item.add_to(statistics)
            yield item
