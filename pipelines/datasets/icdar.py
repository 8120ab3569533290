"""Scenes in the format of the ICDAR competitions: a label file for each image, with one line for each text."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.label_file import read_image_file
from pipelines.datasets.scene_labels import repair_labels
from pipelines.datasets.scene_source import EncodedScene
from pipelines.datasets.source import MISSING_LABEL, LocalSource, MissingDataError
from synthtext.core import InputError

_IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_PREFIX = re.compile(r"^(poly_)?gt_", re.IGNORECASE)
_NUMBER = re.compile(r"\s*[-+]?(\d+(\.\d+)?|nan|inf)\s*", re.IGNORECASE)  # the check of polygons reports nan and inf
_QUAD = 8  # numbers of a quadrilateral
_MIN_POLYGON_SHARE = 0.1  # of the lines that start with over eight numbers, for polygons of any number of points

MALFORMED_LINE = "line without corners and a text"


@dataclass(frozen=True)
class IcdarScenes(LocalSource[EncodedScene]):
    """A folder with images and label files, in it or in its subfolders: `img_1.jpg` and `gt_img_1.txt`.

    A line is `x1,y1,...,x4,y4,text` (ICDAR 2015), where the text may hold commas, or has more than four points before
    the text (Total-Text, CTW-1500). Label files are UTF-8, with or without a byte-order mark; blank lines are skipped.

    Attributes:
        path: Of the folder.

    Raises:
        InputError: It has no label file `gt_*.txt`, or two files of the same name.
    """

    def __post_init__(self) -> None:
        if not self.path.is_dir():
            raise InputError(f"{self.path} is not a folder with images and label files gt_*.txt")
        if not self._labels:
            raise InputError(f"{self.path} has no label file gt_*.txt in it or in its subfolders")

    def __len__(self) -> int:
        return len(self._stems)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the names of all images and the content of all label files."""
        total = hashlib.sha256()
        for stem in self._stems:
            image, label = self._images.get(stem), self._labels.get(stem)
            total.update(f"{stem}\0{image.suffix if image else ''}\0".encode())
            total.update(hashlib.sha256(_read_label(label) if label else b"").digest())
        return total.hexdigest()

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """Read scenes, in the given order."""
        return [self._read(self._stems[row]) for row in rows.tolist()]

    def _read(self, stem: str) -> EncodedScene:
        image, label = self._images.get(stem), self._labels.get(stem)
        if image is None:
            raise MissingDataError(f"{self.path}: there is no image {stem} for {label}")
        if label is None:
            raise MissingDataError(f"{self.path}: there is no label file gt_{stem}.txt", MISSING_LABEL)
        try:
            lines = _read_label(label).decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise InputError(f"{label} is not UTF-8 text; convert it to UTF-8") from None
        parsed = [parse_icdar_line(line, any_point_count=self._any_point_count) for line in lines if line.strip()]
        labels = [label for label in parsed if label is not None]
        instances, problems = repair_labels(labels)
        malformed = (MALFORMED_LINE,) * (len(parsed) - len(labels))
        return EncodedScene(image.name, read_image_file(image, self.path), instances, (*problems, *malformed))

    @cached_property
    def _stems(self) -> tuple[str, ...]:
        return tuple(sorted(self._labels.keys() | self._images.keys(), key=_natural_key))

    @cached_property
    def _labels(self) -> dict[str, Path]:
        return _by_stem(file for file in self._files if file.suffix.lower() == ".txt" and _PREFIX.match(file.name))

    @cached_property
    def _images(self) -> dict[str, Path]:
        return _by_stem(file for file in self._files if file.suffix.lower() in _IMAGE_SUFFIXES)

    @cached_property
    def _files(self) -> list[Path]:
        entries = sorted(self.path.iterdir())
        below = [file for entry in entries if entry.is_dir() for file in sorted(entry.iterdir())]
        return [file for file in (*entries, *below) if file.is_file()]

    @cached_property
    def _any_point_count(self) -> bool:
        """Whether there are polygons of more than four points; lines whose text is a number do not count."""
        counts = []
        for label in self._labels.values():
            for line in _read_label(label).decode("utf-8-sig", errors="replace").splitlines():
                fields = line.split(",")
                leading = _count_leading_numbers(fields)
                if leading < len(fields) and leading % 2 == 0:
                    counts.append(leading > _QUAD)
        return bool(counts) and sum(counts) > _MIN_POLYGON_SHARE * len(counts)


def _read_label(label: Path) -> bytes:
    try:
        return label.read_bytes()
    except OSError as error:
        raise InputError(f"{label} cannot be read: {error.strerror}") from None


def parse_icdar_line(line: str, *, any_point_count: bool) -> tuple[str, list[tuple[float, float]]] | None:
    """Parse a line of a label file.

    Args:
        line: Numbers and a text, separated by commas.
        any_point_count: All pairs of numbers at the start are points, not only four. The last field is always text.

    Returns:
        The text and its points; None if the line does not start with four points (or at least three, with
        `any_point_count`) followed by a text.
    """
    fields = line.split(",")
    leading = _count_leading_numbers(fields[:-1])
    if any_point_count:
        leading -= leading % 2
    elif leading >= _QUAD:
        leading = _QUAD
    if leading < (6 if any_point_count else _QUAD):
        return None
    numbers = [float(field) for field in fields[:leading]]
    return ",".join(fields[leading:]), list(zip(numbers[::2], numbers[1::2], strict=True))


def _count_leading_numbers(fields: list[str]) -> int:
    return next((position for position, field in enumerate(fields) if not _NUMBER.fullmatch(field)), len(fields))


def _by_stem(files: Iterable[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in files:
        stem = _PREFIX.sub("", file.stem)
        if stem in found:
            raise InputError(f"{file} and {found[stem]} have the same name: use a folder that holds only one of them")
        found[stem] = file
    return found


def _natural_key(stem: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts img_2 before img_10."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", stem))
