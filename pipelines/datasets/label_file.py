"""Label files: their lines, the kind of their labels (lines or scenes), and the source of lines."""

import mmap
import re
from abc import abstractmethod
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import image_size
from pipelines.datasets.outside import check_image_path, check_label_names
from pipelines.datasets.sequence import RowT_co
from pipelines.datasets.source import EncodedLine, LocalSource, MissingDataError
from synthtext.core import InputError

DatasetKind: TypeAlias = Literal["lines", "scenes"]

MAX_INSPECTED_LABELS = 1000
"""Labels that are inspected to detect their kind."""

_SUGGESTION = re.compile(r"[^\t]*\t(?:0\.\d{4}|1\.0000)\t[^\t]*")  # text, confidence, key in the source
_SCENE, _EMPTY_SCENE = re.compile(r"\s*\[\s*\{"), re.compile(r"\s*\[\s*\]\s*")


def detect_label_kind(labels: Iterable[str]) -> DatasetKind:
    """Detect the kind of up to `MAX_INSPECTED_LABELS` first labels by their majority: a broken one must not decide.

    Returns:
        "scenes" if at least half of them start like a JSON list of texts, with `[{`. An empty list `[]` is a scene
        without text, and decides only if there are no other labels. "lines" otherwise, as for "[06]" or "[1, 2, 3]".
    """
    counts = Counter(
        "scenes" if _SCENE.match(label) else "empty" if _EMPTY_SCENE.fullmatch(label) else "lines" for label in labels
    )
    return "scenes" if counts["scenes"] >= counts["lines"] and counts.total() else "lines"


@dataclass(frozen=True)
class LabelFile(LocalSource[RowT_co]):
    """A UTF-8 file with a path, a tab and a label for every image. It is memory-mapped.

    A byte-order mark and CRLF are accepted and blank lines are skipped; a line without a tab has an empty label.

    Attributes:
        path: Of the file; the paths of images are relative to it.

    Raises:
        InputError: The file is missing or empty, is not UTF-8 text, has no tab in its first line, or has labels of
            another kind.
    """

    KIND: ClassVar[DatasetKind]
    WRONG_KIND: ClassVar[str]
    """The end of the error about labels of another kind."""

    _offsets: NDArray[np.int64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_offsets", line_offsets(self.path))
        if detect_label_kind(label for _, label in self._rows(slice(MAX_INSPECTED_LABELS))) != self.KIND:
            raise InputError(f"{self.path} {self.WRONG_KIND}")

    def __len__(self) -> int:
        return len(self._offsets)

    def _rows(self, rows: NDArray[np.int64] | slice) -> Iterator[tuple[str, str]]:
        return read_label_rows(self.path, self._offsets[rows])

    def _images(self, rows: NDArray[np.int64] | slice) -> Iterator[tuple[str, bytes, str]]:
        """Read the name of the image, the image and the label of rows."""
        return ((name, read_labelled_image(self.path, name), label) for name, label in self._rows(rows))

    def line_number(self, row: int) -> int:
        """Return the number of the line of a row in the file, from 1."""
        with self.path.open("rb") as file:
            return file.read(int(self._offsets[row])).count(b"\n") + 1

    @abstractmethod
    def label_problem(self, text: str) -> str:
        """Return what is wrong with a label; empty if it can be read."""

    def broken_labels(self, limit: int) -> list[str]:
        """Return the places of the first labels that cannot be read and what is wrong with them, without the images."""
        problems = ((row, self.label_problem(text)) for row, (_, text) in enumerate(self._rows(slice(None))))
        first = islice(((row, problem) for row, problem in problems if problem), limit)
        return [f"{self.path}, line {self.line_number(row)}: {problem}" for row, problem in first]


@dataclass(frozen=True)
class LabelFileSource(LabelFile[EncodedLine]):
    """A label file of lines.

    In a file of `ocrmill select`, where the confidence and the key of the line in its source follow each text, these
    are not part of the text. In other files a tab in a text belongs to it.
    """

    KIND = "lines"
    WRONG_KIND = "labels the texts of scenes; a recognizer needs one text for each image"

    def label_problem(self, text: str) -> str:
        """Return that a label is empty, if it is."""
        return "" if text.strip() else "there is no text after the path and a tab"

    def _rows(self, rows: NDArray[np.int64] | slice) -> Iterator[tuple[str, str]]:
        if not self._has_suggestions:
            return super()._rows(rows)
        return ((name, label.partition("\t")[0]) for name, label in super()._rows(rows))

    @cached_property
    def _has_suggestions(self) -> bool:
        return all(_SUGGESTION.fullmatch(label) for _, label in read_label_rows(self.path, self._offsets))

    def texts(self) -> Iterator[str]:
        """Iterate over all labels, in order."""
        return (text for _, text in self._rows(slice(None)))

    def sizes(self) -> NDArray[np.int64]:
        """Return width and height of every image, (N, 2) pixels, from their headers."""
        return self._sizes

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        sizes = (image_size(image, f"{self.path}: {name}") for name, image, _ in self._images(slice(None)))
        return np.fromiter(chain.from_iterable(sizes), np.int64, 2 * len(self)).reshape(-1, 2)

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Return the column `confidence` of a file of `ocrmill select`; other label files have none."""
        if "confidence" not in names or not self._has_suggestions:
            return {}
        return {"confidence": [float(label.split("\t")[1]) for _, label in read_label_rows(self.path, self._offsets)]}

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """Read lines, in the given order."""
        return [EncodedLine(*row) for row in self._images(rows)]


def line_offsets(path: Path) -> NDArray[np.int64]:
    """Return the offsets of the lines of a label file that are not blank, in bytes.

    Raises:
        InputError: The file is missing or empty, is not UTF-8 text, has no tab in its first line, or names an image
            outside of its folder (see `outside.py`).
    """
    try:
        content = path.read_bytes()
        content.decode()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path} is not a label file: line {line} is not UTF-8 text; convert it to UTF-8") from None
    if b"\t" not in content.strip().partition(b"\n")[0]:
        raise InputError(f"{path} is not a label file: its first line must be a path, a tab and a text")
    check_label_names(path, content)
    data = np.frombuffer(content, np.uint8)
    ends = np.append(np.flatnonzero(data == ord("\n")), len(data))
    starts = np.append(len(BOM_UTF8) if content.startswith(BOM_UTF8) else 0, ends[:-1] + 1)
    has_text = np.add.reduceat(np.append(data > ord(" "), False), np.minimum(starts, len(data))) > 0
    return np.asarray(starts[has_text], np.int64)


def read_label_rows(path: Path, offsets: NDArray[np.int64]) -> Iterator[tuple[str, str]]:
    """Iterate over the lines of a label file at byte offsets: the path of the image and the label."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for offset in offsets.tolist():
            data.seek(offset)
            name, _, text = data.readline().decode().rstrip("\r\n").partition("\t")
            yield name, text


def read_labelled_image(labels: Path, name: str) -> bytes:
    """Read an image that a label file names; raises MissingDataError if it is missing, outside or cannot be opened."""
    path = labels.parent / name
    try:
        check_image_path(labels.parent, path)
        return path.read_bytes()
    except MissingDataError:
        raise
    except (OSError, ValueError):
        raise MissingDataError(f"{labels}: the image {path} is missing or cannot be opened") from None


def read_image_file(path: Path, folder: Path) -> bytes:
    """Read an image file in a folder; raises MissingDataError if it is missing, outside or cannot be opened."""
    check_image_path(folder, path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingDataError(f"the image {path} cannot be opened: {error.strerror}") from None
