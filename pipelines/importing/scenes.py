"""Real detection data as a data set of ours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from pipelines.importing.job import BROKEN, Import, whole_picture
from pipelines.reader import EncodedScene, SceneSource
from pipelines.reader.picture import suffix_of
from pipelines.reader.problems import OUTSIDE, OVER_THE_EDGE
from pipelines.reader.source import MissingError
from pipelines.shards import SceneRow, to_json
from synthtext.core import Gap, InputError, TextInstance

UNREADABLE = "label unreadable"

_EDGE = 1.0  # pixels: labels that count pixels from 1, or name the first one behind, reach over the edge by so much


@dataclass(frozen=True)
class ScenesImport(Import):
    """Copies the scenes of a source. Texts that lie outside of their picture are left out and counted.

    Attributes:
        source: the scenes; scene i becomes sample i.
        digest: of the source's content, hexadecimal.
        shard_size: scenes in a shard.
    """

    source: SceneSource
    digest: str
    shard_size: int = SceneRow.SHARD_SIZE

    ROW: ClassVar[type[SceneRow]] = SceneRow

    @property
    def name(self) -> str:
        """Of the source."""
        return self.source.name

    @property
    def count(self) -> int:
        """Scenes in the source."""
        return len(self.source)

    def item(self, index: int) -> SceneRow | Gap:
        """The row of a scene, or why there is none."""
        try:
            (scene,) = self.source.read(np.array([index]))
        except MissingError as error:
            return Gap(index, (error.reason,))
        except InputError:
            return Gap(index, (UNREADABLE,))
        try:
            height, width = whole_picture(scene.image, scene.key).shape[:2]
        except InputError:
            return Gap(index, (BROKEN,))
        return self._row(index, scene, width, height)

    def _row(self, index: int, scene: EncodedScene, width: int, height: int) -> SceneRow:
        key = f"{self.digest[:8]}{index:010d}"
        instances, problems = inside(scene.instances, width, height)
        problems = (*scene.problems, *problems)
        meta = {"origin": "real", "source": self.source.name, "name": scene.key}
        return SceneRow(
            key=key,
            image=scene.image,
            path=key + suffix_of(scene.image),
            width=width,
            height=height,
            instances=instances,
            meta=to_json(meta | ({"problems": list(problems)} if problems else {})),
            problems=problems,
        )


def inside(
    instances: Sequence[TextInstance], width: int, height: int
) -> tuple[tuple[TextInstance, ...], tuple[str, ...]]:
    """The texts of which something lies in a picture of this size, in pixels, and what was wrong with the others.

    A polygon that reaches over the edge stays as it is labelled: cutting it would move the ends of its text.
    """
    problems: list[str] = []
    places: dict[int, int] = {}
    kept: list[TextInstance] = []
    for place, instance in enumerate(instances):
        low, high = instance.polygon.min(axis=0), instance.polygon.max(axis=0)
        if (high <= 0).any() or (low >= (width, height)).any():
            problems.append(OUTSIDE)
            continue
        if (low < -_EDGE).any() or (high > np.add((width, height), _EDGE)).any():
            problems.append(OVER_THE_EDGE)
        places[place] = len(kept)
        kept.append(instance)
    moved = (replace(i, parent=places.get(i.parent, -1)) if i.parent >= 0 else i for i in kept)
    return tuple(moved), tuple(problems)
