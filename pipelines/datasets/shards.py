"""The finished shards of an ocrmill dataset, in a local folder or on a remote storage."""

from collections.abc import Callable, Sized
from pathlib import Path
from typing import TypeVar

from pipelines.io.cache import fetch_file
from pipelines.io.connection import StorageError, read_error
from pipelines.io.dataset_folder import stored_bytes
from pipelines.io.description import DESCRIPTION_FILE, DatasetDescription, read_description
from pipelines.io.location import RemotePath, parallel_map
from pipelines.io.manifest import ShardManifest, read_manifest
from pipelines.io.paths import AnyPath
from pipelines.io.statistics import Statistics
from pipelines.io.writers import LMDB_DATA_FILE
from synthtext.core import InputError

SourceT = TypeVar("SourceT", bound=Sized)


def open_shards(
    folder: AnyPath, kind: str, parquet: Callable[[AnyPath], SourceT], lmdb: Callable[[Path], SourceT]
) -> tuple[SourceT, ...]:
    """Open the finished shards that are not empty, in order.

    Args:
        folder: Of the dataset, or its URI.
        kind: The kind that it must hold: "lines" or "scenes".
        parquet: Opens a Parquet shard.
        lmdb: Opens an LMDB shard, which is always local.

    Raises:
        InputError: The folder is not an ocrmill dataset, holds the other kind, has no such shard, is marked complete
            but lacks shards, or a shard is damaged.
    """
    shards = remote_shards(folder, kind) if isinstance(folder, RemotePath) else local_shards(folder, kind)
    if not shards:
        raise InputError(f"{folder} has no finished shard with any rows; finish generating it first")
    sources = tuple(lmdb(s) if isinstance(s, Path) and s.suffix != ".parquet" else parquet(s) for s in shards)
    if isinstance(folder, RemotePath):
        tuple(parallel_map(len, sources))  # reads all footers, each with a request
    return sources


def local_shards(folder: Path, kind: str) -> list[Path]:
    """Return the data of the finished shards of a local dataset; like those of `open_shards`, but may be none."""
    if not (folder / DESCRIPTION_FILE).is_file():
        tables = sorted(folder.glob("*.tsv")) + sorted(folder.glob("*.txt"))
        hint = f"; did you mean {tables[0]}?" if tables else ""
        raise InputError(f"{folder} is not a dataset: the folder has neither {DESCRIPTION_FILE} nor data.mdb{hint}")
    description = read_description(folder / DESCRIPTION_FILE)
    _check_kind(folder, description.kind, kind)
    manifests = ((path, read_manifest(path)) for path in sorted((folder / "shards").glob("part-*.json")))
    rows = {path: None if manifest is None else manifest.rows for path, manifest in manifests}
    description.check_rows(sum(count or 0 for count in rows.values()), folder)
    return [_local_data(path) for path, count in rows.items() if count != 0]


def _check_kind(folder: AnyPath, found: str, kind: str) -> None:
    if found != kind:
        reader = "a recognizer" if kind == "lines" else "a detector"
        raise InputError(f"{folder} holds {found}, not {kind}: {reader} cannot read it")


def _local_data(manifest: Path) -> Path:
    parquet, lmdb = manifest.with_suffix(".parquet"), manifest.with_suffix(".lmdb")
    if not parquet.is_file() and not lmdb.is_dir():
        raise InputError(f"{manifest} marks a finished shard, but there is neither {parquet.name} nor {lmdb.name}")
    return parquet if parquet.is_file() else lmdb


def remote_description(folder: RemotePath) -> DatasetDescription:
    """Read the description of a dataset on a remote storage.

    Raises:
        InputError: There is none, or the storage cannot be read.
    """
    try:
        folder.check_access()
        exists = (folder / DESCRIPTION_FILE).is_file()
    except StorageError as error:
        raise read_error(folder, error) from None
    if not exists:
        raise InputError(f"{folder}: there is no ocrmill dataset; other sources must be on this machine")
    return read_description(folder / DESCRIPTION_FILE)


def remote_shards(folder: RemotePath, kind: str) -> list[AnyPath]:
    """Return the data of the finished shards of a remote dataset that are not empty, in order.

    Parquet is read in ranges from the storage. LMDB works only with local files: a shard is fetched as a whole into
    the cache folder, once, and compared with the checksum in its manifest.

    Args:
        folder: Of the dataset.
        kind: The kind that it must hold: "lines" or "scenes".

    Raises:
        InputError: The storage cannot be read, the dataset holds the other kind, a manifest is broken, data is missing
            or does not match its manifest, or shards are missing although the dataset is marked complete.
        JobError: An LMDB cannot be fetched.
    """
    description, shards = remote_description(folder), folder / "shards"
    _check_kind(folder, description.kind, kind)
    try:
        sizes = shards.list_files()
        names = [name for name, size in sizes.items() if name.startswith("part-") and name.endswith(".json") and size]
        found = list(parallel_map(lambda name: _read_remote(shards / name), names))
    except StorageError as error:
        raise read_error(shards, error) from None
    for name, shard in zip(names, found, strict=True):
        if shard is None or stored_bytes(sizes, shard.file) != shard.bytes:
            problem = (
                "is not a manifest" if shard is None else f"marks a finished shard, but {shard.file} is incomplete"
            )
            raise InputError(f"{shards / name} {problem}; re-run the command that made the dataset to repair it")
    full = [shard for shard in found if shard is not None and shard.rows]
    description.check_rows(sum(shard.rows for shard in full), folder)
    return list(parallel_map(lambda shard: _remote_data(shards, shard), full))


def _read_remote(path: RemotePath) -> ShardManifest | None:
    """Read a manifest without its statistics, which take most of its memory."""
    manifest = read_manifest(path)
    return manifest and manifest.model_copy(update={"statistics": Statistics()})


def _remote_data(shards: RemotePath, shard: ShardManifest) -> AnyPath:
    data = shards / shard.file
    return data if data.suffix == ".parquet" else fetch_file(data / LMDB_DATA_FILE, shard.sha256).parent
