"""The scenes of CopyPaste: which image of the target each is made of, and the texts that are pasted into it."""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from augment.copy_paste import CopyPaste
from pipelines.datasets.image import decode_image
from pipelines.datasets.scene_source import SceneSource
from pipelines.datasets.source import BROKEN_IMAGE, read_row
from pipelines.jobs.copypaste_settings import ImageOutput
from synthtext.core import InputError, Provenance, Scene, SkippedSample, StreamSource

_ORDER = 5  # number of the random stream of an epoch's order; other uses have other streams


class CopyPasteGenerator:
    """Pastes texts into the images of a target. Scene i is made of image i of an endless sequence of shuffled epochs.

    Args:
        target: the scenes that are pasted into.
        left_out: rows of the target that are not used; not all.
        copy_paste: pastes texts into a scene.
        output: how images are stored.
        seed: 0 to 2**32 - 1.
        prefix: of the keys.
    """

    def __init__(
        self,
        target: SceneSource,
        left_out: Collection[int],
        copy_paste: CopyPaste,
        output: ImageOutput,
        seed: int,
        prefix: str,
    ) -> None:
        self._target, self._copy_paste, self._output = target, copy_paste, output
        self._usable = np.ones(len(target), np.bool_)
        self._usable[list(left_out)] = False
        self._epoch_length = int(self._usable.sum())
        self._seed, self._prefix = seed, prefix
        self._streams = StreamSource(seed)
        self._order = lru_cache(maxsize=2)(self._epoch_order)

    def generate_many(self, indices: Sequence[int]) -> Iterator[Scene | SkippedSample]:
        """Generate scenes in this order."""
        return map(self.generate, indices)

    def generate(self, index: int) -> Scene | SkippedSample:
        """Generate one scene; it is skipped if its target image cannot be read."""
        epoch, position = divmod(index, self._epoch_length)
        row = int(self._order(epoch)[position])
        encoded = read_row(self._target, row)
        if isinstance(encoded, str):
            return SkippedSample(index, (f"target {encoded}",))
        try:
            image = decode_image(encoded.image, encoded.key)
        except InputError:
            return SkippedSample(index, (f"target {BROKEN_IMAGE}",))
        content, appearance = self._streams.at(index)
        low, high = self._output.quality_range
        parameters = {"target": row, "jpeg_quality": int(appearance.integers(low, high + 1))}
        scene = Scene(f"{self._prefix}{index:010d}", image, encoded.instances, Provenance(parameters=parameters))
        return self._copy_paste(scene, content)

    def _epoch_order(self, epoch: int) -> NDArray[np.int64]:
        """The usable rows of the target in the order of an epoch: rows of a group stay together."""
        rng = np.random.default_rng([epoch, self._seed, _ORDER])
        offsets = self._target.group_offsets
        groups = rng.permutation(len(offsets) - 1).tolist()
        order = np.concatenate([rng.permutation(np.arange(offsets[g], offsets[g + 1])) for g in groups])
        return np.asarray(order[self._usable[order]], np.int64)
