"""From what a user names to a source."""

from pathlib import Path

from pipelines.reader.label_file import LabelFileSource
from pipelines.reader.lmdb import LmdbSource
from pipelines.reader.parquet import ParquetSource
from pipelines.reader.source import Concatenation, RecognitionSource
from pipelines.shards import read_description
from synthtext.core import InputError

DESCRIPTION = "dataset.json"
MARKS = "part-*.json"


def open_source(spec: str | Path) -> RecognitionSource:
    """Open recognition data.

    Args:
        spec: a data set's folder of ours, of which only the committed shards count; a PaddleOCR-style label file; or an
            LMDB in the layout of deep-text-recognition-benchmark.

    Raises:
        InputError: there is nothing of that name, or it is none of the three, or it holds no lines.
    """
    source = _open(str(spec), Path(spec))
    if not len(source):
        raise InputError(f"{spec} holds no line")
    return source


def _open(spec: str, path: Path) -> RecognitionSource:
    if path.is_file():
        return LabelFileSource(path)
    if (path / DESCRIPTION).is_file():
        return _open_dataset(spec, path)
    if (path / "data.mdb").is_file():
        return LmdbSource(path)
    if not path.exists():
        raise InputError(f"{spec}: there is no such data set or label file")
    tables = sorted(path.glob("*.tsv")) + sorted(path.glob("*.txt"))
    hint = f"; did you mean {tables[0]}?" if tables else ""
    raise InputError(f"{spec} is a folder without {DESCRIPTION} or data.mdb: no data set{hint}")


def _open_dataset(name: str, folder: Path) -> RecognitionSource:
    kind = read_description(folder / DESCRIPTION).kind
    if kind != "lines":
        raise InputError(f"{folder} holds {kind}, not lines: a recognizer cannot read it")
    parts = [_open_shard(mark.with_suffix("")) for mark in sorted((folder / "shards").glob(MARKS))]
    if not any(map(len, parts)):
        raise InputError(f"{folder} has no finished shard with a line in it; generate it to its end first")
    return Concatenation(name, tuple(parts))


def _open_shard(stem: Path) -> RecognitionSource:
    parquet, lmdb = stem.with_suffix(".parquet"), stem.with_suffix(".lmdb")
    if parquet.is_file():
        return ParquetSource(parquet)
    if lmdb.is_dir():
        return LmdbSource(lmdb)
    raise InputError(f"{stem}.json marks a finished shard, but there is neither {parquet.name} nor {lmdb.name}")
