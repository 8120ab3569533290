"""What crops are cut from and what they are pasted into."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from pipelines.read.pictures import SUFFIXES
from pipelines.reader import EncodedScene, RecognitionSource, SceneSource, open_scenes, open_source
from pipelines.reader.folder import DESCRIPTION
from pipelines.reader.label_file import line_begins, rows_at
from pipelines.reader.lmdb import opened
from pipelines.shards import read_description
from synthtext.core import InputError

CropSource: TypeAlias = SceneSource | RecognitionSource
"""What crops may be cut from: scenes, or lines."""


@dataclass(frozen=True)
class PictureFolder:
    """The pictures of a folder as scenes without text.

    Attributes:
        path: of the folder.
    """

    path: Path

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self.path)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(sorted(file.name for file in self.path.iterdir() if file.suffix.lower() in SUFFIXES))

    def __len__(self) -> int:
        return len(self._names)

    @property
    def groups(self) -> NDArray[np.int64]:
        """Runs of rows; reading one alone costs no more."""
        return np.arange(len(self) + 1)

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """The pictures of these rows, in this order."""
        return [EncodedScene(name, (self.path / name).read_bytes(), ()) for name in map(self._names.__getitem__, rows)]


def open_target(spec: str | Path) -> SceneSource:
    """Open what is pasted into: whatever `open_scenes` opens, or a folder of pictures without text.

    Raises:
        InputError: it is neither.
    """
    path = Path(spec)
    if path.is_dir() and not (path / DESCRIPTION).is_file() and not (path / "data.mdb").is_file():
        pictures = PictureFolder(path)
        if len(pictures):
            return pictures
    source = open_scenes(spec)
    if not len(source):
        raise InputError(f"{spec} holds no scene")
    return source


def open_crop_source(spec: str | Path) -> CropSource:
    """Open scenes or lines, whichever it is.

    Raises:
        InputError: there is nothing of that name, or it is neither.
    """
    return open_source(spec) if _holds_lines(Path(spec)) else open_scenes(spec)


def is_lines(source: CropSource) -> TypeGuard[RecognitionSource]:
    """Whether a source holds lines, not scenes."""
    return hasattr(source, "texts")


def short_name(spec: str | Path) -> str:
    """What a source is called in origins: where it lies is left out, so that a moved source gives the same samples."""
    path = Path(spec).absolute()
    return f"{path.parent.name}/{path.name}" if path.is_file() else path.name


def _holds_lines(path: Path) -> bool:
    """Whether there are lines here; what is neither is left to `open_scenes`, which says so."""
    if path.is_file():
        return not _first_label(path).startswith("[")
    if (path / "data.mdb").is_file():
        with opened(path) as transaction:
            return not bytes(transaction.get(b"label-000000001") or b"[").startswith(b"[")
    return (path / DESCRIPTION).is_file() and read_description(path / DESCRIPTION).kind == "lines"


def _first_label(path: Path) -> str:
    rows: Iterator[tuple[str, str]] = rows_at(path, line_begins(path)[:1])
    return next(rows)[1]
