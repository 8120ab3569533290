"""Real detection data as a data set of ours."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from pipelines.importing.job import Import, whole_picture
from pipelines.reader import EncodedScene, SceneSource, read_row
from pipelines.reader.picture import suffix_of
from pipelines.reader.problems import OUTSIDE, OVER_THE_EDGE
from pipelines.reader.source import BROKEN
from pipelines.shards import SceneRow, to_json
from synthtext.core import Gap, InputError, TextInstance

_EDGE = 1.0  # pixels: labels that count pixels from 1, or name the first one behind, reach over the edge by so much


@dataclass(frozen=True)
class ScenesImport(Import[SceneSource]):
    """Copies the scenes of a source. Texts that lie outside of their picture are left out and counted."""

    shard_size: int = field(default=SceneRow.SHARD_SIZE, kw_only=True)

    ROW: ClassVar[type[SceneRow]] = SceneRow

    def item(self, index: int) -> SceneRow | Gap:
        """The row of a scene, or why there is none."""
        scene = read_row(self.source, index)
        if isinstance(scene, str):
            return Gap(index, (scene,))
        try:
            height, width = whole_picture(scene.image, scene.key).shape[:2]
        except InputError:
            return Gap(index, (BROKEN,))
        return self._row(index, scene, width, height)

    def _row(self, index: int, scene: EncodedScene, width: int, height: int) -> SceneRow:
        key = self.key(index)
        instances, problems = inside(scene.instances, width, height)
        problems = (*scene.problems, *problems)
        return SceneRow(
            key=key,
            image=scene.image,
            path=key + suffix_of(scene.image),
            width=width,
            height=height,
            instances=instances,
            meta=to_json(self.meta(scene.key) | ({"problems": list(problems)} if problems else {})),
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
