"""Folders of images of lines without labels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import image_size
from pipelines.datasets.label_file import read_image_file
from pipelines.datasets.source import EncodedLine, LocalSource
from pipelines.io.description import DESCRIPTION_FILE
from synthtext.core import InputError

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})
"""Suffixes, in lower case, of the files in a folder that are read as images."""


@dataclass(frozen=True)
class ImageFolder(LocalSource[EncodedLine]):
    """The images in a folder and its subfolders, in the order of their names, as lines with empty labels."""

    @staticmethod
    def accepts(path: Path) -> bool:
        """Return whether a path is a folder of images without any description, table or database of labels."""
        if not path.is_dir() or (path / DESCRIPTION_FILE).exists() or (path / "data.mdb").exists():
            return False
        has_table = any(chain(path.glob("*.tsv"), path.glob("*.txt")))
        return not has_table and any(file.suffix.lower() in IMAGE_SUFFIXES for file in path.rglob("*"))

    def __len__(self) -> int:
        return len(self._files)

    @cached_property
    def _files(self) -> tuple[Path, ...]:
        files = tuple(sorted(p for p in self.path.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file()))
        if not files:
            raise InputError(f"{self.path} holds no image ({', '.join(sorted(IMAGE_SUFFIXES))})")
        return files

    def texts(self) -> Iterator[str]:
        """Iterate over the labels, which are all empty."""
        return ("" for _ in self._files)

    def sizes(self) -> NDArray[np.int64]:
        """Return width and height of every image, (N, 2) pixels, from their headers."""
        sizes = (image_size(line.image, line.key) for line in self.read(np.arange(len(self))))
        return np.fromiter(chain.from_iterable(sizes), np.int64, 2 * len(self)).reshape(-1, 2)

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Return no columns: a folder has none."""
        return {}

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """Read lines, in the given order."""
        files = [self._files[row] for row in rows.tolist()]
        return [EncodedLine(str(f.relative_to(self.path)), read_image_file(f, self.path), "") for f in files]
