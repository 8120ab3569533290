"""Scenes as ICDAR's competitions give them: for each picture a text file with a line for each text."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.label_file import read_image_file
from pipelines.datasets.scene_labels import repaired_instances
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import MISSING_LABEL, LocalSource, MissingDataError
from synthtext.core import InputError

_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_PREFIX = re.compile(r"^(poly_)?gt_", re.IGNORECASE)
_NUMBER = re.compile(r"\s*[-+]?(\d+(\.\d+)?|nan|inf)\s*", re.IGNORECASE)  # what is not finite is told as such
_QUAD = 8  # numbers of four corners
_SHARE = 0.1
"""A folder's polygons have any number of points when more of its lines than this begin with over eight numbers."""

MALFORMED_LINE = "line without corners and a text"


@dataclass(frozen=True)
class IcdarScenes(LocalSource):
    """A folder of pictures and of label files, both in it or in folders of it: `img_1.jpg` and `gt_img_1.txt`.

    A line is `x1,y1,...,x4,y4,text` (ICDAR 2015), and the text may hold commas; or more than four points before the
    text (Total-Text, CTW-1500). UTF-8, with or without a byte-order mark; blank lines are skipped.

    Attributes:
        path: of the folder.

    Raises:
        InputError: there is no label file `gt_*.txt` in it, or two of one name.
    """

    def __post_init__(self) -> None:
        if not self.path.is_dir():
            raise InputError(f"{self.path} is no folder with pictures and label files gt_*.txt")
        if not self._labels:
            raise InputError(f"{self.path} has no label file gt_*.txt, nor has a folder in it")

    def __len__(self) -> int:
        return len(self._stems)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the names of all pictures and of the content of all label files."""
        total = hashlib.sha256()
        for stem in self._stems:
            picture, label = self._pictures.get(stem), self._labels.get(stem)
            total.update(f"{stem}\0{picture.suffix if picture else ''}\0".encode())
            total.update(hashlib.sha256(read_label_bytes(label) if label else b"").digest())
        return total.hexdigest()

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """The scenes of these rows, in this order."""
        return [self._read(self._stems[row]) for row in rows.tolist()]

    def _read(self, stem: str) -> EncodedScene:
        picture, label = self._pictures.get(stem), self._labels.get(stem)
        if picture is None:
            raise MissingDataError(f"{self.path}: there is no picture {stem} for {label}")
        if label is None:
            raise MissingDataError(f"{self.path}: there is no label file gt_{stem}.txt", MISSING_LABEL)
        try:
            lines = read_label_bytes(label).decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise InputError(f"{label} is no UTF-8 text; convert it to UTF-8") from None
        labelled = [parse_icdar_line(line, any_point_count=self._any_points) for line in lines if line.strip()]
        known = [entry for entry in labelled if entry is not None]
        instances, problems = repaired_instances(known)
        unknown = (MALFORMED_LINE,) * (len(labelled) - len(known))
        return EncodedScene(picture.name, read_image_file(picture), instances, (*problems, *unknown))

    @cached_property
    def _stems(self) -> tuple[str, ...]:
        return tuple(sorted(self._labels.keys() | self._pictures.keys(), key=_natural))

    @cached_property
    def _labels(self) -> dict[str, Path]:
        files = (file for file in _files(self.path) if file.suffix.lower() == ".txt" and _PREFIX.match(file.name))
        return _by_stem(files)

    @cached_property
    def _pictures(self) -> dict[str, Path]:
        return _by_stem(file for file in _files(self.path) if file.suffix.lower() in _PICTURES)

    @cached_property
    def _any_points(self) -> bool:
        """Whether there are polygons of more than four points: of lines whose texts are no numbers, for those tell."""
        counts = []
        for label in self._labels.values():
            for line in read_label_bytes(label).decode("utf-8-sig", errors="replace").splitlines():
                fields = line.split(",")
                leading = _leading(fields)
                if leading < len(fields) and leading % 2 == 0:
                    counts.append(leading > _QUAD)
        return bool(counts) and sum(counts) > _SHARE * len(counts)


def read_label_bytes(label: Path) -> bytes:
    """What is in a label file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return label.read_bytes()
    except OSError as error:
        raise InputError(f"{label} cannot be read: {error.strerror}") from None


def parse_icdar_line(line: str, *, any_point_count: bool) -> tuple[str, list[tuple[float, float]]] | None:
    """The text of a line and its points.

    Args:
        line: numbers and a text, parted by commas.
        any_point_count: all pairs of numbers at its begin are points, not just four; the last field is text even so.

    Returns:
        None if it does not begin with four points, or with three at least of any number, and a text.
    """
    fields = line.split(",")
    leading = _leading(fields[:-1])
    if any_point_count:
        leading -= leading % 2
    elif leading >= _QUAD:
        leading = _QUAD
    if leading < (6 if any_point_count else _QUAD):
        return None
    numbers = [float(field) for field in fields[:leading]]
    return ",".join(fields[leading:]), list(zip(numbers[::2], numbers[1::2], strict=True))


def _leading(fields: list[str]) -> int:
    """How many of the fields, from the first one on, are numbers."""
    return next((place for place, field in enumerate(fields) if not _NUMBER.fullmatch(field)), len(fields))


def _files(folder: Path) -> list[Path]:
    inside = sorted(folder.iterdir())
    below = [file for place in inside if place.is_dir() for file in sorted(place.iterdir())]
    return [file for file in (*inside, *below) if file.is_file()]


def _by_stem(files: Iterable[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in files:
        stem = _PREFIX.sub("", file.stem)
        if stem in found:
            raise InputError(f"{file} and {found[stem]} have one name: name a folder that holds one of the two")
        found[stem] = file
    return found


def _natural(stem: str) -> tuple[tuple[int, str], ...]:
    """Orders img_2 before img_10."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", stem))
