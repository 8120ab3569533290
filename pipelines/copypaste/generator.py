"""Draws the scenes of a CopyPaste job."""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from augment.copy_paste import CopyPaste
from pipelines.copypaste.settings import PictureOutput
from pipelines.reader import SceneSource, decode, read_row
from pipelines.reader.source import BROKEN
from synthtext.core import Gap, InputError, Provenance, Scene, StreamSource

_ORDER = 5  # the purpose of the random stream of an epoch's order; others have their own


class CopyPasteGenerator:
    """Scene i is the target's picture at place i of an endless series of shuffled epochs, with texts pasted into it.

    Args:
        target: what is pasted into.
        left_out: rows of the target that no scene is made of; not all.
        operation: what pastes.
        output: how pictures are stored.
        seed: 0 to 2**32 - 1.
        prefix: of the keys.
    """

    def __init__(
        self,
        target: SceneSource,
        left_out: Collection[int],
        operation: CopyPaste,
        output: PictureOutput,
        seed: int,
        prefix: str,
    ) -> None:
        self._target, self._operation, self._output = target, operation, output
        self._usable = np.ones(len(target), np.bool_)
        self._usable[list(left_out)] = False
        self._epoch_length = int(self._usable.sum())
        self._seed, self._prefix = seed, prefix
        self._streams = StreamSource(seed)
        self._order = lru_cache(maxsize=2)(self._epoch_order)

    def draw_many(self, indices: Sequence[int]) -> Iterator[Scene | Gap]:
        """Draw scenes in this order."""
        return map(self.draw, indices)

    def draw(self, index: int) -> Scene | Gap:
        """Draw one scene, or say that its target's picture cannot be read."""
        epoch, place = divmod(index, self._epoch_length)
        row = int(self._order(epoch)[place])
        found = read_row(self._target, row)
        if isinstance(found, str):
            return Gap(index, (f"target {found}",))
        try:
            image = decode(found.image, found.key)
        except InputError:
            return Gap(index, (f"target {BROKEN}",))
        content, appearance = self._streams.at(index)
        low, high = self._output.quality_range
        drawn = {"target": row, "jpeg_quality": int(appearance.integers(low, high + 1))}
        scene = Scene(f"{self._prefix}{index:010d}", image, found.instances, Provenance(drawn=drawn))
        return self._operation(scene, content)

    def _epoch_order(self, epoch: int) -> NDArray[np.int64]:
        """The target's usable rows in the order of an epoch: groups that are read together stay together."""
        rng = np.random.default_rng([epoch, self._seed, _ORDER])
        bounds = self._target.groups
        shuffled = rng.permutation(len(bounds) - 1).tolist()
        order = np.concatenate([rng.permutation(np.arange(bounds[group], bounds[group + 1])) for group in shuffled])
        return np.asarray(order[self._usable[order]], np.int64)
