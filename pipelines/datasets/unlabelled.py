"""Unlabelled lines: the images of a folder, or the lines of any source of labelled ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import IMAGE_SUFFIXES, image_size
from pipelines.datasets.label_file import read_image_file
from pipelines.datasets.open import open_line_source
from pipelines.datasets.source import EncodedLine, LineSource, LocalSource
from pipelines.io.description import DESCRIPTION_FILE
from pipelines.io.paths import local_path
from synthtext.core import InputError


@dataclass(frozen=True)
class ImageFolderLines(LocalSource):
    """The images in a folder and its subfolders as lines with empty labels, by name."""

    @cached_property
    def _names(self) -> tuple[str, ...]:
        files = (path for path in self.path.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file())
        return tuple(sorted(path.relative_to(self.path).as_posix() for path in files))

    def __len__(self) -> int:
        return len(self._names)

    def texts(self) -> Iterator[str]:
        """Iterate over the labels: an empty text for each image."""
        return iter([""] * len(self))

    def sizes(self) -> NDArray[np.int64]:
        """Return width and height of every image, (N, 2) pixels, from their headers."""
        sizes = (image_size(line.image, line.key) for row in range(len(self)) for line in self.read(np.array([row])))
        return np.fromiter(chain.from_iterable(sizes), np.int64, 2 * len(self)).reshape(-1, 2)

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Return no columns: a folder has none."""
        return {}

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """Read lines, in the given order; the key is the path in the folder."""
        names = [self._names[row] for row in rows.tolist()]
        return [EncodedLine(name, read_image_file(self.path / name, self.path), "") for name in names]


def open_unlabelled_lines(spec: str | Path) -> LineSource:
    """Open lines whose labels are not used.

    Args:
        spec: A folder of images, one for each line; or a dataset of lines, a label file or an LMDB.

    Raises:
        InputError: There is no such path, it is at a URI, or it holds no lines.
    """
    path = local_path(spec, "the lines to label")
    if not path.is_dir() or (path / DESCRIPTION_FILE).is_file() or (path / "data.mdb").is_file():
        return open_line_source(path)
    folder = ImageFolderLines(path)
    if not len(folder):
        raise InputError(f"{path} holds no images: name a folder of images, one for each line, or a dataset of lines")
    return folder
