"""Sources of scenes, and the selection of their texts by level."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias, get_args

import numpy as np

from pipelines.datasets.image import decode_image
from pipelines.datasets.source import RowSource
from synthtext.core import Level, Scene, TextInstance

_LEVELS: tuple[Level, ...] = get_args(Level)

_BATCH_SIZE = 16  # scenes that are held in memory while iterating over a source


class EncodedScene(NamedTuple):
    """A scene as it is stored. A notebook shows its image with the outlines of its texts.

    Attributes:
        key: Of the image.
        image: The encoded image.
        instances: Its texts; every polygon is clockwise, has an area and does not intersect itself.
        problems: The problem of each label that was repaired, ignored or left out.
    """

    key: str
    image: bytes
    instances: tuple[TextInstance, ...]
    problems: tuple[str, ...] = ()

    def decode(self) -> Scene:
        """Return the scene with its pixels; raises InputError if the image is broken."""
        return Scene(self.key, decode_image(self.image, self.key), self.instances)

    def __repr__(self) -> str:
        return f"EncodedScene(key={self.key!r}, {len(self.instances)} texts, {len(self.image):,} bytes)"

    def _repr_html_(self) -> str:
        return self.decode()._repr_html_()


SceneSource: TypeAlias = RowSource[EncodedScene]
"""N labelled scenes."""


def iterate_scenes(source: SceneSource) -> Iterator[EncodedScene]:
    """Iterate over all scenes of a source, in order."""
    for start in range(0, len(source), _BATCH_SIZE):
        yield from source.read(np.arange(start, min(start + _BATCH_SIZE, len(source))))


def instances_at_level(instances: Sequence[TextInstance], level: Level) -> tuple[TextInstance, ...]:
    """Select the texts of one level from a scene that labels blocks, their lines and the words of these.

    Every text is covered once. A text that is not part of one of that level is kept itself (a pasted word or line, or
    a line without a block), and so is a line without words if the level is "word".

    Args:
        instances: Of a scene; `parent` is an index into this sequence.
        level: The level to select.

    Returns:
        Texts without parents, in the given order.
    """
    parents = {instance.parent for instance in instances}
    if parents <= {-1}:
        return tuple(instances)
    allowed = _LEVELS[: _LEVELS.index(level) + 1]
    candidates = [instance.level in allowed or index not in parents for index, instance in enumerate(instances)]
    return tuple(
        replace(instance, parent=-1)
        for instance, is_candidate in zip(instances, candidates, strict=True)
        if is_candidate and not any(candidates[ancestor] for ancestor in _ancestors(instance, instances))
    )


def _ancestors(instance: TextInstance, instances: Sequence[TextInstance]) -> Iterator[int]:
    for _ in _LEVELS:  # at most two ancestors; the bound stops at a cycle
        if instance.parent < 0:
            return
        yield instance.parent
        instance = instances[instance.parent]
