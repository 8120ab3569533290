"""Opening sources: what a path or a URI names, and the source for it."""

from collections.abc import Callable, Sized
from dataclasses import dataclass
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
from pipelines.datasets.shards import open_shards, remote_description
from pipelines.datasets.source import ConcatenatedLines, ConcatenatedSource, LineSource
from pipelines.io.description import DESCRIPTION_FILE, read_description
from pipelines.io.location import RemotePath
from pipelines.io.paths import AnyPath, parse_path, wrap_read_errors
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
        return "scenes" if remote_description(path).kind == "scenes" else "lines"
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
        spec: The folder of an ocrmill dataset or its URI, of which only the finished shards are read; a PaddleOCR
            label file; or an LMDB in the layout of deep-text-recognition-benchmark.

    Raises:
        InputError: There is no such path, it is none of these, or it holds no lines.
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
        return open_shards(path, kind, parquet, lmdb)


@dataclass(frozen=True)
class LineDataset:
    """Labelled lines that were opened."""

    source: LineSource


@dataclass(frozen=True)
class SceneDataset:
    """Labelled scenes that were opened."""

    source: SceneSource


def resolve_dataset(spec: str | Path) -> LineDataset | SceneDataset:
    """Open the data at a path or a URI as lines or as scenes, whichever they are.

    Raises:
        InputError: There is no dataset, or it cannot be read.
    """
    if dataset_kind(spec) == "scenes":
        return SceneDataset(open_scene_source(spec))
    return LineDataset(open_line_source(spec))


def open_dataset(spec: str | Path) -> LineSource | SceneSource:
    """Open labelled data: lines give `EncodedLine` rows, scenes `EncodedScene` rows.

    Args:
        spec: The folder of an ocrmill dataset or its URI, a PaddleOCR label file, or an LMDB.

    Raises:
        InputError: There is no dataset, or it cannot be read.

    Example:
        >>> source = open_dataset("data/train")  # doctest: +SKIP
        >>> len(source), source.read(np.array([0]))[0].text  # doctest: +SKIP
        (200000, 'Main Street')
    """
    return resolve_dataset(spec).source
