"""Opening sources: what a path or a URI names, the source for it, and the finished shards of a dataset."""

import logging
from collections.abc import Callable, Sized
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pipelines.datasets.label_file import (
    MAX_INSPECTED_LABELS,
    DatasetKind,
    LabelFileSource,
    detect_label_kind,
    line_offsets,
    read_label_rows,
)
from pipelines.datasets.lmdb import LmdbSceneSource, LmdbSource, read_transaction, sample_count
from pipelines.datasets.parquet import ParquetSceneSource, ParquetSource
from pipelines.datasets.scene_labels import SceneLabelFileSource
from pipelines.datasets.scene_source import SceneSource
from pipelines.datasets.source import ConcatenatedLines, ConcatenatedSource, LineSource
from pipelines.io.cache import fetch_file
from pipelines.io.card import split_folders
from pipelines.io.commit import MANIFESTS_FOLDER, SHARDS_FOLDER
from pipelines.io.connection import StorageError, read_error
from pipelines.io.dataset_folder import stored_bytes
from pipelines.io.description import DESCRIPTION_FILE, DatasetDescription, read_description
from pipelines.io.location import RemotePath, parallel_map
from pipelines.io.paths import AnyPath, parse_path, wrap_read_errors
from pipelines.io.plan import ShardManifest, read_manifest
from pipelines.io.statistics import Statistics
from pipelines.io.writers import LMDB_DATA_FILE
from synthtext.core import InputError

SourceT = TypeVar("SourceT", bound=Sized)


def dataset_kind(spec: str | Path) -> DatasetKind:
    """Return the kind of the data at a path or a URI.

    Args:
        spec: The folder of an ocrmill dataset or its URI, a PaddleOCR label file, or an LMDB.

    Returns:
        The kind that a dataset describes, or that `detect_label_kind` finds; "lines" for anything else.

    Raises:
        InputError: A label file, an LMDB or a description cannot be read.
    """
    path = parse_path(spec)
    if isinstance(path, RemotePath):
        return "scenes" if _remote_description(path).kind == "scenes" else "lines"
    with wrap_read_errors(path):
        return _local_kind(path)


def _local_kind(path: Path) -> DatasetKind:
    if path.is_file():
        return detect_label_kind(label for _, label in read_label_rows(path, line_offsets(path)[:MAX_INSPECTED_LABELS]))
    if (path / "data.mdb").is_file():
        count = min(sample_count(path, "labelled images"), MAX_INSPECTED_LABELS)
        with read_transaction(path) as transaction:
            values = (transaction.get(f"label-{number:09d}".encode()) for number in range(1, count + 1))
            return detect_label_kind(bytes(value).decode(errors="replace") for value in values if value is not None)
    if (path / DESCRIPTION_FILE).is_file() and read_description(path / DESCRIPTION_FILE).kind == "scenes":
        return "scenes"
    return "lines"


def open_line_source(spec: str | AnyPath) -> LineSource:
    """Open recognition data.

    Args:
        spec: The folder of an ocrmill dataset or its URI, of which only the finished shards are read, with a warning
            if there are others; a PaddleOCR label file; or an LMDB in the layout of deep-text-recognition-benchmark.

    Raises:
        InputError: There is no such path, it is none of these, it holds no lines, or it is damaged.
    """
    opened: tuple[LineSource, ...] | LineSource = _open(spec, "lines", LabelFileSource, LmdbSource, ParquetSource)
    source = ConcatenatedLines(str(spec), opened) if isinstance(opened, tuple) else opened
    if not len(source):
        raise InputError(f"{spec} holds no line")
    return source


def open_scene_source(spec: str | AnyPath) -> SceneSource:
    """Open detection data; arguments and exceptions are those of `open_line_source`, with labels of scenes."""
    opened: tuple[SceneSource, ...] | SceneSource = _open(
        spec, "scenes", SceneLabelFileSource, LmdbSceneSource, ParquetSceneSource
    )
    return ConcatenatedSource(str(spec), opened) if isinstance(opened, tuple) else opened


def _open(
    spec: str | AnyPath,
    kind: DatasetKind,
    label_file: Callable[[Path], SourceT],
    lmdb: Callable[[Path], SourceT],
    parquet: Callable[[AnyPath], SourceT],
) -> SourceT | tuple[SourceT, ...]:
    """Open the source of a label file or an LMDB, or those of the shards of a dataset."""
    with wrap_read_errors(str(spec)):
        path = parse_path(spec)
        if isinstance(path, Path):
            if path.is_file():
                return label_file(path)
            if (path / "data.mdb").is_file():
                return lmdb(path)
            if not path.exists():
                raise InputError(f"{spec}: there is no such dataset, label file or LMDB")
        return _open_shards(path, kind, parquet, lmdb)


@dataclass(frozen=True)
class LineDataset:
    """Labelled lines that were opened."""

    source: LineSource


@dataclass(frozen=True)
class SceneDataset:
    """Labelled scenes that were opened."""

    source: SceneSource


def resolve_dataset(spec: str | Path) -> LineDataset | SceneDataset:
    """Open the data at a path or a URI as lines or as scenes; raises the errors of `open_dataset`."""
    if dataset_kind(spec) == "scenes":
        return SceneDataset(open_scene_source(spec))
    return LineDataset(open_line_source(spec))


def open_dataset(spec: str | Path) -> LineSource | SceneSource:
    """Open labelled data: lines give `EncodedLine` rows, scenes `EncodedScene` rows.

    Args:
        spec: The folder of an ocrmill dataset or its URI, a PaddleOCR label file, or an LMDB.

    Raises:
        InputError: There is no dataset, or it cannot be read.

    Returns:
        The rows as a sequence, with length, index, slice and iteration. `row.decode()` gives a `Sample` or a `Scene`.

    Examples:
        >>> from pipelines import open_dataset
        >>> lines = open_dataset("data/digits")
        >>> len(lines), len(lines[10:20])
        (48, 10)
        >>> sample = lines[0].decode()
        >>> sample.image.shape[2], sample.text == lines[0].text
        (3, True)
        >>> [len(scene.instances) > 0 for scene in open_dataset("data/scenes")]
        [True, True]
    """
    return resolve_dataset(spec).source


def _open_shards(
    folder: AnyPath, kind: str, parquet: Callable[[AnyPath], SourceT], lmdb: Callable[[Path], SourceT]
) -> tuple[SourceT, ...]:
    """Open the finished shards that are not empty, in order; reads the footers of remote ones."""
    shards = _remote_shards(folder, kind) if isinstance(folder, RemotePath) else local_shards(folder, kind)
    if not shards:
        raise InputError(f"{folder} has no finished shard with any rows; finish generating it first")
    sources = tuple(lmdb(s) if isinstance(s, Path) and s.suffix != ".parquet" else parquet(s) for s in shards)
    if isinstance(folder, RemotePath):
        tuple(parallel_map(len, sources))  # reads all footers, each with a request
    return sources


def local_shards(folder: Path, kind: str) -> list[Path]:
    """Return the data of the finished shards of a local dataset that are not empty, in order.

    Raises:
        InputError: The folder is not an ocrmill dataset, holds the other kind, or is marked complete but lacks shards.
    """
    if not (folder / DESCRIPTION_FILE).is_file():
        _refuse_splits(folder)
        tables = sorted(folder.glob("*.tsv")) + sorted(folder.glob("*.txt"))
        hint = f"; did you mean {tables[0]}?" if tables else ""
        raise InputError(f"{folder} is not a dataset: the folder has neither {DESCRIPTION_FILE} nor data.mdb{hint}")
    description = read_description(folder / DESCRIPTION_FILE)
    _check_kind(folder, description.kind, kind)
    manifests = {path: _read_counts(path) for path in sorted((folder / MANIFESTS_FOLDER).glob("part-*.json"))}
    known = [manifest for manifest in manifests.values() if manifest is not None]
    description.check_rows(sum(manifest.rows for manifest in known), folder)
    _warn_if_unfinished(folder, description, sum(manifest.count for manifest in known))
    return [_local_data(path, found) for path, found in manifests.items() if found is None or found.rows]


def _warn_if_unfinished(folder: AnyPath, description: DatasetDescription, samples: int) -> None:
    """Warn once that the dataset has finished samples only."""
    if not description.complete and samples:
        _warn(
            f"{folder} is unfinished: {samples:,} of {description.count:,} samples are finished, and only these are "
            f"used; re-run the command that made it to resume, or end it there: ocrmill check {folder} --finish"
        )


@lru_cache(maxsize=64)
def _warn(message: str) -> None:
    logging.getLogger("pipelines.datasets").warning(message)


def _refuse_splits(folder: AnyPath) -> None:
    if splits := split_folders(folder):
        path = next(iter(splits.values()))
        raise InputError(f"{folder} holds the splits {', '.join(splits)}: name the folder of one, such as {path}")


def _check_kind(folder: AnyPath, found: str, kind: str) -> None:
    if found != kind:
        reader = "a recognizer" if kind == "lines" else "a detector"
        raise InputError(f"{folder} holds {found}, not {kind}: {reader} cannot read it")


def _local_data(manifest: Path, content: ShardManifest | None) -> Path:
    stem = manifest.parents[1] / SHARDS_FOLDER / manifest.stem
    parquet, lmdb = stem.with_suffix(".parquet"), stem.with_suffix(".lmdb")
    if not parquet.is_file() and not lmdb.is_dir():
        raise InputError(f"{manifest} marks a finished shard, but there is neither {parquet.name} nor {lmdb.name}")
    data = parquet if parquet.is_file() else lmdb
    file = data if data == parquet else data / LMDB_DATA_FILE
    size = file.stat().st_size if file.is_file() else 0
    if content is not None and size != content.bytes:
        raise InputError(
            f"{file} is damaged: it has {size:,} bytes, {content.bytes:,} in its manifest; ocrmill check --repair "
            "writes it again"
        )
    return data


def _remote_description(folder: RemotePath) -> DatasetDescription:
    """Read the description of a dataset on a remote storage."""
    try:
        folder.check_access()
        exists = (folder / DESCRIPTION_FILE).is_file()
        if not exists:
            _refuse_splits(folder)
    except StorageError as error:
        raise read_error(folder, error) from None
    if not exists:
        raise InputError(f"{folder}: there is no ocrmill dataset; other sources must be on this machine")
    return read_description(folder / DESCRIPTION_FILE)


def _remote_shards(folder: RemotePath, kind: str) -> list[AnyPath]:
    """Return the data of the finished shards of a remote dataset that are not empty, in order.

    Parquet is read in ranges from the storage. LMDB works only with local files: a shard is fetched as a whole into
    the cache folder, once, and compared with the checksum in its manifest.
    """
    description, shards, manifests = _remote_description(folder), folder / SHARDS_FOLDER, folder / MANIFESTS_FOLDER
    _check_kind(folder, description.kind, kind)
    try:
        names = [name for name, size in manifests.list_files().items() if name.startswith("part-") and size]
        sizes = shards.list_files()
        found = list(parallel_map(lambda name: _read_counts(manifests / name), names))
    except StorageError as error:
        raise read_error(shards, error) from None
    for name, shard in zip(names, found, strict=True):
        if shard is None or stored_bytes(sizes, shard.file) != shard.bytes:
            problem = (
                "is not a manifest" if shard is None else f"marks a finished shard, but {shard.file} is incomplete"
            )
            raise InputError(f"{manifests / name} {problem}; re-run the command that made the dataset to repair it")
    full = [shard for shard in found if shard is not None and shard.rows]
    description.check_rows(sum(shard.rows for shard in full), folder)
    _warn_if_unfinished(folder, description, sum(shard.count for shard in found if shard is not None))
    return list(parallel_map(lambda shard: _remote_data(shards, shard), full))


def _read_counts(path: AnyPath) -> ShardManifest | None:
    """Read a manifest without its statistics, which take most of its memory."""
    manifest = read_manifest(path)
    return manifest and manifest.model_copy(update={"statistics": Statistics()})


def _remote_data(shards: RemotePath, shard: ShardManifest) -> AnyPath:
    data = shards / shard.file
    return data if data.suffix == ".parquet" else fetch_file(data / LMDB_DATA_FILE, shard.sha256).parent
