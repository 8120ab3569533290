"""Texts here and there in a picture."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import Range, Size, check_fraction, check_range, lerp
from synthtext.core.errors import Rejection
from synthtext.lines.sampler import LineSpec
from synthtext.scenes.backgrounds import SceneBackground
from synthtext.scenes.composition import (
    Composition,
    LayoutItem,
    PlacedItem,
    PositionedLine,
    RowCell,
    TextBlock,
    stack_rows,
)
from synthtext.scenes.placement import FreeArea, find_placement
from synthtext.scenes.placement_map import PlacementMap
from synthtext.scenes.shapes import PLATE_MARGIN
from synthtext.scenes.typesetter import Typesetter, is_right_to_left

_LARGEST = 0.35  # of the picture's shorter side: an em
_LEAST = 8.0  # pixels of an em to which a block is made smaller to find a place


@dataclass(frozen=True)
class Photo:
    """Signs, labels and posters: single lines, straight or along the recipe's baselines, and blocks of a few lines.

    Places are found where the picture is calm; they follow its perspective. Large blocks are placed first.

    Attributes:
        count_range: blocks in a scene, 1 to 200; fewer where there is no room for them.
        several_probability: of a block of several lines.
        lines_range: lines of such a block, 2 to 30.
        plate_probability: of a plate of its own behind a block.
        degrees_range: by which blocks are turned, -45 to 45, beside what the place's perspective does.
        turned_probability: of any other angle.
        perspective_range: how far a block follows the perspective that is there, 0 to 1.
        opacity_range: of the ink, 0.3 to 1: what is under it shows through; the contrast floor is kept all the same.
    """

    count_range: tuple[int, int] = (5, 14)
    several_probability: float = 0.25
    lines_range: tuple[int, int] = (2, 5)
    plate_probability: float = 0.3
    degrees_range: Range = (-6, 6)
    turned_probability: float = 0.06
    perspective_range: Range = (0.3, 1.0)
    opacity_range: Range = (0.75, 1.0)

    def __post_init__(self) -> None:
        check_range("count_range", self.count_range, 1, 200)
        check_range("lines_range", self.lines_range, 2, 30)
        check_range("degrees_range", self.degrees_range, -45, 45)
        check_range("perspective_range", self.perspective_range, 0, 1)
        check_range("opacity_range", self.opacity_range, 0.3, 1)
        for name in ("several_probability", "plate_probability", "turned_probability"):
            check_fraction(name, getattr(self, name))

    def compose(self, typesetter: Typesetter, size: Size) -> Composition:
        """Draw the blocks."""
        rng, items = typesetter.rng, []
        refused: Rejection | None = None
        for _ in range(int(rng.integers(*self.count_range, endpoint=True))):
            several, plate = rng.random(2).tolist()
            try:
                copy = typesetter.choose(_LARGEST * min(size))
            except Rejection as rejection:
                refused = rejection
                continue
            block = self._several(typesetter, copy) if several < self.several_probability else _single(typesetter, copy)
            if block is not None:
                items.append(LayoutItem(block, grouped=len(block.lines) > 1, plate=plate < self.plate_probability))
        if not items:
            raise refused or Rejection("no text could be set")
        return Composition(tuple(items), size.width, size.height)

    def place(self, rng: np.random.Generator, composition: Composition, backdrop: SceneBackground) -> list[PlacedItem]:
        """Find a place for every block, the largest first."""
        survey, placed = PlacementMap(backdrop), []
        for item in sorted(composition.items, key=lambda item: -item.block.width * item.block.height):
            block = item.block
            shares = rng.random(4).tolist()
            degrees = lerp(self.degrees_range, shares[0])
            if shares[1] < self.turned_probability:
                degrees = 180 * shares[0] - 90
            room = FreeArea(block.width, block.height, PLATE_MARGIN * block.em, min(1.0, _LEAST / block.em))
            place = find_placement(rng, survey, room, degrees, lerp(self.perspective_range, shares[2]))
            if place is not None:
                placed.append(PlacedItem(item, place.warp, opacity=lerp(self.opacity_range, shares[3])))
        return placed

    def _several(self, typesetter: Typesetter, copy: LineSpec) -> TextBlock | None:
        rng = typesetter.rng
        first = typesetter.typeset(copy)
        lines = [
            first,
            *(typesetter.typeset_another(copy) for _ in range(int(rng.integers(*self.lines_range, endpoint=True)) - 1)),
        ]
        found = [line for line in lines if line is not None]
        if len(found) < len(lines) or first is None:
            return None
        centred, leading = rng.random(2).tolist()
        share = 0.5 if centred < 0.5 else float(is_right_to_left(first))
        width = max(line.width for line in found)
        return TextBlock.around(
            stack_rows([[RowCell(line, 0, width, share)] for line in found], 0, 1.05 + 0.4 * leading)
        )


def _single(typesetter: Typesetter, copy: LineSpec) -> TextBlock | None:
    line = typesetter.typeset(copy, bend=True) or typesetter.typeset(copy)  # not every script runs downwards
    return None if line is None else TextBlock.around([PositionedLine(line, 0, 0)])
