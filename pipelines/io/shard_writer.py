"""Writing one shard, in either format."""

import os
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, cast, get_args

import lmdb

from pipelines.errors import JobError
from pipelines.io.atomic import remove, sha256, staging_folder, sync, temporary, written
from pipelines.io.location import Location
from pipelines.io.manifest import Mark
from pipelines.io.paths import Place
from pipelines.io.plan import ShardSpec
from pipelines.io.row import AnyRow
from pipelines.io.statistics import Statistics
from pipelines.io.writers import DATA, LmdbWriter, ParquetWriter
from synthtext.core import Gap, InputError

ShardFormat: TypeAlias = Literal["parquet", "lmdb"]


class ShardWriter(Protocol):
    """Writes the data of one shard."""

    def write(self, rows: Sequence[Any]) -> None:
        """Write a row group, at least one row."""
        ...

    def close(self) -> None:
        """Finish the data."""
        ...


@dataclass(frozen=True)
class Draft:
    """A shard that is written, but not committed.

    Attributes:
        path: of its data: on a disk synced and under a temporary name, on a storage under their own.
        mark: that commits it.
    """

    path: Place
    mark: Mark

    @property
    def local(self) -> Path:
        """The path of one that lies on a disk."""
        assert isinstance(self.path, Path)
        return self.path


def shard_format(name: str) -> ShardFormat:
    """Check the name of a format.

    Raises:
        InputError: there is none of that name.
    """
    if name not in get_args(ShardFormat):
        raise InputError(f"there is no shard format {name!r}; known are {', '.join(get_args(ShardFormat))}")
    return cast(ShardFormat, name)


def write_shard(
    items: Iterable[AnyRow | Gap], kind: type[AnyRow], spec: ShardSpec, digest: str, folder: Place, form: ShardFormat
) -> Draft:
    """Write a shard under a temporary name; `DatasetFolder.commit` gives it its own.

    What goes to a storage is written to a temporary folder of this machine and then uploaded.

    Args:
        items: its rows in order, and its gaps; never more than one row group of them is held.
        kind: of the rows.
        spec: which shard it is.
        digest: of the recipe, or of what is imported.
        folder: for the shard.
        form: how it is stored.

    Raises:
        JobError: the disk is full, or the folder or the storage cannot be written.
    """
    if isinstance(folder, Path):
        return Draft(*_write_shard(items, kind, spec, digest, folder, form))
    with staging_folder() as local:
        path, mark = _write_shard(items, kind, spec, digest, local, form)
        return Draft(_upload(path, folder / mark.file), mark)


def _upload(path: Path, data: Location) -> Location:
    with written(data):
        if path.is_dir():
            (data / DATA).upload(path / DATA)
        else:
            data.upload(path)
    return data


def _write_shard(
    items: Iterable[AnyRow | Gap], kind: type[AnyRow], spec: ShardSpec, digest: str, folder: Path, form: ShardFormat
) -> tuple[Path, Mark]:
    started = time.monotonic()
    path = folder / f"{spec.name}.{form}"
    staged = temporary(path)
    try:
        statistics = _write_rows(items, kind, staged, form)
        data = staged / DATA if form == "lmdb" else staged
        sync(data)
        mark = Mark(
            index=spec.index,
            start=spec.start,
            count=spec.count,
            digest=digest,
            file=path.name,
            rows=statistics.rows,
            gaps=dict(statistics.gaps),
            bytes=data.stat().st_size,
            sha256=sha256(data),
            seconds=round(time.monotonic() - started, 3),
            worker=f"{socket.gethostname()}:{os.getpid()}",
            statistics=statistics,
        )
    except BaseException as error:
        remove(staged)
        if isinstance(error, OSError | lmdb.Error):
            hint = " (a full disk, most often)" if "Input/output error" in str(error) else ""  # LMDB: a write cut short
            raise JobError(f"{path} cannot be written: {error}{hint}; the same command again goes on") from None
        raise
    return staged, mark


def _write_rows(items: Iterable[AnyRow | Gap], kind: type[AnyRow], path: Path, form: ShardFormat) -> Statistics:
    statistics = Statistics()
    writer: ShardWriter = LmdbWriter(path, kind) if form == "lmdb" else ParquetWriter(path, kind)
    try:
        rows = _counted(items, statistics)
        while group := list(islice(rows, kind.GROUP)):
            writer.write(group)
    finally:
        writer.close()
    return statistics


def _counted(items: Iterable[AnyRow | Gap], statistics: Statistics) -> Iterator[AnyRow]:
    for item in items:
        if isinstance(item, Gap):
            statistics.add_gap(item)
        else:
            item.count_in(statistics)
            yield item
