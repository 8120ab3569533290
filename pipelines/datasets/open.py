"""Whether a source labels lines or scenes."""

from dataclasses import dataclass
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
from pipelines.datasets.lmdb import LmdbSource, read_transaction, sample_count
from pipelines.datasets.parquet import ParquetSource, remote_description
from pipelines.datasets.scene_labels import SceneLabelFileSource
from pipelines.datasets.scene_source import SceneSource
from pipelines.datasets.shards import DESCRIPTION_FILE, LmdbSceneSource, ParquetSceneSource, open_shards
from pipelines.datasets.source import ConcatenatedLines, LineSource
from pipelines.io.description import read_description
from pipelines.io.location import RemotePath
from pipelines.io.paths import AnyPath, parse_path, wrap_read_errors
from synthtext.core import InputError


def dataset_kind(spec: str | Path) -> DatasetKind:
    """Look at what a user names.

    Args:
        spec: a data set's folder of ours or its URI, a PaddleOCR-style label file, or an LMDB.

    Returns:
        What `kind_of_labels` makes of its labels, or what its description says; "lines" of anything else.

    Raises:
        InputError: a label file, an LMDB or a description cannot be read at all.
    """
    path = parse_path(spec)
    if isinstance(path, RemotePath):
        return "scenes" if remote_description(path).kind == "scenes" else "lines"
    with wrap_read_errors(path):
        return _kind_of(path)


def _kind_of(path: Path) -> DatasetKind:
    if path.is_file():
        return detect_label_kind(label for _, label in read_label_rows(path, line_offsets(path)[:MAX_INSPECTED_LABELS]))
    if (path / "data.mdb").is_file():
        count = min(sample_count(path, "labelled pictures"), MAX_INSPECTED_LABELS)
        with read_transaction(path) as transaction:
            values = (transaction.get(f"label-{number:09d}".encode()) for number in range(1, count + 1))
            return detect_label_kind(bytes(value).decode(errors="replace") for value in values if value is not None)
    if (path / DESCRIPTION_FILE).is_file() and read_description(path / DESCRIPTION_FILE).kind == "scenes":
        return "scenes"
    return "lines"


def open_line_source(spec: str | AnyPath) -> LineSource:
    """Open recognition data.

    Args:
        spec: a data set's folder of ours or its URI, of which only the committed shards count; a PaddleOCR-style label
            file; or an LMDB in the layout of deep-text-recognition-benchmark.

    Raises:
        InputError: there is nothing of that name, or it is none of the three, or it holds no lines.
    """
    with wrap_read_errors(str(spec)):
        source = _open(str(spec), parse_path(spec))
    if not len(source):
        raise InputError(f"{spec} holds no line")
    return source


def _open(spec: str, path: AnyPath) -> LineSource:
    if isinstance(path, Path):
        if path.is_file():
            return LabelFileSource(path)
        if (path / "data.mdb").is_file():
            return LmdbSource(path)
        if not path.exists():
            raise InputError(f"{spec}: there is no such data set or label file")
    parts: tuple[LineSource, ...] = open_shards(path, "lines", ParquetSource, LmdbSource)
    return ConcatenatedLines(spec, parts)


def open_scene_source(spec: str | AnyPath) -> SceneSource:
    """Open detection data.

    Args:
        spec: a data set's folder of ours or its URI, of which only the committed shards count; a PaddleOCR-style label
            file of scenes; or an LMDB of them.

    Raises:
        InputError: there is nothing of that name, or it is none of the three, or it holds no scenes.
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
            raise InputError(f"{spec}: there is no such data set, nor a label file of scenes (a path, a tab, and JSON)")
    parts: tuple[ParquetSceneSource | LmdbSceneSource, ...] = open_shards(
        path, "scenes", ParquetSceneSource, LmdbSceneSource
    )
    return ConcatenatedSource(spec, parts)


@dataclass(frozen=True)
class LineDataset:
    """Labelled lines."""

    source: LineSource


@dataclass(frozen=True)
class SceneDataset:
    """Labelled scenes."""

    source: SceneSource


def resolve_dataset(spec: str | Path) -> LineDataset | SceneDataset:
    """Find out whether a user's path or URI holds lines or scenes, and open it.

    Raises:
        InputError: there is no dataset, or it cannot be read.
    """
    if dataset_kind(spec) == "scenes":
        return SceneDataset(open_scene_source(spec))
    return LineDataset(open_line_source(spec))
