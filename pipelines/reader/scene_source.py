"""What detection data are to everything that reads them: rows of encoded pictures with their texts, by number."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from synthtext.core import TextInstance

_TOGETHER = 16  # pictures that are held while one goes through a source


class EncodedScene(NamedTuple):
    """One picture as it is stored, and its texts.

    Attributes:
        key: of the picture.
        image: an encoded picture.
        instances: its texts; every polygon runs clockwise, has an area and does not cross itself.
        problems: what was wrong with labels that were mended, made ignored or left out, one entry each.
    """

    key: str
    image: bytes
    instances: tuple[TextInstance, ...]
    problems: tuple[str, ...] = ()


class SceneSource(Protocol):
    """N labelled pictures. Holds no object for a row; is pickled to other processes, which open the files anew."""

    @property
    def name(self) -> str:
        """As the user gave it."""
        ...

    def __len__(self) -> int: ...

    @property
    def groups(self) -> NDArray[np.int64]:
        """(G + 1,) rows at which a run that is cheap to read together begins; the last entry is N."""
        ...

    def read(self, rows: NDArray[np.int64]) -> list[EncodedScene]:
        """The scenes of these rows, in this order.

        Raises:
            InputError: a picture is missing, or a label is not as it should be; the sentence names it.
        """
        ...


def iterate_scenes(source: SceneSource) -> Iterator[EncodedScene]:
    """All scenes of a source, in order, a few at a time."""
    for begin in range(0, len(source), _TOGETHER):
        yield from source.read(np.arange(begin, min(begin + _TOGETHER, len(source))))
