"""Lines without labels: the images of a folder, or the lines of any source."""

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
class ImageFolder(LocalSource[EncodedLine]):
    """The images in a folder and its subfolders, in the order of their names, as lines with empty labels."""

    @staticmethod
    def accepts(path: Path) -> bool:
        """Return whether a path is a folder of images without any description, table or database of labels."""
        has_table = any(chain(path.glob("*.tsv"), path.glob("*.txt")))
        return _is_plain(path) and not has_table and any(p.suffix.lower() in IMAGE_SUFFIXES for p in path.rglob("*"))

    def __len__(self) -> int:
        return len(self._files)

    @cached_property
    def _files(self) -> tuple[Path, ...]:
        files = tuple(sorted(p for p in self.path.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file()))
        if not files:
            raise InputError(f"{self.path} holds no images ({', '.join(sorted(IMAGE_SUFFIXES))}), one for each line")
        return files

    def texts(self) -> Iterator[str]:
        """Iterate over the labels, which are all empty."""
        return ("" for _ in self._files)

    def sizes(self) -> NDArray[np.int64]:
        """Return width and height of every image, (N, 2) pixels, from their headers."""
        sizes = (image_size(line.image, line.key) for row in range(len(self)) for line in self.read(np.array([row])))
        return np.fromiter(chain.from_iterable(sizes), np.int64, 2 * len(self)).reshape(-1, 2)

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Return no columns: a folder has none."""
        return {}

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """Read lines, in the given order; the key is the path in the folder."""
        files = [self._files[row] for row in rows.tolist()]
        return [EncodedLine(f.relative_to(self.path).as_posix(), read_image_file(f, self.path), "") for f in files]


def open_unlabelled_lines(spec: str | Path) -> LineSource:
    """Open lines whose labels are not used.

    Args:
        spec: A folder of images, one for each line; or a dataset of lines, a label file or an LMDB.

    Raises:
        InputError: There is no such path, it is at a URI, or it holds no lines.
    """
    path = local_path(spec, "the lines to label")
    if not _is_plain(path):
        return open_line_source(path)
    folder = ImageFolder(path)
    len(folder)  # raises if there is no image
    return folder


def _is_plain(path: Path) -> bool:
    """Return whether a path is a folder, and neither a dataset nor an LMDB."""
    return path.is_dir() and not (path / DESCRIPTION_FILE).is_file() and not (path / "data.mdb").is_file()
