"""Opening sources: what a path or a URI names, and the source for it."""

from pathlib import Path

from pipelines.datasets.concat import ConcatenatedSource
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
from pipelines.datasets.shards import DESCRIPTION_FILE, open_shards, remote_description
from pipelines.datasets.source import ConcatenatedLines, LineSource
from pipelines.io.description import read_description
from pipelines.io.location import RemotePath
from pipelines.io.paths import AnyPath, parse_path, wrap_read_errors
from synthtext.core import InputError


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
    with wrap_read_errors(str(spec)):
        source = _open_lines(str(spec), parse_path(spec))
    if not len(source):
        raise InputError(f"{spec} holds no line")
    return source


def _open_lines(spec: str, path: AnyPath) -> LineSource:
    if isinstance(path, Path):
        if path.is_file():
            return LabelFileSource(path)
        if (path / "data.mdb").is_file():
            return LmdbSource(path)
        if not path.exists():
            raise InputError(f"{spec}: there is no such dataset or label file")
    parts: tuple[LineSource, ...] = open_shards(path, "lines", ParquetSource, LmdbSource)
    return ConcatenatedLines(spec, parts)


def open_scene_source(spec: str | AnyPath) -> SceneSource:
    """Open detection data.

    Args:
        spec: The folder of an ocrmill dataset or its URI, of which only the finished shards are read; a PaddleOCR
            label file of scenes; or an LMDB of scenes.

    Raises:
        InputError: There is no such path, it is none of these, or it holds no scenes.
    """
    with wrap_read_errors(str(spec)):
        return _open_scenes(str(spec), parse_path(spec))


def _open_scenes(spec: str, path: AnyPath) -> SceneSource:
    if isinstance(path, Path):
        if path.is_file():
            return SceneLabelFileSource(path)
        if (path / "data.mdb").is_file():
            return LmdbSceneSource(path)
        if not path.exists():
            raise InputError(f"{spec}: there is no such dataset, nor a label file of scenes (a path, a tab, and JSON)")
    parts: tuple[ParquetSceneSource | LmdbSceneSource, ...] = open_shards(
        path, "scenes", ParquetSceneSource, LmdbSceneSource
    )
    return ConcatenatedSource(spec, parts)
