"""The ink style of letters that are sprayed through a stencil."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Parameters, Range, bounded, lerp
from synthtext.fonts import Face, FaceCache
from synthtext.ink.style import InkStyle
from synthtext.typesetting.canvas import LineRaster
from synthtext.typesetting.itemize import connects_to_previous
from synthtext.typesetting.shaping import ShapedLine

_INK = 64  # of 255: coverage that counts as ink
_MAX_RUN = 0.35  # of a letter's height or width: a longer stroke along a bridge would be removed, and change the letter
_MIN_BRIDGE, _MAX_BRIDGE = 1.3, 0.16  # pixels; and fraction of the width (or height) of a letter


@dataclass(frozen=True)
class Stencil(InkStyle):
    """Letters with bridges, as on crates, machines and military vehicles; texts of connected scripts are not drawn so.

    A bridge is a gap through the middle of a letter or digit: a vertical one, or a horizontal one where the vertical
    one would remove a whole stroke. Letters in which either would do so, and signs, have none.

    Attributes:
        width_range: Width of the bridges, 0.02 to 0.2 ems; at most a sixth of a letter, at least 1.3 pixels.
    """

    width_range: Range = bounded((0.05, 0.1), 0.02, 0.2, "ems")

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the width of the bridges."""
        return {"width": lerp(self.width_range, rng.random())}

    def supports(self, line: ShapedLine) -> bool:
        """Return whether no letters are connected, and none are rotated."""
        if line.transforms is not None:
            return False
        return line.text.isascii() or not any(connects_to_previous(line.text))

    def rasterize(
        self, line: ShapedLine, face: Face, cache: FaceCache, em: float, parameters: Parameters
    ) -> LineRaster:
        """Rasterize the letters and cut the bridges."""
        raster = super().rasterize(line, face, cache, em, parameters)
        size, (x, y) = raster.pixels_per_em, raster.origin
        least, bridge = round(_MIN_BRIDGE / em * size), round(parameters["width"] * size)
        boxes = np.stack([line.clusters.quads.min(axis=1), line.clusters.quads.max(axis=1)], axis=1) * size + (x, y)
        for text, box in zip(line.clusters.texts(line.text), boxes, strict=True):
            if text[0].isalnum():
                (left, top), (right, bottom) = np.maximum(np.round(box), 0).astype(int).tolist()
                _cut(raster.coverage[top:bottom, left:right], max(1, least), bridge)
        return raster


def _cut(letter: NDArray[np.uint8], least: int, most: int) -> None:
    """Cut a bridge of `least` to `most` pixels into a letter (H, W), in place."""
    ink = letter > _INK
    if not ink.any():
        return
    for pixels, mask in ((letter, ink), (letter.T, ink.T)):
        columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        bridge = max(least, min(most, int(_MAX_BRIDGE * (columns[-1] - columns[0]))))
        start = int(columns[0] + columns[-1] + 1 - bridge) // 2
        height = int(rows[-1] - rows[0] + 1)
        if start > columns[0] and _longest_run(mask[:, start : start + bridge]) <= _MAX_RUN * height:
            pixels[:, start : start + bridge] = 0
            return


def _longest_run(columns: NDArray[np.bool_]) -> int:
    """Length of the longest vertical run of ink in columns (H, W)."""
    longest = 0
    for column in columns.T:
        edges = np.flatnonzero(np.diff(column, prepend=False, append=False))
        longest = max(longest, int((edges[1::2] - edges[::2]).max(initial=0)))
    return longest
