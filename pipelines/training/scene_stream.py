"""Batches of images for a detector: batch k is a pure function of (data, settings, seed, k)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from augment import SceneChain
from augment.copy_paste import CopyPaste, PasteMode
from models.batch import DetectionBatch
from models.db.targets import DBTargets, TargetSettings, make_targets
from models.losses.db import DBTargetBatch
from pipelines.datasets.image import decode_image
from pipelines.datasets.order import Mixture, SequentialRows, ShuffledRows
from pipelines.datasets.scene_source import EncodedScene, SceneSource, instances_at_level
from pipelines.datasets.source import ConcatenatedSource
from pipelines.jobs.crop_bank import load_bank
from synthtext.core import Image, InputError, Level, Scene, StreamSource

SHUFFLE_BLOCK_SIZE = 1024
"""Images that are shuffled together: the row groups that hold them fit into memory."""


@dataclass(frozen=True)
class OnlineCopyPaste:
    """CopyPaste while training."""

    path: Path  # of the crop bank; every data worker maps the file
    mode: PasteMode
    probability: float = 1.0  # that crops are pasted into an image


@dataclass(eq=False)
class SceneStream:
    """An endless sequence of batches; `stream[k]` is batch k, independent of earlier accesses and of the process.

    Images are sampled from the sources by weight, each source in shuffled epochs of its own. The augmentation of the
    image at position p (CopyPaste, view, effects) depends only on (seed, p), so that it differs between epochs.

    Attributes:
        sources: sources with at least one image each.
        weights: relative shares of the sources, above 0.
        level: level of the texts that count, where images have several.
        chain: view and effects; all images have one size after it, sides multiples of 32.
        targets: from labels to maps.
        channels: channel order in a batch, "bgr" or "rgb".
        batch_size: images in a batch.
        seed: 0 to 2**32 - 1.
        paste: CopyPaste before the view; None: none.
        in_order: indices of the sources whose images are read in order; others are shuffled.

    Raises:
        InputError: there is no source, a source is empty, or a weight or the batch size is not positive.
    """

    sources: Sequence[SceneSource]
    weights: Sequence[float]
    level: Level
    chain: SceneChain
    targets: TargetSettings
    channels: str
    batch_size: int
    seed: int
    paste: OnlineCopyPaste | None = None
    in_order: Collection[int] = ()
    _source: ConcatenatedSource[EncodedScene] = field(init=False, repr=False)
    _mixture: Mixture = field(init=False, repr=False)
    _streams: StreamSource = field(init=False, repr=False)
    _operation: CopyPaste | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        if not self.sources or len(self.sources) != len(self.weights):
            raise InputError("training needs at least one source, and a weight for each")
        invalid = [weight for weight in self.weights if not 0 < weight < float("inf")]
        if invalid or self.batch_size < 1:
            raise InputError(f"weights and the batch size must be above 0, not {(*invalid, self.batch_size)[0]}")
        empty = [source.name for source in self.sources if not len(source)]
        if empty:
            raise InputError(f"{empty[0]} holds no image")
        self._source = ConcatenatedSource("", tuple(self.sources))
        orders = [
            SequentialRows(np.arange(len(source)))
            if index in self.in_order
            else ShuffledRows(np.arange(len(source)), source.group_offsets, self.seed, index, SHUFFLE_BLOCK_SIZE)
            for index, source in enumerate(self.sources)
        ]
        self._mixture = Mixture(orders, self.weights)
        self._streams = StreamSource(self.seed)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_operation": None}  # every worker maps the bank itself

    def __getitem__(self, number: int) -> DetectionBatch:
        """Return a batch, counted from 0.

        Raises:
            InputError: an image is missing or damaged; the message names it.
        """
        first = number * self.batch_size
        taken = self._mixture.take(first, first + self.batch_size)
        rows = np.concatenate([start + part for start, part in zip(self._source.part_offsets, taken, strict=False)])
        scenes = self._source.read(rows)
        samples = [self.sample(scene, first + offset) for offset, scene in enumerate(scenes)]
        images, targets = zip(*samples, strict=True)
        pixels = np.stack(images)
        if self.channels == "bgr":
            pixels = np.ascontiguousarray(pixels[..., ::-1])
        channels_last = torch.from_numpy(pixels).permute(0, 3, 1, 2)  # in memory
        return DetectionBatch(channels_last, _stack_targets(targets), tuple(scene.key for scene in scenes))

    def sample(self, encoded: EncodedScene, position: int) -> tuple[Image, DBTargets]:
        """Return the augmented image at a position (0 to 2**32 - 1), (H, W, 3) uint8 RGB, and its target maps."""
        content, appearance = self._streams.at(position)
        scene = Scene(encoded.key, decode_image(encoded.image, encoded.key), encoded.instances)
        if self.paste is not None and content.random() < self.paste.probability:
            if self._operation is None:
                self._operation = CopyPaste(load_bank(self.paste.path), self.paste.mode)
            scene = self._operation(scene, content)
        scene = replace(scene, instances=instances_at_level(scene.instances, self.level))
        augmented = self.chain(appearance, scene)
        image, instances = augmented.scene.image, augmented.scene.instances
        polygons, ignore = [i.polygon for i in instances], [i.ignore for i in instances]
        height, width = image.shape[:2]
        maps, _ = make_targets(polygons, ignore, height, width, self.targets, augmented.valid_mask)
        return image, maps


def _stack_targets(targets: Sequence[DBTargets]) -> DBTargetBatch:
    columns: list[NDArray[Any]] = [np.stack(column) for column in zip(*targets, strict=True)]
    maps = DBTargetBatch(*map(torch.from_numpy, columns))
    # Half precision halves the transfer between processes, and is exact to 0.0005.
    return maps._replace(threshold_map=maps.threshold_map.half())
