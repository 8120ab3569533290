"""One pass over scenes, before any line is cut out: how many there are, and what identifies them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.crops.choice import CropLevel, choose
from pipelines.reader import EncodedScene, SceneSource, picture_size, read_rows
from pipelines.reader.source import BROKEN
from pipelines.shards import instance_to_tree, to_json
from synthtext.core import Charset, InputError, Size

_TOGETHER = 16  # pictures that are held


@dataclass(frozen=True, eq=False)
class Survey:
    """What N scenes hold for one level.

    Attributes:
        starts: (N + 1,) int64, the number of the first line of every scene, and the number of lines.
        characters: of the lines, in their order of code points.
        left_out: texts that become no line, by reason; mended labels are not among them.
        scenes_left_out: scenes that cannot be read, by reason.
        digest: SHA-256 of pictures and labels, whatever they are stored in.
    """

    starts: NDArray[np.int64]
    characters: str
    left_out: Counter[str]
    scenes_left_out: Counter[str]
    digest: str

    @property
    def lines(self) -> int:
        """Texts that become lines."""
        return int(self.starts[-1])

    @property
    def charset(self) -> Charset | None:
        """The characters as a charset; None without any."""
        return Charset(tuple(self.characters)) if self.characters else None


def survey(source: SceneSource, level: CropLevel, advance: Callable[[int], None] = lambda _: None) -> Survey:
    """Read all scenes once; no picture is decoded.

    Args:
        source: the scenes.
        level: of the texts that become lines.
        advance: is told after every scene.
    """
    counts: list[int] = []
    characters: set[str] = set()
    left_out: Counter[str] = Counter()
    scenes_left_out: Counter[str] = Counter()
    total = hashlib.sha256()
    for scene in _scenes(source):
        reason, count = scene if isinstance(scene, str) else "", 0
        if isinstance(scene, EncodedScene):
            total.update(_digest(scene))
            try:
                choice = choose(scene.instances, Size(*picture_size(scene.image, scene.key)), level)
            except InputError:
                reason = BROKEN
            else:
                count = len(choice.usable)
                left_out.update(choice.left_out)
                characters.update(*(scene.instances[place].text for place in choice.usable))
        if reason:
            scenes_left_out[reason] += 1
            total.update(reason.encode())
        counts.append(count)
        advance(1)
    starts = np.cumsum([0, *counts]).astype(np.int64)
    return Survey(starts, "".join(sorted(characters)), left_out, scenes_left_out, total.hexdigest())


def _scenes(source: SceneSource) -> Iterator[EncodedScene | str]:
    """The scenes in order, some read together; of those that cannot be read, why."""
    for begin in range(0, len(source), _TOGETHER):
        rows = np.arange(begin, min(begin + _TOGETHER, len(source)))
        yield from read_rows(source, rows)


def _digest(scene: EncodedScene) -> bytes:
    """Of a picture and its labels, coordinates to a thousandth of a pixel."""
    labels = to_json([instance_to_tree(instance) for instance in scene.instances])
    return hashlib.sha256(hashlib.sha256(scene.image).digest() + labels.encode()).digest()
