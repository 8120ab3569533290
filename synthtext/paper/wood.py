"""Wooden boards."""

from dataclasses import dataclass

import cv2
import numpy as np

from synthtext.core import Image, Parameters, Range, Size, check_range, check_share
from synthtext.paper.made import MadePaper
from synthtext.paper.tile import HEIGHT, Relief, coloured, cut, draw_cut, levels, streaks

# Dark and light colour of the grain: pine, oak, beech, walnut, mahogany, ebony, weathered grey, painted white and blue.
_WOODS = (
    ((176, 124, 70), (226, 184, 126)),
    ((134, 92, 52), (196, 152, 98)),
    ((186, 140, 104), (226, 188, 152)),
    ((62, 38, 24), (124, 84, 54)),
    ((84, 34, 22), (150, 76, 50)),
    ((24, 20, 18), (66, 56, 50)),
    ((92, 90, 86), (164, 160, 152)),
    ((188, 186, 178), (238, 236, 230)),
    ((54, 86, 104), (112, 148, 162)),
)


@dataclass(frozen=True)
class Wood(MadePaper):
    """Boards with grain along them, of several woods and paints.

    Attributes:
        scale_range: size of the grain, 0.3 to 4.
        contrast_range: of the grain, 0 to 2; 1 is that of the wood.
        joint_probability: of a joint between two boards.
    """

    scale_range: Range = (0.6, 1.6)
    contrast_range: Range = (0.5, 1.2)
    joint_probability: float = 0.3

    def __post_init__(self) -> None:
        check_range("scale_range", self.scale_range, 0.3, 4)
        check_range("contrast_range", self.contrast_range, 0, 2)
        check_share("joint_probability", self.joint_probability)

    def draw(self, rng: np.random.Generator) -> Parameters:
        """Draw the wood, the piece of it, and the joint (a share of the height)."""
        drawn: Parameters = {
            **draw_cut(rng, self.scale_range),
            "wood": int(rng.integers(len(_WOODS))),
            "contrast": rng.uniform(*self.contrast_range),
            "shade": rng.uniform(0.8, 1.15),
        }
        if rng.random() < self.joint_probability:
            drawn["joint"] = float(rng.random())
        return drawn

    def show(self, size: Size, parameters: Parameters) -> Image:
        """A piece of a board, or of two, (H, W, 3)."""
        dark, light = (np.array(colour, np.float64) for colour in _WOODS[parameters["wood"]])
        middle, half = (dark + light) / 2 * parameters["shade"], (light - dark) / 2 * parameters["contrast"]
        relief = cut(_make, size, parameters)
        if "joint" in parameters:
            relief = _jointed(relief, parameters["joint"])
        return coloured(relief, (0, dark * 0.35), (40, middle - half), (255, middle + half))


def _make(rng: np.random.Generator) -> Relief:
    """Bands of the year's rings, cut lengthwise, with pores; level 40 and above."""
    y = np.arange(HEIGHT, dtype=np.float32)[:, None]
    bent = y + (streaks(rng, 70, 320) - 0.5) * float(rng.uniform(40, 140)) + (streaks(rng, 18, 120) - 0.5) * 6
    turn = bent / float(rng.uniform(9, 26))
    ring = turn - np.floor(turn)  # light early wood, then dark late wood, then suddenly light again
    fibres = streaks(rng, 1.2, 60) * 0.6 + streaks(rng, 3, 160) * 0.4
    pores = np.clip((streaks(rng, 1, 22) - 0.8) * 4, 0, 1)
    value = 0.95 - 0.5 * ring**2 + (fibres - 0.5) * 0.6 - pores * 0.35
    return np.asarray(np.maximum(levels(value.astype(np.float32)), 40), np.uint8)


def _jointed(relief: Relief, place: float) -> Relief:
    """Another board below a joint, which is dark."""
    height, width = relief.shape
    row = int(place * height)
    other = np.asarray(cv2.flip(relief, 1), np.uint8)
    joined = np.concatenate([relief[:row], cv2.convertScaleAbs(other[row:], alpha=0.92)]) if row else other
    thick = max(1, height // 32)
    joined[row : row + thick] = 0
    return np.asarray(joined.reshape(height, width), np.uint8)
