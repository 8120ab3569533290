"""Texts here and there in a picture."""

from dataclasses import dataclass

import numpy as np

from synthtext.core import Range, Size, check_range, check_share, within
from synthtext.core.errors import Rejection
from synthtext.lines.sampler import Copy
from synthtext.scenes.backgrounds import Backdrop
from synthtext.scenes.composition import Cell, Composition, Item, LaidLine, PlacedItem, TextBlock, stack_rows
from synthtext.scenes.placement import Room, find_place
from synthtext.scenes.placement_map import Survey
from synthtext.scenes.shapes import ROOM
from synthtext.scenes.typesetter import Typesetter, reads_leftwards

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
            check_share(name, getattr(self, name))

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
                items.append(Item(block, grouped=len(block.lines) > 1, plate=plate < self.plate_probability))
        if not items:
            raise refused or Rejection("no text could be set")
        return Composition(tuple(items), size.width, size.height)

    def place(self, rng: np.random.Generator, composition: Composition, backdrop: Backdrop) -> list[PlacedItem]:
        """Find a place for every block, the largest first."""
        survey, placed = Survey(backdrop), []
        for item in sorted(composition.items, key=lambda item: -item.block.width * item.block.height):
            block = item.block
            shares = rng.random(4).tolist()
            degrees = within(self.degrees_range, shares[0])
            if shares[1] < self.turned_probability:
                degrees = 180 * shares[0] - 90
            room = Room(block.width, block.height, ROOM * block.em, min(1.0, _LEAST / block.em))
            place = find_place(rng, survey, room, degrees, within(self.perspective_range, shares[2]))
            if place is not None:
                placed.append(PlacedItem(item, place.warp, opacity=within(self.opacity_range, shares[3])))
        return placed

    def _several(self, typesetter: Typesetter, copy: Copy) -> TextBlock | None:
        rng = typesetter.rng
        first = typesetter.letter(copy)
        lines = [
            first,
            *(typesetter.another(copy) for _ in range(int(rng.integers(*self.lines_range, endpoint=True)) - 1)),
        ]
        found = [line for line in lines if line is not None]
        if len(found) < len(lines) or first is None:
            return None
        centred, leading = rng.random(2).tolist()
        share = 0.5 if centred < 0.5 else float(reads_leftwards(first))
        width = max(line.width for line in found)
        return TextBlock.around(stack_rows([[Cell(line, 0, width, share)] for line in found], 0, 1.05 + 0.4 * leading))


def _single(typesetter: Typesetter, copy: Copy) -> TextBlock | None:
    line = typesetter.letter(copy, bend=True) or typesetter.letter(copy)  # not every script runs downwards
    return None if line is None else TextBlock.around([LaidLine(line, 0, 0)])
