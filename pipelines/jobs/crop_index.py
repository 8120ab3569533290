"""An index of the lines that scenes hold, made by one pass over the scenes."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.datasets.image import image_size
from pipelines.datasets.scene_source import EncodedScene, SceneSource
from pipelines.datasets.source import BROKEN_IMAGE, read_rows
from pipelines.io.row import to_json
from pipelines.io.scene_row import instance_to_dict
from pipelines.jobs.crop_cutting import CropLevel, select_instances
from synthtext.core import Charset, InputError, Size

_BATCH_SIZE = 16  # scenes in memory


@dataclass(frozen=True, eq=False)
class CropIndex:
    """The lines of N scenes.

    Attributes:
        line_offsets: (N + 1,) int64, the index of the first line of every scene, and the number of lines.
        characters: of the lines, in the order of code points.
        left_out: texts that become no line, by reason; repaired labels are not among them.
        scenes_left_out: scenes that cannot be read, by reason.
        digest: SHA-256 of images and labels, independent of the file format.
    """

    line_offsets: NDArray[np.int64]
    characters: str
    left_out: Counter[str]
    scenes_left_out: Counter[str]
    digest: str

    @property
    def line_count(self) -> int:
        """The number of lines."""
        return int(self.line_offsets[-1])

    @property
    def charset(self) -> Charset | None:
        """The characters as a charset; None without any."""
        return Charset(tuple(self.characters)) if self.characters else None


def index_crops(
    source: SceneSource, level: CropLevel, on_progress: Callable[[int], None] = lambda amount: None
) -> CropIndex:
    """Read all scenes once, without decoding an image.

    Args:
        source: of the scenes.
        level: of the texts that become lines.
        on_progress: called with the number of scenes that were read.
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
                selection = select_instances(scene.instances, Size(*image_size(scene.image, scene.key)), level)
            except InputError:
                reason = BROKEN_IMAGE
            else:
                count = len(selection.selected)
                left_out.update(selection.left_out)
                characters.update(*(scene.instances[index].text for index in selection.selected))
        if reason:
            scenes_left_out[reason] += 1
            total.update(reason.encode())
        counts.append(count)
        on_progress(1)
    offsets = np.cumsum([0, *counts]).astype(np.int64)
    return CropIndex(offsets, "".join(sorted(characters)), left_out, scenes_left_out, total.hexdigest())


def _scenes(source: SceneSource) -> Iterator[EncodedScene | str]:
    """The scenes in order, read in batches; for a scene that cannot be read, the reason."""
    for begin in range(0, len(source), _BATCH_SIZE):
        rows = np.arange(begin, min(begin + _BATCH_SIZE, len(source)))
        yield from read_rows(source, rows)


def _digest(scene: EncodedScene) -> bytes:
    """SHA-256 of an image and its labels, coordinates to a thousandth of a pixel."""
    labels = to_json([instance_to_dict(instance) for instance in scene.instances])
    return hashlib.sha256(hashlib.sha256(scene.image).digest() + labels.encode()).digest()
