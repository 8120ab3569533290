"""Lines of a text file of any size."""

import mmap
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from synthtext.core import InputError
from synthtext.corpora.corpus import PicklesSettings, clean_text
from synthtext.corpora.language import Case, CaseMixture, to_case
from synthtext.corpora.line_index import line_starts

_SPLIT_ATTEMPTS = 1000
_VALIDATION_PARTS, _PARTS = 1, 10
_SEARCHED = 1 << 22  # bytes that are searched for a character: a millisecond
_SEARCHES = 4  # for a line of the split in a case that keeps the character

Data: TypeAlias = mmap.mmap | bytes


@dataclass(frozen=True)
class TextFile(PicklesSettings):
    """Draws lines of a UTF-8 file, uniformly.

    The file is memory-mapped, and so are the offsets of the lines of a large one (8 bytes a line), which are stored in
    the cache folder once.

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
            self._starts = line_starts(path) if size else np.empty(0, np.int64)
        except InputError:
            raise
        except FileNotFoundError:
            raise InputError(f"corpus {str(path)!r}: there is no such file") from None
        except (OSError, ValueError) as error:
            raise InputError(f"corpus {str(path)!r} cannot be opened: {error}") from None
        if not self._data:
            raise InputError(f"corpus {str(path)!r} is empty")
        if not len(self._starts):
            raise InputError(f"corpus {str(path)!r} has no line with a text")

    def __len__(self) -> int:
        return len(self._starts)

    def read(self, line: int) -> str:
        start = int(self._starts[line])
        stop = self._data.find(b"\n", start)
        return self._data[start : stop if stop >= 0 else len(self._data)].decode().removeprefix("\ufeff")

    def find(self, text: str, position: float) -> str | None:
        """Return the first line with a text, from a position (0 to 1) on, continuing at the start of the file."""
        pattern, start = text.encode(), int(position * len(self._data))
        at = self._data.find(pattern, start, start + _SEARCHED)
        if at < 0:
            at = self._data.find(pattern, 0, min(start + len(pattern), max(0, start + _SEARCHED - len(self._data))))
        line = int(np.searchsorted(self._starts, at, side="right")) - 1
        is_inside = at >= 0 and line >= 0 and self._data.find(b"\n", int(self._starts[line]), at) < 0
        return self.read(line) if is_inside else None
