"""What crops are cut from and what they are pasted into."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from pipelines.read.pictures import SUFFIXES
from pipelines.reader import EncodedScene, RecognitionSource, SceneSource, open_scenes, open_source
from pipelines.reader.folder import DESCRIPTION
from pipelines.reader.kind import kind_of
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
    return open_source(spec) if kind_of(spec) == "lines" else open_scenes(spec)


def is_lines(source: CropSource) -> TypeGuard[RecognitionSource]:
    """Whether a source holds lines, not scenes."""
    return hasattr(source, "texts")


def short_names(paths: Sequence[Path]) -> tuple[str, ...]:
    """What sources are called in origins: as little of their paths as tells them apart.

    Where they lie is left out as far as that goes, so that moved sources give the same samples.

    Args:
        paths: absolute; one that comes twice has one name.

    Returns:
        A folder's name, or a file's with that of its folder; more of those folders that several share a name with.
    """
    depths = {path: 2 if path.is_file() else 1 for path in paths}
    for _ in range(max((len(path.parts) for path in paths), default=0)):
        uses = Counter(_end(path, depth) for path, depth in depths.items())
        depths = {path: depth + (uses[_end(path, depth)] > 1) for path, depth in depths.items()}
    return tuple(_end(path, depths[path]) for path in paths)


def _end(path: Path, depth: int) -> str:
    return Path(*path.parts[-depth:]).as_posix()
