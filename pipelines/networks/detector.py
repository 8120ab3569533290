"""A detector that is ready to read."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from models.db.boxes import Boxes, BoxSettings, find_boxes
from pipelines.networks.engine import Engine
from pipelines.preprocessing import DetectorPreprocessing
from synthtext.core import Image, InputError


@dataclass(frozen=True)
class TextDetector:
    """A detector, what it wants, and how its maps become boxes.

    Attributes:
        engine: runs it.
        preprocessing: of its input.
        boxes: what counts as a text in its map.
    """

    engine: Engine
    preprocessing: DetectorPreprocessing
    boxes: BoxSettings

    def resized(self, min_side: int | None = None, max_side: int | None = None) -> "TextDetector":
        """The same for pictures of another size, see `DetectorPreprocessing`; without any, itself.

        Raises:
            InputError: both sides are given.
        """
        if min_side is not None and max_side is not None:
            raise InputError("give a detector either a least shorter side or a greatest longer side, not both")
        if min_side is not None:
            return replace(self, preprocessing=replace(self.preprocessing, side=min_side, rule="min"))
        if max_side is not None:
            return replace(self, preprocessing=replace(self.preprocessing, side=max_side, rule="max"))
        return self

    def probability(self, image: Image) -> NDArray[np.float32]:
        """The probability map (h, w) of a picture (H, W, 3) uint8 RGB, at the size of the input."""
        maps: NDArray[np.float32] = self.engine(torch.from_numpy(self.preprocessing.prepare(image)))[0].numpy()
        return maps

    def detect(self, image: Image) -> Boxes:
        """Texts in a picture (H, W, 3) uint8 RGB, in its pixels."""
        return find_boxes(self.probability(image), self.boxes, (image.shape[1], image.shape[0]))
