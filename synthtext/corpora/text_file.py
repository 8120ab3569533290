"""Lines of a text file of any size."""

import mmap
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthtext.core import InputError
from synthtext.corpora.corpus import PicklesSettings, clean_text
from synthtext.corpora.language import Case, CaseMixture, to_case

_CHUNK = 1 << 24
_SPLIT_ATTEMPTS = 1000
_VALIDATION_PARTS, _PARTS = 1, 10
_SEARCHED = 1 << 22  # bytes that are searched for a character: a millisecond
_SEARCHES = 4  # for a line of the split in a case that keeps the character

Data: TypeAlias = mmap.mmap | bytes


@dataclass(frozen=True)
class TextFile(PicklesSettings):
    """Draws lines of a UTF-8 file, uniformly.

    The file is memory-mapped; only the offsets of its lines are held in memory (8 bytes a line).

    Attributes:
        path: File with one text a line.
        split: A tenth of the texts, selected by a hash of the text, is "validation"; the rest is "train". All
            occurrences of a text are in the same split.
        case: Weights of letter cases: as_is, lower, title (every word with a capital), upper. The split depends on the
            unchanged line: lines that differ only in case may become equal in both splits.
        language: Language of the letter case, for languages with special rules (tr, el, nl).
    """

    path: Path
    split: Literal["train", "validation", "all"] = "all"
    case: Mapping[Case, float] = field(default_factory=lambda: {"as_is": 1.0})
    language: str = "en"

    def __post_init__(self) -> None:
        CaseMixture(self.case, self.language)

    def draw(self, rng: np.random.Generator) -> str:
        """Draw a line.

        Raises:
            InputError: The file does not exist, is not UTF-8 text, or has no line (of the split).
        """
        lines = self._lines
        for _ in range(_SPLIT_ATTEMPTS):
            text = lines.read(int(rng.integers(len(lines))))
            if self._is_in_split(text):
                return self._cases.apply(text, self._cases.draw(rng))
        raise InputError(f"corpus {str(self.path)!r}: none of {_SPLIT_ATTEMPTS} lines is in the split {self.split!r}")

    def draw_containing(self, rng: np.random.Generator, character: str) -> str | None:
        """Return the next line with a character, from a random position on; None if there is none in four megabytes.

        A line after many without the character is drawn more often. Raises the same as `draw`.
        """
        for _ in range(_SEARCHES):
            case = self._cases.draw(rng)
            position = rng.random()
            small = to_case(character, "lower", self.language) if case in ("title", "upper") else character
            for written in dict.fromkeys((small, character)):
                text = self._lines.find(written, position)
                if text is not None and self._is_in_split(text) and character in self._cases.apply(text, case):
                    return self._cases.apply(text, case)
        return None

    @cached_property
    def _cases(self) -> CaseMixture:
        return CaseMixture(self.case, self.language)

    @cached_property
    def _lines(self) -> "_MappedLines":
        return _MappedLines(self.path)

    def _is_in_split(self, text: str) -> bool:
        return self.split == "all" or split_for_text(text) == self.split


def split_for_text(text: str) -> Literal["train", "validation"]:
    """Return the split of a text, by a hash of its cleaned form."""
    part = zlib.crc32(clean_text(text).encode()) % _PARTS
    return "validation" if part < _VALIDATION_PARTS else "train"


class _MappedLines:
    """The lines of a memory-mapped file that are not blank."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                size = file.seek(0, 2)
                self._data: Data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        except FileNotFoundError:
            raise InputError(f"corpus {str(path)!r}: there is no such file") from None
        except (OSError, ValueError) as error:
            raise InputError(f"corpus {str(path)!r} cannot be opened: {error}") from None
        if not self._data:
            raise InputError(f"corpus {str(path)!r} is empty")
        self._starts, self._stops = _line_bounds(self._data, path)
        if not len(self._starts):
            raise InputError(f"corpus {str(path)!r} has no line with a text")

    def __len__(self) -> int:
        return len(self._starts)

    def read(self, line: int) -> str:
        return self._data[int(self._starts[line]) : int(self._stops[line])].decode().removeprefix("\ufeff")

    def find(self, text: str, position: float) -> str | None:
        """Return the first line with a text, from a position (0 to 1) on, continuing at the start of the file."""
        pattern, start = text.encode(), int(position * len(self._data))
        at = self._data.find(pattern, start, start + _SEARCHED)
        if at < 0:
            at = self._data.find(pattern, 0, min(start + len(pattern), max(0, start + _SEARCHED - len(self._data))))
        line = int(np.searchsorted(self._starts, at, side="right")) - 1
        return self.read(line) if at >= 0 and line >= 0 and at < self._stops[line] else None


def _line_bounds(data: Data, path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Check that a file is UTF-8 text; return start and stop offsets of the lines that are not blank."""
    starts, stops, line = [], [], 1
    for offset, block in _blocks_of_whole_lines(data):
        if b"\x00" in block:
            raise InputError(f"corpus {str(path)!r} is a binary file (a zero byte after line {line}), not UTF-8 text")
        try:
            block.decode()
        except UnicodeDecodeError as error:
            at = line + block[: error.start].count(b"\n")
            raise InputError(
                f"corpus {str(path)!r} is not UTF-8 text: byte {offset + error.start}, line {at}; convert it first"
            ) from None
        line += block.count(b"\n")
        array = np.frombuffer(block, np.uint8)
        ends = np.flatnonzero(array == ord("\n"))
        if not block.endswith(b"\n"):
            ends = np.append(ends, len(block))
        begins = np.concatenate([[0], ends[:-1] + 1])
        ink_before = np.concatenate([[0], np.cumsum(array > ord(" "))])
        visible = ink_before[ends] > ink_before[begins]
        starts.append(begins[visible] + offset)
        stops.append(ends[visible] + offset)
    return np.concatenate(starts).astype(np.int64), np.concatenate(stops).astype(np.int64)


def _blocks_of_whole_lines(data: Data) -> Iterator[tuple[int, bytes]]:
    """Blocks of about 16 MiB that end at the end of a line, with their offsets."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + _CHUNK)
        stop = len(data) if end < 0 else end + 1
        yield start, data[start:stop]
        start = stop
