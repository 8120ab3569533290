"""The finished shards in a data set's folder."""

from collections.abc import Callable, Sized
from pathlib import Path
from typing import TypeVar

from pipelines.reader.remote import remote_description, remote_shards
from pipelines.shards import read_description, read_mark
from pipelines.shards.remote import together
from pipelines.storage import Location, Place
from synthtext.core import InputError

DESCRIPTION = "dataset.json"

Shard = TypeVar("Shard", bound=Sized)


def open_shards(
    folder: Place, kind: str, parquet: Callable[[Place], Shard], lmdb: Callable[[Path], Shard]
) -> tuple[Shard, ...]:
    """The shards that are finished and hold something, opened, in order.

    Args:
        folder: of the data set, or its URI.
        kind: that it must hold: "lines" or "scenes".
        parquet: opens a shard of that format.
        lmdb: opens a shard of the other one, which is always on this machine.

    Raises:
        InputError: as `finished_shards` does, or a shard is damaged.
    """
    shards = finished_shards(folder, kind)
    parts = tuple(lmdb(s) if isinstance(s, Path) and s.suffix != ".parquet" else parquet(s) for s in shards)
    if isinstance(folder, Location):
        tuple(together(len, parts))  # every footer is a request
    return parts


def finished_shards(folder: Place, kind: str) -> list[Place]:
    """The data of the shards that are finished and hold something, in order.

    Args:
        folder: of the data set, or its URI.
        kind: that it must hold: "lines" or "scenes".

    Raises:
        InputError: it is no data set of ours, holds something else, has no finished shard, or lacks some though it is
            called complete.
    """
    if isinstance(folder, Location):
        description = remote_description(folder)
        _check_kind(folder, description.kind, kind)
        shards = remote_shards(folder, description)
    else:
        shards = [*local_shards(folder, kind)]
    if not shards:
        raise InputError(f"{folder} has no finished shard with anything in it; generate it to its end first")
    return shards


def local_shards(folder: Path, kind: str) -> list[Path]:
    """The same of a folder of this machine, which may have no finished shard; raises InputError likewise."""
    if not (folder / DESCRIPTION).is_file():
        tables = sorted(folder.glob("*.tsv")) + sorted(folder.glob("*.txt"))
        hint = f"; did you mean {tables[0]}?" if tables else ""
        raise InputError(f"{folder} is a folder without {DESCRIPTION} or data.mdb: no data set{hint}")
    description = read_description(folder / DESCRIPTION)
    _check_kind(folder, description.kind, kind)
    rows = {path: _rows_of(path) for path in sorted((folder / "shards").glob("part-*.json"))}
    description.check_rows(sum(count or 0 for count in rows.values()), folder)
    return [_data_of(path) for path, count in rows.items() if count != 0]


def _check_kind(folder: Place, found: str, kind: str) -> None:
    if found != kind:
        reader = "a recognizer" if kind == "lines" else "a detector"
        raise InputError(f"{folder} holds {found}, not {kind}: {reader} cannot read it")


def _rows_of(mark: Path) -> int | None:
    read = read_mark(mark)
    return None if read is None else read.rows


def _data_of(mark: Path) -> Path:
    parquet, lmdb = mark.with_suffix(".parquet"), mark.with_suffix(".lmdb")
    if not parquet.is_file() and not lmdb.is_dir():
        raise InputError(f"{mark} marks a finished shard, but there is neither {parquet.name} nor {lmdb.name}")
    return parquet if parquet.is_file() else lmdb
