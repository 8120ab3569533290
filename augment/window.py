"""A view of a fixed size in pixels: what it shows keeps its scale."""

from dataclasses import dataclass

import numpy as np

from augment.view import Frame, Labels
from synthtext.core import InputError, Parameters, Size, Warp, check_share


@dataclass(frozen=True)
class Window:
    """Cuts a window out of a scene; what is smaller than the window is kept whole.

    `TextCrop` cuts parts of any size, which are then resized to one; so texts of a large picture become as small as its
    largest parts make them. Here they keep their size, whatever the window's, and are cut where its edge runs.

    Attributes:
        width: pixels, 1 to 8192.
        height: pixels, 1 to 8192.
        text_share: how often the middle of a text that counts is in the window for sure, if there is one, 0 to 1;
            otherwise it lies anywhere.
    """

    width: int = 640
    height: int = 640
    text_share: float = 0.5

    def __post_init__(self) -> None:
        if not (1 <= self.width <= 8192 and 1 <= self.height <= 8192):
            raise InputError(f"width {self.width} and height {self.height} must be from 1 to 8192 pixels")
        check_share("text_share", self.text_share)

    def draw_view(self, rng: np.random.Generator, labels: Labels) -> Parameters:
        """Draw where the window lies: whole pixels."""
        size = np.array(labels.size).astype(int)
        wanted = np.minimum(size, (self.width, self.height))
        low, high = np.zeros(2, int), size - wanted
        middles = [
            (polygon.min(axis=0) + polygon.max(axis=0)) / 2
            for polygon, ignore in zip(labels.polygons, labels.ignore, strict=True)
            if not ignore
        ]
        middles = [middle for middle in middles if (middle >= 0).all() and (middle < size).all()]
        if middles and rng.random() < self.text_share:
            middle = np.floor(middles[int(rng.integers(len(middles)))]).astype(int)
            low, high = np.maximum(low, middle - wanted + 1), np.minimum(high, middle)
        left, top = rng.integers(low, high, endpoint=True).tolist()
        return {"left": left, "top": top, "right": left + int(wanted[0]), "bottom": top + int(wanted[1])}

    def frame(self, size: Size, parameters: Parameters) -> Frame:
        """The part, in its own size."""
        left, top, right, bottom = (parameters[side] for side in ("left", "top", "right", "bottom"))
        return Frame(Warp.translation(-left, -top), Size(right - left, bottom - top))
