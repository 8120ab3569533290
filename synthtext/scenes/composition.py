"""Composition of a scene: lines, blocks, and items in a plane."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from synthtext.core import Box, Points, Warp
from synthtext.fonts import Face
from synthtext.ink import Colour
from synthtext.lines.placement import CurvedLine

_ROW_GAP = 0.08  # minimum gap between the ink of rows, ems


class TypesetLine(NamedTuple):
    """A shaped line in ems, with its font and its font size in pixels of the plane."""

    curved: CurvedLine
    face: Face
    em: float

    @property
    def width(self) -> float:
        """Width of the ink, in pixels of the plane."""
        return self.curved.box.width * self.em

    @property
    def height(self) -> float:
        """Height of the ink, in pixels of the plane."""
        return self.curved.box.height * self.em


class PositionedLine(NamedTuple):
    """A line with the position of its origin in a plane, pixels."""

    line: TypesetLine
    x: float
    y: float

    @property
    def warp(self) -> Warp:
        """Warp from the ems of the straight line to the plane."""
        return self.line.curved.warp.then(Warp.scale_translate(self.line.em, self.x, self.y))

    @property
    def box(self) -> Box:
        """Bounding box of the ink in the plane."""
        box, em = self.line.curved.box, self.line.em
        return Box(self.x + box.left * em, self.y + box.top * em, self.x + box.right * em, self.y + box.bottom * em)


class TextBlock(NamedTuple):
    """Lines in a plane with the origin (0, 0) at its top-left, which contains all ink; lines do not overlap.

    Attributes:
        lines: At least one line, in reading order.
        width: Width of the plane, pixels.
        height: Height of the plane, pixels.
    """

    lines: tuple[PositionedLine, ...]
    width: float
    height: float

    @property
    def em(self) -> float:
        """Font size of the first line, in pixels of the plane."""
        return self.lines[0].line.em

    @classmethod
    def around(cls, lines: Sequence[PositionedLine]) -> "TextBlock":
        """Create a block whose plane is the bounding box of the lines."""
        lefts, tops, rights, bottoms = zip(*(line.box for line in lines), strict=True)
        left, top = min(lefts), min(tops)
        moved = tuple(line._replace(x=line.x - left, y=line.y - top) for line in lines)
        return cls(moved, max(rights) - left, max(bottoms) - top)


class RowCell(NamedTuple):
    """A line in a cell of a row, from `left` to `right` (pixels).

    `alignment` is the fraction of the free space to the left of the line: 0 aligns it left, 1 right.
    """

    line: TypesetLine
    left: float
    right: float
    alignment: float


def stack_rows(rows: Sequence[Sequence[RowCell]], top: float, leading: float) -> list[PositionedLine]:
    """Stack rows below each other.

    Args:
        rows: Cells of the rows; the lines of a row have the same baseline.
        top: Top of the first row's ink, pixels.
        leading: Distance of the baselines in ems of the row's largest line; larger if ink would overlap.
    """
    lines: list[PositionedLine] = []
    baseline, bottom = top, top
    for number, row in enumerate(rows):
        em = max(cell.line.em for cell in row)
        ascent = max(-cell.line.curved.box.top * cell.line.em for cell in row)
        free = bottom + ascent + (_ROW_GAP * em if number else 0)
        baseline = max(baseline + leading * em, free) if number else free
        bottom = max(baseline + cell.line.curved.box.bottom * cell.line.em for cell in row)
        for line, left, right, alignment in row:
            x = left + alignment * (right - left - line.width) - line.curved.box.left * line.em
            lines.append(PositionedLine(line, x, baseline))
    return lines


class LayoutItem(NamedTuple):
    """A block of text on a sheet.

    Attributes:
        block: The lines.
        x: Left side of the block on the sheet, pixels.
        y: Top of the block.
        grouped: Whether it is labelled as a block.
        plate: Whether a coloured plate is drawn behind it.
        rules: (N, 4, 2) bars of ink on the sheet that are not text.
    """

    block: TextBlock
    x: float = 0.0
    y: float = 0.0
    grouped: bool = False
    plate: bool = False
    rules: tuple[Points, ...] = ()

    @property
    def bottom(self) -> float:
        """Bottom of the block on the sheet."""
        return self.y + self.block.height


class Composition(NamedTuple):
    """Everything that the content stream decides: texts on a sheet (or in the image) of this size, pixels."""

    items: tuple[LayoutItem, ...]
    width: float
    height: float
    fills_picture: bool = True
    """Whether the sheet fills the image."""


class PlacedItem(NamedTuple):
    """An item in the image.

    Attributes:
        item: The item.
        warp: From the plane of the block to the image.
        print_colour: Colour of all print on a sheet; if it is illegible, the item has another colour. None without a
            sheet.
        opacity: Opacity of the ink, 0 to 1.
    """

    item: LayoutItem
    warp: Warp
    print_colour: Colour | None = None
    opacity: float = 1.0

    @property
    def rules(self) -> list[Points]:
        """The bars of ink in the image."""
        from_sheet = Warp.translation(-self.item.x, -self.item.y).then(self.warp)
        return [np.asarray(from_sheet.points(rule), np.float32) for rule in self.item.rules]
