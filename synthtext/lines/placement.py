"""The finished picture: its size, and how a set line comes to lie in it."""

import math
from typing import NamedTuple

from synthtext.core import Box, Points, Size, Warp, bounding_box
from synthtext.core.errors import Rejection
from synthtext.ink import DecorationMargins
from synthtext.lines.design import Output
from synthtext.typesetting.shaping import ShapedLine

_SMALLEST = 9.0  # an em of fewer pixels cannot be read by anybody
_EDGE = 1.5  # pixels: glyphs stand on whole pixels where they are drawn, and resampling spreads them by one
_ROUNDED = 1.0  # pixels by which an outline may be wider than was drawn: it has whole pixels, and at least one
_LONGEST = 8192  # pixels: more than any reader of lines takes


class Margins(NamedTuple):
    """Paper around the ink, as shares of the ink's height."""

    left: float
    top: float
    right: float
    bottom: float


class LineFrame(NamedTuple):
    """Where a line lies in its picture.

    Attributes:
        size: of the picture, whole pixels.
        warp: from the line's ems to the picture's pixels.
        em: about how many pixels an em has in the picture.
        quads: (K, 4, 2) of its clusters in the picture, pixels.
    """

    size: Size
    warp: Warp
    em: float
    quads: Points


class CurvedLine(NamedTuple):
    """A set line that runs along its baseline, in ems.

    Attributes:
        line: as it was set.
        bend: to where it is now.
        quads: (K, 4, 2) of its clusters there; they hold all ink.
        box: around them.
    """

    line: ShapedLine
    warp: Warp
    quads: Points
    box: Box

    @classmethod
    def of(cls, line: ShapedLine, bend: Warp) -> "CurvedLine":
        """Bend a line."""
        if not bend.maps:
            return cls(line, bend, line.clusters.quads, line.ink_box)
        quads = line.clusters.warped(bend).quads
        return cls(line, bend, quads, bounding_box(quads))

    def natural_size(self, em: float) -> Size:
        """Pixels that it takes with an em of `em` pixels."""
        return Size(self.box.width * em, self.box.height * em)

    def warped(self, warp: Warp) -> tuple[Points | None, Box]:
        """Its quads after a further change of coordinates, and the box around them.

        None for quads that are as well moved with what comes later: the box of a straight line costs less without them.
        """
        if self.warp.maps and warp.matrix is not None:
            quads = warp.points(self.quads)  # straight sides stay so
        else:
            box = warp.bounds(self.box)
            if box is not None:
                return None, box
            quads = self.line.clusters.warped(self.warp.then(warp)).quads
        return quads, bounding_box(quads)

    @property
    def thickness(self) -> float:
        """How high its letters are (how wide, of a vertical line), in ems: what margins are measured by."""
        ink = self.line.ink_box
        return ink.width if self.line.vertical else ink.height


def place_line(
    bent: CurvedLine,
    warp: Warp,
    em: float,
    margins: Margins,
    alignment: tuple[float, float],
    outset: float,
    output: Output,
    padding: DecorationMargins = DecorationMargins(),  # noqa: B008 - immutable
) -> LineFrame:
    """Place a warped line in a picture; it is made smaller where it would not fit, never larger.

    Args:
        bent: in ems.
        warp: geometric effects, from pixels at the drawn size, the line's top-left at (0, 0), to anywhere.
        em: drawn em size in pixels.
        margins: least paper on every side.
        alignment: where the line lies in a picture that is larger than it needs: shares (x, y) from 0 to 1.
        outset: how far ink goes beyond the letters, in ems (an outline).
        output: the size that is asked for; a vertical line swaps height and width.
        padding: how far decoration goes beyond the letters, in ems (a shadow, an underline).

    Raises:
        Rejection: the line had to be made illegibly small, or became too long.
    """
    natural = Warp.scale_translate(em, -bent.box.left * em, -bent.box.top * em).then(warp)
    edge = _EDGE + _ROUNDED if outset else _EDGE
    quads, box = bent.warped(natural)
    ink = Size(box.width + 2 * outset * em, box.height + 2 * outset * em)
    unit = bent.thickness * em if bent.warp.maps else ink.width if bent.line.vertical else ink.height
    width = ink.width + unit * (margins.left + margins.right) + (padding.left + padding.right) * em
    height = ink.height + unit * (margins.top + margins.bottom) + (padding.top + padding.bottom) * em
    high, wide = (output.width, output.height) if bent.line.vertical else (output.height, output.width)
    scale = min(
        (1.0, *((limit - 2 * edge) / need for limit, need in ((high, height), (wide, width)) if limit != "free"))
    )
    if em * scale < _SMALLEST:
        raise Rejection("too small to read")
    size = Size(
        math.ceil(width * scale + 2 * edge) if wide == "free" else wide,
        math.ceil(height * scale + 2 * edge) if high == "free" else high,
    )
    if max(size) > _LONGEST:
        raise Rejection("too long")
    before, above = (outset + padding.left) * em, (outset + padding.top) * em
    left = edge + (margins.left * unit + before) * scale + alignment[0] * (size.width - width * scale - 2 * edge)
    top = edge + (margins.top * unit + above) * scale + alignment[1] * (size.height - height * scale - 2 * edge)
    placing = Warp.scale_translate(scale, left - box.left * scale, top - box.top * scale)
    placed = bent.warp.then(natural).then(placing)
    return LineFrame(size, placed, em * scale, placed.points(bent.quads) if quads is None else placing.points(quads))
