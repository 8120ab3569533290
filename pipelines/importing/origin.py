"""What is imported, and what identifies it."""

from pathlib import Path
from typing import Literal, TypeAlias

from pipelines.importing.lines import LinesImport
from pipelines.reader import open_source
from pipelines.reader.label_file import LabelFileSource
from pipelines.reader.lmdb import LmdbSource
from pipelines.shards.files import sha256
from synthtext.core import InputError

Form: TypeAlias = Literal["paddleocr", "lmdb"]


def open_import(path: Path, form: Form | None = None) -> LinesImport:
    """Open what is to be imported.

    Args:
        path: a PaddleOCR-style label file, or an LMDB in the layout of deep-text-recognition-benchmark.
        form: which of the two it must be; None to see for oneself.

    Raises:
        InputError: it is neither, or not the one that was asked for, or empty.
    """
    if form == "paddleocr" and path.is_dir():
        raise InputError(f"{path} is a folder: name the label file in it")
    if form == "lmdb" and not (path / "data.mdb").is_file():
        raise InputError(f"{path} is no LMDB: there is no data.mdb in it")
    source = open_source(path)
    if isinstance(source, LabelFileSource):
        return LinesImport(source, path.absolute().parent.name, sha256(path))
    if isinstance(source, LmdbSource):
        return LinesImport(source, path.absolute().name, sha256(path / "data.mdb"))
    raise InputError(f"{path} is a data set of ours already: it needs no import")
