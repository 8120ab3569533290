"""Batches of pictures for a detector: step k is a pure function of (data, settings, seed, k)."""

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
from models.losses import DBTargetBatch
from pipelines.datasets.concat import ConcatenatedSource
from pipelines.datasets.image import decode_image
from pipelines.datasets.order import Mixture, SequentialRows, ShuffledRows
from pipelines.datasets.scene_source import EncodedScene, SceneSource, instances_at_level
from pipelines.jobs.crop_bank import load_bank
from synthtext.core import Image, InputError, Level, Scene, StreamSource

SHUFFLE_BLOCK_SIZE = 1024
"""Pictures that are shuffled together: the row groups that hold them fit into memory."""


@dataclass(frozen=True)
class OnlineCopyPaste:
    """Pastes crops of a bank on the fly.

    Attributes:
        path: of the bank; every data worker maps it.
        mode: how crops are pasted.
        probability: that they are pasted into a picture.
    """

    path: Path
    mode: PasteMode
    probability: float = 1.0


@dataclass(eq=False)
class SceneStream:
    """An endless sequence of batches; `stream[k]` is step k, whatever was asked before and by whichever process.

    Pictures are drawn from the sources by weight, each source in shuffled epochs of its own. What happens to the one at
    position p (pastes, view, effects) is drawn from (seed, p) alone: another epoch shows it in another way.

    Attributes:
        sources: at least one picture each.
        weights: of the sources: shares of pictures, in any unit, above 0.
        level: of the texts that are learnt, where pictures have several.
        chain: the view and the effects; all pictures have one size after it, sides multiples of 32.
        targets: how labels become maps.
        channels: the order of colours in a batch, "bgr" or "rgb".
        batch_size: pictures in a batch.
        seed: 0 to 2**32 - 1.
        paste: what is pasted into a picture first, if anything.
        in_order: numbers of the sources whose pictures are drawn as they come; others are shuffled.

    Raises:
        InputError: no source, an empty one, or a weight or a size that cannot be.
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
    _pictures: ConcatenatedSource[EncodedScene] = field(init=False, repr=False)
    _mixture: Mixture = field(init=False, repr=False)
    _streams: StreamSource = field(init=False, repr=False)
    _operation: CopyPaste | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        if not self.sources or len(self.sources) != len(self.weights):
            raise InputError("training needs at least one source of data, and a weight for each")
        wrong = [weight for weight in self.weights if not 0 < weight < float("inf")]
        if wrong or self.batch_size < 1:
            raise InputError(f"a weight and a batch size must be above 0, not {(*wrong, self.batch_size)[0]}")
        empty = [source.name for source in self.sources if not len(source)]
        if empty:
            raise InputError(f"{empty[0]} holds no picture")
        self._pictures = ConcatenatedSource("", tuple(self.sources))
        orders = [
            SequentialRows(np.arange(len(source)))
            if number in self.in_order
            else ShuffledRows(np.arange(len(source)), source.group_offsets, self.seed, number, SHUFFLE_BLOCK_SIZE)
            for number, source in enumerate(self.sources)
        ]
        self._mixture = Mixture(orders, self.weights)
        self._streams = StreamSource(self.seed)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_operation": None}  # a worker maps the bank anew

    def __getitem__(self, step: int) -> DetectionBatch:
        """The batch of a step, counted from 0.

        Raises:
            InputError: a picture is missing or broken; the sentence names it.
        """
        first = step * self.batch_size
        taken = self._mixture.take(first, first + self.batch_size)
        rows = np.concatenate([start + part for start, part in zip(self._pictures.part_offsets, taken, strict=False)])
        scenes = self._pictures.read(rows)
        samples = [self.sample(scene, first + place) for place, scene in enumerate(scenes)]
        images, targets = zip(*samples, strict=True)
        return DetectionBatch(self._stacked(images), _stacked_targets(targets), tuple(scene.key for scene in scenes))

    def sample(self, encoded: EncodedScene, position: int) -> tuple[Image, DBTargets]:
        """What a picture is at a position (0 to 2**32 - 1): (H, W, 3) uint8 RGB, and its maps."""
        content, appearance = self._streams.at(position)
        scene = Scene(encoded.key, decode_image(encoded.image, encoded.key), encoded.instances)
        if self.paste is not None and content.random() < self.paste.probability:
            scene = self._copy_paste(self.paste)(scene, content)
        scene = replace(scene, instances=instances_at_level(scene.instances, self.level))
        shown = self.chain(appearance, scene)
        height, width = shown.scene.image.shape[:2]
        polygons = [instance.polygon for instance in shown.scene.instances]
        ignore = [instance.ignore for instance in shown.scene.instances]
        maps, _ = make_targets(polygons, ignore, height, width, self.targets, shown.valid_mask)
        return shown.scene.image, maps

    def _copy_paste(self, paste: OnlineCopyPaste) -> CopyPaste:
        if self._operation is None:
            self._operation = CopyPaste(load_bank(paste.path), paste.mode)
        return self._operation

    def _stacked(self, images: Sequence[Image]) -> torch.Tensor:
        stacked = np.stack(images)
        ordered = np.ascontiguousarray(stacked[..., ::-1]) if self.channels == "bgr" else stacked
        return torch.from_numpy(ordered).permute(0, 3, 1, 2)  # channels last in memory, as they are stored


def _stacked_targets(targets: Sequence[DBTargets]) -> DBTargetBatch:
    columns: list[NDArray[Any]] = [np.stack(column) for column in zip(*targets, strict=True)]
    maps = DBTargetBatch(*map(torch.from_numpy, columns))
    return maps._replace(threshold_map=maps.threshold_map.half())  # half the bytes to hand over; exact to 0.0005
