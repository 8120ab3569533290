"""What is filtered, and by what: what identifies them."""

from pathlib import Path

from pipelines.exchange.opening import kind_of, open_recognizer
from pipelines.networks import TextRecognizer
from pipelines.reader.folder import local_shards
from pipelines.recipe import digest_of
from pipelines.run import CHARSET, PREPROCESSING, Run
from pipelines.shards import read_mark
from pipelines.shards.files import sha256
from synthtext.core import InputError


def digest_of_source(path: Path) -> str:
    """Of a source of lines: of the marks of its shards, or of its file.

    Raises:
        InputError: it is none.
    """
    if path.is_file():
        return sha256(path)
    if (path / "data.mdb").is_file():
        return sha256(path / "data.mdb")
    marks = {shard.name: read_mark(shard.with_suffix(".json")) for shard in local_shards(path, "lines")}
    return digest_of({name: mark.sha256 if mark else "" for name, mark in marks.items()})


def open_judge(name: Path | None, charset: Path | None) -> TextRecognizer | None:
    """A recognizer of a RUN or an ONNX file; a dictionary is for a file that does not name its characters.

    Raises:
        InputError: it cannot be opened, or is a detector.
    """
    if name is None:
        return None
    if kind_of(name) == "detector":
        raise InputError(f"{name} is a detector: lines are judged by recognizers")
    return open_recognizer(name, runtime="torch", charset=None if name.is_dir() else charset)


def digest_of_network(name: Path | None, charset: Path | None) -> str:
    """Of all that decides what a recognizer reads; empty for none."""
    if name is None:
        return ""
    if name.is_dir():
        files = [Run.open(name).weights_of(None), name / CHARSET, name / PREPROCESSING]
    else:
        files = [name, *([charset] if charset else [])]
    return digest_of({str(i): sha256(file) for i, file in enumerate(files)})
