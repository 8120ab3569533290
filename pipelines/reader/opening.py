"""From what a user names to a source."""

from pathlib import Path

from pipelines.reader.folder import open_shards
from pipelines.reader.label_file import LabelFileSource
from pipelines.reader.lmdb import LmdbSource
from pipelines.reader.parquet import ParquetSource
from pipelines.reader.source import Concatenation, RecognitionSource
from pipelines.storage import Place, place, readable
from synthtext.core import InputError


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
