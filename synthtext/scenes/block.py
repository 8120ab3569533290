"""Lines of one look that stand together on a plane."""

from collections.abc import Sequence
from typing import NamedTuple

from synthtext.core import Box, Warp
from synthtext.fonts import Face
from synthtext.frame import BentLine

_APART = 0.08  # ems between the ink of one row and that of the next


class LetteredLine(NamedTuple):
    """A set line and the font it is set in.

    Attributes:
        bent: in ems.
        face: the font.
        em: pixels of the plane.
    """

    bent: BentLine
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


class LaidLine(NamedTuple):
    """A line at its place on a plane.

    Attributes:
        line: what stands there.
        x: where its (0, 0) lies, in pixels of the plane.
        y: the same, downwards.
    """

    line: LetteredLine
    x: float
    y: float

    @property
    def warp(self) -> Warp:
        """From the line's ems, as it was set, to the plane."""
        return self.line.bent.bend.then(Warp.placing(self.line.em, self.x, self.y))

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

    lines: tuple[LaidLine, ...]
    width: float
    height: float

    @property
    def em(self) -> float:
        """Of its first line, pixels of the plane."""
        return self.lines[0].line.em

    @classmethod
    def around(cls, lines: Sequence[LaidLine]) -> "TextBlock":
        """The block whose plane just holds the lines, wherever they were laid."""
        boxes = [laid.box for laid in lines]
        left, top = min(box.left for box in boxes), min(box.top for box in boxes)
        moved = tuple(laid._replace(x=laid.x - left, y=laid.y - top) for laid in lines)
        return cls(moved, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)


class Cell(NamedTuple):
    """A line in a row.

    Attributes:
        line: what stands there.
        left: of the room that it has, pixels.
        right: of the room.
        share: how much of the free room lies before it: 0 sets it to the left, 1 to the right.
    """

    line: LetteredLine
    left: float
    right: float
    share: float


def stack_rows(rows: Sequence[Sequence[Cell]], top: float, leading: float) -> list[LaidLine]:
    """Set rows below each other.

    Args:
        rows: cells of a row stand on one baseline.
        top: where the ink of the first row begins, pixels.
        leading: from baseline to baseline, in ems of the row's largest line; more where ink would touch.
    """
    laid: list[LaidLine] = []
    baseline, bottom = top, top
    for number, row in enumerate(rows):
        em = max(cell.line.em for cell in row)
        highest = max(-cell.line.bent.box.top * cell.line.em for cell in row)
        free = bottom + highest + (_APART * em if number else 0)
        baseline = max(baseline + leading * em, free) if number else free
        bottom = max(baseline + cell.line.bent.box.bottom * cell.line.em for cell in row)
        for line, left, right, share in row:
            x = left + share * (right - left - line.width) - line.bent.box.left * line.em
            laid.append(LaidLine(line, x, baseline))
    return laid
