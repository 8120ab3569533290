"""The photographs that a user names: crops of lines, or pictures with any number of texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from pipelines.adaptation.settings import PhotoKind
from pipelines.datasets.image import IMAGE_SUFFIXES, image_size
from pipelines.datasets.image_folder import ImageFolder
from pipelines.datasets.label_file import read_image_file
from pipelines.datasets.open import LineDataset, resolve_dataset
from pipelines.datasets.scene_source import SceneSource
from pipelines.datasets.source import LineSource, RowSource, read_rows
from pipelines.inference.reader import find_images
from pipelines.io.description import DESCRIPTION_FILE
from pipelines.io.paths import local_path
from synthtext.core import InputError

_CHUNK_SIZE = 32  # photographs in memory
_MEASURED = 200  # images of a folder whose sizes tell what they show
_MIN_PICTURE_SIDE, _MAX_PICTURE_ASPECT = 160, 4.0  # pixels, and width over height, of an image that is no line


class Photo(NamedTuple):
    """A photograph: its name, its encoded image or the reason why it cannot be read, and whether it is one line."""

    key: str
    image: bytes | str
    is_line: bool


@dataclass(frozen=True)
class PhotoSource:
    """Photographs of one name.

    Attributes:
        name: As the user gave it.
        source: Lines or scenes, whose labels are not used; or files of images.
        are_lines: Each image is one line.
    """

    name: str
    source: LineSource | SceneSource | tuple[Path, ...]
    are_lines: bool

    def __len__(self) -> int:
        return len(self.source)

    def read(self) -> Iterator[Photo]:
        """Read all photographs, in order."""
        if isinstance(self.source, tuple):
            for path in self.source:
                yield Photo(str(path), _read_file(path), self.are_lines)
            return
        source: RowSource[Any] = self.source
        for start in range(0, len(source), _CHUNK_SIZE):
            rows = np.arange(start, min(start + _CHUNK_SIZE, len(source)))
            for row, found in zip(rows.tolist(), read_rows(source, rows), strict=True):
                if isinstance(found, str):
                    yield Photo(f"{self.name}, row {row}", found, self.are_lines)
                else:
                    yield Photo(found.key, found.image, self.are_lines)


def open_photos(names: Sequence[str], kind: PhotoKind) -> list[PhotoSource]:
    """Open photographs.

    Args:
        names: Files and folders of images, globs, label files, LMDBs and datasets, on this machine. Labels are not
            used. Datasets of lines are crops, those of scenes are pictures.
        kind: What files of images show; "auto": pictures if the median of their shorter sides is 160 pixels or more,
            and they are mostly less than four times as wide as high.

    Raises:
        InputError: There is no such photograph.
    """
    return [_open(name, kind) for name in names]


def _open(name: str, kind: PhotoKind) -> PhotoSource:
    path = local_path(name, "the photographs")
    is_folder = path.is_dir() and not any((path / file).exists() for file in (DESCRIPTION_FILE, "data.mdb"))
    if path.exists() and not is_folder and path.suffix.lower() not in IMAGE_SUFFIXES:
        dataset = resolve_dataset(path)
        return PhotoSource(name, dataset.source, isinstance(dataset, LineDataset))
    source: LineSource | tuple[Path, ...] = ImageFolder(path) if is_folder else tuple(find_images([name]))
    are_lines = _are_lines(PhotoSource(name, source, True)) if kind == "auto" else kind == "crops"
    return PhotoSource(name, source, are_lines)


def _are_lines(source: PhotoSource) -> bool:
    """Return whether most of the images have the size of a line."""
    sizes = []
    for photo, _ in zip(source.read(), range(_MEASURED), strict=False):
        if isinstance(photo.image, bytes):
            try:
                sizes.append(image_size(photo.image, photo.key))
            except InputError:
                continue
    if not sizes:
        return True
    side, aspect = median(map(min, sizes)), median(width / height for width, height in sizes)
    return side < _MIN_PICTURE_SIDE or aspect >= _MAX_PICTURE_ASPECT


def _read_file(path: Path) -> bytes | str:
    try:
        return read_image_file(path, path.parent)
    except InputError as error:
        return str(error)
