"""Whether a source labels lines or scenes."""

from pathlib import Path

from pipelines.datasets.concat import Parts
from pipelines.datasets.label_file import LOOKED_AT, Kind, LabelFileSource, kind_of_labels, line_begins, rows_at
from pipelines.datasets.lmdb import LmdbSource, count_of, opened
from pipelines.datasets.parquet import ParquetSource, remote_description
from pipelines.datasets.scene_labels import SceneLabels
from pipelines.datasets.scene_source import SceneSource
from pipelines.datasets.shards import DESCRIPTION, LmdbScenes, ParquetScenes, open_shards
from pipelines.datasets.source import Concatenation, RecognitionSource
from pipelines.io.description import read_description
from pipelines.io.location import Location
from pipelines.io.paths import Place, place, readable
from synthtext.core import InputError


def kind_of(spec: str | Path) -> Kind:
    """Look at what a user names.

    Args:
        spec: a data set's folder of ours or its URI, a PaddleOCR-style label file, or an LMDB.

    Returns:
        What `kind_of_labels` makes of its labels, or what its description says; "lines" of anything else.

    Raises:
        InputError: a label file, an LMDB or a description cannot be read at all.
    """
    path = place(spec)
    if isinstance(path, Location):
        return "scenes" if remote_description(path).kind == "scenes" else "lines"
    with readable(path):
        return _kind_of(path)


def _kind_of(path: Path) -> Kind:
    if path.is_file():
        return kind_of_labels(label for _, label in rows_at(path, line_begins(path)[:LOOKED_AT]))
    if (path / "data.mdb").is_file():
        count = min(count_of(path, "labelled pictures"), LOOKED_AT)
        with opened(path) as transaction:
            values = (transaction.get(f"label-{number:09d}".encode()) for number in range(1, count + 1))
            return kind_of_labels(bytes(value).decode(errors="replace") for value in values if value is not None)
    if (path / DESCRIPTION).is_file() and read_description(path / DESCRIPTION).kind == "scenes":
        return "scenes"
    return "lines"


def open_source(spec: str | Place) -> RecognitionSource:
    """Open recognition data.

    Args:
        spec: a data set's folder of ours or its URI, of which only the committed shards count; a PaddleOCR-style label
            file; or an LMDB in the layout of deep-text-recognition-benchmark.

    Raises:
        InputError: there is nothing of that name, or it is none of the three, or it holds no lines.
    """
    with readable(str(spec)):
        source = _open(str(spec), place(spec))
    if not len(source):
        raise InputError(f"{spec} holds no line")
    return source


def _open(spec: str, path: Place) -> RecognitionSource:
    if isinstance(path, Path):
        if path.is_file():
            return LabelFileSource(path)
        if (path / "data.mdb").is_file():
            return LmdbSource(path)
        if not path.exists():
            raise InputError(f"{spec}: there is no such data set or label file")
    parts: tuple[RecognitionSource, ...] = open_shards(path, "lines", ParquetSource, LmdbSource)
    return Concatenation(spec, parts)


def open_scenes(spec: str | Place) -> SceneSource:
    """Open detection data.

    Args:
        spec: a data set's folder of ours or its URI, of which only the committed shards count; a PaddleOCR-style label
            file of scenes; or an LMDB of them.

    Raises:
        InputError: there is nothing of that name, or it is none of the three, or it holds no scenes.
    """
    with readable(str(spec)):
        return _open_scenes(str(spec), place(spec))


def _open_scenes(spec: str, path: Place) -> SceneSource:
    if isinstance(path, Path):
        if path.is_file():
            return SceneLabels(path)
        if (path / "data.mdb").is_file():
            return LmdbScenes(path)
        if not path.exists():
            raise InputError(f"{spec}: there is no such data set, nor a label file of scenes (a path, a tab, and JSON)")
    parts: tuple[ParquetScenes | LmdbScenes, ...] = open_shards(path, "scenes", ParquetScenes, LmdbScenes)
    return Parts(spec, parts)
