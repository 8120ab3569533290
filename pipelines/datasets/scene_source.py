"""The texts of a scene that a detector is to find, one box each."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Level, TextInstance

_ORDER: tuple[Level, ...] = ("word", "line", "block")


def instances_at_level(instances: Sequence[TextInstance], level: Level) -> tuple[TextInstance, ...]:
    """Texts of one level out of scenes that label blocks, their lines and the words of these.

    Every text is covered once: one that is part of nothing of that level stands for itself (a word or a line that was
    pasted, a line without a block), and so does a line without words where words are wanted.

    Args:
        instances: of a scene; `parent` counts in this order.
        level: that is wanted.

    Returns:
        Texts without parents, in their order.
    """
    parents = {instance.parent for instance in instances}
    if parents <= {-1}:
        return tuple(instances)
    allowed = _ORDER[: _ORDER.index(level) + 1]
    counts = [instance.level in allowed or place not in parents for place, instance in enumerate(instances)]
    return tuple(
        replace(instance, parent=-1)
        for instance, wanted in zip(instances, counts, strict=True)
        if wanted and not _is_part(instance, instances, counts)
    )


def _is_part(instance: TextInstance, instances: Sequence[TextInstance], counts: Sequence[bool]) -> bool:
    """Whether a text is a part of one that counts; levels above words are two."""
    for _ in _ORDER:
        if instance.parent < 0:
            return False
        if counts[instance.parent]:
            return True
        instance = instances[instance.parent]
    return False


_BATCH_SIZE = 16  # pictures that are held while one goes through a source


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
    def group_offsets(self) -> NDArray[np.int64]:
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
    for begin in range(0, len(source), _BATCH_SIZE):
        yield from source.read(np.arange(begin, min(begin + _BATCH_SIZE, len(source))))
