"""Lines of one look that stand together on a plane."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from synthtext.core import Box, Points, Warp
from synthtext.fonts import Face
from synthtext.ink import Colour
from synthtext.lines.placement import CurvedLine

_APART = 0.08  # ems between the ink of one row and that of the next


class TypesetLine(NamedTuple):
    """A set line and the font it is set in.

    Attributes:
        bent: in ems.
        face: the font.
        em: pixels of the plane.
    """

    bent: CurvedLine
    face: Face
    em: float

    @property
    def width(self) -> float:
        """Of its ink on the plane, in pixels."""
        return self.bent.box.width * self.em

    @property
    def height(self) -> float:
        """Of its ink on the plane, in pixels."""
        return self.bent.box.height * self.em


class PositionedLine(NamedTuple):
    """A line at its place on a plane.

    Attributes:
        line: what stands there.
        x: where its (0, 0) lies, in pixels of the plane.
        y: the same, downwards.
    """

    line: TypesetLine
    x: float
    y: float

    @property
    def warp(self) -> Warp:
        """From the line's ems, as it was set, to the plane."""
        return self.line.bent.warp.then(Warp.scale_translate(self.line.em, self.x, self.y))

    @property
    def box(self) -> Box:
        """Around its ink on the plane."""
        box, em = self.line.bent.box, self.line.em
        return Box(self.x + box.left * em, self.y + box.top * em, self.x + box.right * em, self.y + box.bottom * em)


class TextBlock(NamedTuple):
    """Lines of one look on a plane of their own, whose top-left is (0, 0): all ink lies on it, no two lines overlap.

    Attributes:
        lines: at least one, in reading order.
        width: of the plane, pixels.
        height: of the plane, pixels.
    """

    lines: tuple[PositionedLine, ...]
    width: float
    height: float

    @property
    def em(self) -> float:
        """Of its first line, pixels of the plane."""
        return self.lines[0].line.em

    @classmethod
    def around(cls, lines: Sequence[PositionedLine]) -> "TextBlock":
        """The block whose plane just holds the lines, wherever they were laid."""
        boxes = [laid.box for laid in lines]
        left, top = min(box.left for box in boxes), min(box.top for box in boxes)
        moved = tuple(laid._replace(x=laid.x - left, y=laid.y - top) for laid in lines)
        return cls(moved, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)


class RowCell(NamedTuple):
    """A line in a row.

    Attributes:
        line: what stands there.
        left: of the room that it has, pixels.
        right: of the room.
        share: how much of the free room lies before it: 0 sets it to the left, 1 to the right.
    """

    line: TypesetLine
    left: float
    right: float
    share: float


def stack_rows(rows: Sequence[Sequence[RowCell]], top: float, leading: float) -> list[PositionedLine]:
    """Set rows below each other.

    Args:
        rows: cells of a row stand on one baseline.
        top: where the ink of the first row begins, pixels.
        leading: from baseline to baseline, in ems of the row's largest line; more where ink would touch.
    """
    laid: list[PositionedLine] = []
    baseline, bottom = top, top
    for number, row in enumerate(rows):
        em = max(cell.line.em for cell in row)
        highest = max(-cell.line.bent.box.top * cell.line.em for cell in row)
        free = bottom + highest + (_APART * em if number else 0)
        baseline = max(baseline + leading * em, free) if number else free
        bottom = max(baseline + cell.line.bent.box.bottom * cell.line.em for cell in row)
        for line, left, right, share in row:
            x = left + share * (right - left - line.width) - line.bent.box.left * line.em
            laid.append(PositionedLine(line, x, baseline))
    return laid


_DARKEST = 80  # lightness of print, at most


class LayoutItem(NamedTuple):
    """A block of text on a sheet.

    Attributes:
        block: its lines.
        x: where its plane begins on the sheet, pixels.
        y: the same, downwards.
        grouped: it is labelled as a block; else its lines stand alone.
        plate: it has a plate of a colour of its own behind it.
        rules: (N, 4, 2) bars of ink that are no text, on the sheet.
    """

    block: TextBlock
    x: float = 0.0
    y: float = 0.0
    grouped: bool = False
    plate: bool = False
    rules: tuple[Points, ...] = ()


class Composition(NamedTuple):
    """Everything that the content stream decides.

    Attributes:
        items: what stands on it.
        width: of the sheet, pixels; that of the picture if there is none.
        height: the same.
        flat: the sheet is all that is seen.
    """

    items: tuple[LayoutItem, ...]
    width: float
    height: float
    fills_picture: bool = True


class PlacedItem(NamedTuple):
    """An item in the picture.

    Attributes:
        item: what it is.
        warp: from its block's plane to the picture.
        print_colour: the colour in which everything on its sheet is printed, if it is on one; where that cannot be read it
            has one of its own.
        opacity: of its ink, 0 to 1: the rest of what is under it shows through.
    """

    item: LayoutItem
    warp: Warp
    print_colour: Colour | None = None
    opacity: float = 1.0

    @property
    def rules(self) -> list[Points]:
        """Its bars in the picture."""
        from_sheet = Warp.translation(-self.item.x, -self.item.y).then(self.warp)
        return [np.asarray(from_sheet.points(rule), np.float32) for rule in self.item.rules]


def print_on_sheet(rng: np.random.Generator, composition: Composition, sheet: Warp) -> list[PlacedItem]:
    """The items of a sheet that lies in the picture as a warp says, printed in one dark colour that is drawn."""
    lightness, *tint = rng.random(4).tolist()
    red, green, blue = (float(np.clip(_DARKEST * lightness * lightness + 25 * (part - 0.5), 0, 255)) for part in tint)
    return [
        PlacedItem(item, Warp.translation(item.x, item.y).then(sheet), (red, green, blue)) for item in composition.items
    ]
