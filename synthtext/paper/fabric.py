"""Woven and knitted cloth."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import Image, Parameters, Range, Size, check_number, check_range
from synthtext.paper.made import MadePaper
from synthtext.paper.tile import HEIGHT, WIDTH, Relief, coloured, cut, draw_cut, levels, streaks

_THREAD = 6  # pixels of a thread in a tile
_WEAVES = ("plain", "twill", "basket", "knit")


@dataclass(frozen=True)
class Fabric(MadePaper):
    """Cloth of threads of two colours: plain weave, twill as of jeans, basket weave, knit.

    Attributes:
        lightness_range: of the first colour, 0 to 255.
        difference: how far the second one's lightness may be from it, 0 to 255.
        tint: how far channels may differ from the lightness, 0 to 255.
        scale_range: size of threads, 1 is six pixels; 0.3 to 3.
    """

    lightness_range: Range = (20, 235)
    difference: float = 50
    tint: float = 50
    scale_range: Range = (0.5, 1.1)

    def __post_init__(self) -> None:
        check_range("lightness_range", self.lightness_range, 0, 255)
        check_number("difference", self.difference, 0, 255)
        check_number("tint", self.tint, 0, 255)
        check_range("scale_range", self.scale_range, 0.3, 3)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the cloth and its colours (RGB)."""
        first = rng.uniform(*self.lightness_range) + rng.uniform(-self.tint, self.tint, 3)
        second = first + rng.uniform(-self.difference, self.difference) + rng.uniform(-10, 10, 3)
        return {
            **draw_cut(rng, self.scale_range),
            "warp": np.clip(first, 0, 255).round().tolist(),
            "weft": np.clip(second, 0, 255).round().tolist(),
            "relief": rng.uniform(0.25, 0.7),
        }

    def show(self, size: Size, parameters: Parameters) -> Image:
        """A piece of cloth, (H, W, 3)."""
        warp, weft = np.array(parameters["warp"]), np.array(parameters["weft"])
        dark = 1 - parameters["relief"]
        relief = cut(_make, size, parameters)
        return coloured(relief, (0, weft * dark), (127, weft), (128, warp * dark), (255, warp))


def _make(rng: np.random.Generator) -> Relief:
    """Levels below 128 are threads across, the others those along; each is dark at its edges."""
    weave = _WEAVES[int(rng.integers(len(_WEAVES)))]
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    sway = (streaks(rng, 60, 60) - 0.5) * 6
    if weave == "knit":
        return _knit(rng, x + sway, y)
    column, row = (x + sway) / _THREAD, (y + sway) / _THREAD
    i, j = np.floor(column), np.floor(row)
    if weave == "plain":
        over = (i + j) % 2 == 0
    elif weave == "twill":
        over = (i + j) % 4 < 2
    else:
        over = (i // 2 + j // 2) % 2 == 0
    across, along = 1 - np.abs(2 * (row - j) - 1), 1 - np.abs(2 * (column - i) - 1)  # 0 at a thread's edges
    round_ = np.where(over, along, across) ** 0.6
    uneven = np.where(over, streaks(rng, 90, _THREAD), streaks(rng, _THREAD, 90))
    shade = np.clip(round_ * 0.75 + (uneven - 0.5) * 0.5 + 0.15 + (streaks(rng, 1, 1) - 0.5) * 0.25, 0, 0.995)
    return levels(((shade + over) / 2).astype(np.float32))


def _knit(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> Relief:
    """Rows of stitches, each like a V."""
    wide = 2 * _THREAD
    column = x / wide
    half = np.abs(2 * (column - np.floor(column)) - 1)
    row = y / _THREAD + half * 1.4
    depth = np.abs(2 * (row - np.floor(row)) - 1)
    shade = (1 - depth**2) * 0.7 + np.minimum(half, 1 - half) * 0.5 + (streaks(rng, 1, 1) - 0.5) * 0.2
    return levels((0.5 + np.clip(shade, 0, 0.995) / 2).astype(np.float32))
