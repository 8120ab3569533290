"""Whether labels are those of lines or of scenes: the one rule for all that read them."""

import mmap
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import image_size
from pipelines.datasets.source import EncodedLine, LocalSource, MissingDataError
from synthtext.core import InputError

DatasetKind: TypeAlias = Literal["lines", "scenes"]

MAX_INSPECTED_LABELS = 1000
"""Labels that are looked at, at most."""

_TEXTS, _NONE = re.compile(r"\s*\[\s*\{"), re.compile(r"\s*\[\s*\]\s*")


def detect_label_kind(labels: Iterable[str]) -> DatasetKind:
    """What the first labels of a source are, taken together: one that is broken does not decide for the others.

    Args:
        labels: the first ones; `LOOKED_AT` are enough.

    Returns:
        "scenes" if at least as many begin as JSON lists of texts do, with `[{`, as do otherwise; an empty list `[]`
        is a scene without text, and counts for scenes if there is nothing else. "lines" of anything else, so of texts
        such as "[06]" or "[1, 2, 3]".
    """
    found = Counter(_told(label) for label in labels)
    return "scenes" if found["scenes"] >= found["lines"] and found.total() else "lines"


def _told(label: str) -> str:
    return "scenes" if _TEXTS.match(label) else "nothing" if _NONE.fullmatch(label) else "lines"


@dataclass(frozen=True)
class LabelFileSource(LocalSource):
    """A UTF-8 file with a line for every picture; paths are relative to it. It is mapped, not held in memory.

    A byte-order mark and CRLF are tolerated and blank lines skipped; a line without a tab has an empty text.

    Attributes:
        path: of the file.

    Raises:
        InputError: the file is missing or empty, is no UTF-8 text, has no tab in its first line, or labels scenes.
    """

    _begins: NDArray[np.int64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_begins", line_offsets(self.path))
        if (
            detect_label_kind(text for _, text in read_label_rows(self.path, self._begins[:MAX_INSPECTED_LABELS]))
            == "scenes"
        ):
            raise InputError(f"{self.path} labels the texts of scenes; a recognizer needs one text a picture")

    def __len__(self) -> int:
        return len(self._begins)

    def texts(self) -> Iterator[str]:
        """All labels, in order."""
        return (text for _, text in read_label_rows(self.path, self._begins))

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of every picture, (N, 2) pixels, from their headers."""
        return self._sizes

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """None: there are no columns."""
        return {}

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        sizes = (_header_size(self.path, name) for name, _ in read_label_rows(self.path, self._begins))
        return np.fromiter(chain.from_iterable(sizes), np.int64, 2 * len(self)).reshape(-1, 2)

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """The lines of these rows, in this order."""
        return [
            EncodedLine(name, read_labelled_image(self.path, name), text)
            for name, text in read_label_rows(self.path, self._begins[rows])
        ]


def line_offsets(path: Path) -> NDArray[np.int64]:
    """Where the lines of a label file begin, in bytes; blank ones are left out.

    Raises:
        InputError: the file is missing or empty, is no UTF-8 text, or has no tab in its first line.
    """
    try:
        content = path.read_bytes()
        content.decode()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path} is no label file: line {line} is no UTF-8 text; convert it to UTF-8") from None
    if b"\t" not in content.strip().partition(b"\n")[0]:
        raise InputError(f"{path} is no label file: its first line must be a path, a tab and a text")
    data = np.frombuffer(content, np.uint8)
    ends = np.append(np.flatnonzero(data == ord("\n")), len(data))
    begins = np.append(len(BOM_UTF8) if content.startswith(BOM_UTF8) else 0, ends[:-1] + 1)
    has_ink = np.add.reduceat(np.append(data > ord(" "), False), np.minimum(begins, len(data))) > 0
    return np.asarray(begins[has_ink], np.int64)


def read_label_rows(path: Path, begins: NDArray[np.int64]) -> Iterator[tuple[str, str]]:
    """The lines of a label file that begin at these bytes: path of the picture and label."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for begin in begins.tolist():
            data.seek(begin)
            name, _, text = data.readline().decode().rstrip("\r\n").partition("\t")
            yield name, text


def read_labelled_image(labels: Path, name: str) -> bytes:
    """A picture that a label file names.

    Raises:
        MissingError: it is missing or cannot be opened.
    """
    path = labels.parent / name
    try:
        return path.read_bytes()
    except (OSError, ValueError):
        raise MissingDataError(f"{labels}: the picture {path} is missing or cannot be opened") from None


def read_image_file(path: Path) -> bytes:
    """A picture file.

    Raises:
        MissingError: it is missing or cannot be opened.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingDataError(f"the picture {path} cannot be opened: {error.strerror}") from None


def _header_size(labels: Path, name: str) -> tuple[int, int]:
    return image_size(read_labelled_image(labels, name), f"{labels}: {name}")
