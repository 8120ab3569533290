"""What recognition data are to everything that reads them: rows of encoded lines, by number."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipelines.reader.parts import Parts
from pipelines.reader.path_source import PlaceSource
from pipelines.shards.remote import together
from pipelines.storage import Location
from synthtext.core import InputError

Found = TypeVar("Found")

NO_PICTURE, NO_LABEL = "picture missing", "label missing"
BROKEN, UNREADABLE = "picture broken", "label unreadable"
"""Why a row cannot be used."""


class MissingError(InputError):
    """Something that a source promises is not there; `reason` says what, for those who count what they leave out."""

    def __init__(self, message: str, reason: str = NO_PICTURE) -> None:
        super().__init__(message)
        self.reason = reason


class EncodedLine(NamedTuple):
    """One line as it is stored."""

    key: str
    image: bytes  # an encoded picture
    text: str  # as labelled


class RecognitionSource(Protocol):
    """N labelled lines. Holds no object for a row; is pickled to other processes, which open the files anew."""

    @property
    def name(self) -> str:
        """As the user gave it."""
        ...

    def __len__(self) -> int: ...

    def texts(self) -> Iterator[str]:
        """All labels, in order."""
        ...

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of every picture, (N, 2) pixels, without decoding one.

        Raises:
            InputError: a picture is missing or is none.
        """
        ...

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """Chosen columns beside picture and label, of all rows, without decoding a picture.

        Args:
            names: of columns as in shards: font, script, corpus, contrast, effects, ...

        Returns:
            Those that the source has, each with a value for every row, None where it is not known. A label file and an
            LMDB of others have none.
        """
        ...

    @property
    def groups(self) -> NDArray[np.int64]:
        """(G + 1,) rows at which a run that is cheap to read together begins; the last entry is N."""
        ...

    def read(self, rows: NDArray[np.int64]) -> list[EncodedLine]:
        """The lines of these rows, in this order.

        Raises:
            InputError: a picture is missing; the sentence names it.
        """
        ...


@dataclass(frozen=True)
class Concatenation(Parts[EncodedLine]):
    """Sources of lines one after the other, as one."""

    parts: tuple[RecognitionSource, ...]

    def texts(self) -> Iterator[str]:
        """All labels, in order."""
        if not self._is_elsewhere:
            return (text for part in self.parts for text in part.texts())
        return (text for texts in together(lambda part: list(part.texts()), self.parts) for text in texts)

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of every picture, (N, 2) pixels."""
        return np.concatenate(list(self._each(lambda part: part.sizes())))

    def columns(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """The chosen columns that all parts have."""
        found = list(self._each(lambda part: part.columns(names)))
        common = [name for name in names if all(name in columns for columns in found)]
        return {name: [value for columns in found for value in columns[name]] for name in common}

    @property
    def _is_elsewhere(self) -> bool:
        return any(isinstance(part, PlaceSource) and isinstance(part.path, Location) for part in self.parts)

    def _each(self, look: Callable[[RecognitionSource], Found]) -> Iterator[Found]:
        """What a look at every part gives, in order; some at a time where a storage has to be waited for."""
        return together(look, self.parts) if self._is_elsewhere else map(look, self.parts)
