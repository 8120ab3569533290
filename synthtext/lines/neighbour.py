"""Other text that reaches into a picture from beside the line."""

from typing import NamedTuple

import numpy as np

from synthtext.core import Box, Warp
from synthtext.lines.placement import Margins
from synthtext.typesetting.shaping import ShapedLine

_APART = 0.05  # ems between lines
_WORD_APART = 0.35  # ems between a line and what goes on before or behind it: less would be the same word
_MOST_ACROSS = 0.6  # of a line's thickness that may show: more could be read as a second line
_MOST_ALONG = 0.4  # ems of a word that may show: more could be read as a part of the line


class Neighbour(NamedTuple):
    """A line of text beside another one.

    Attributes:
        line: the other line.
        dx: where its (0, 0) lies from that of the line it stands beside, in ems.
        dy: the same, downwards.
    """

    line: ShapedLine
    dx: float
    dy: float

    @property
    def offset(self) -> Warp:
        """From its own ems to those of the line it stands beside."""
        return Warp.translation(self.dx, self.dy)


def place_neighbour(
    rng: np.random.Generator, line: ShapedLine, other: ShapedLine, margins: Margins, depth: float
) -> Neighbour | None:
    """Place a line at a drawn side of another one, so that it reaches into the margin there.

    Args:
        rng: draws the side, and the place along it.
        line: whose picture it is.
        other: what reaches in.
        margins: of the picture, as shares of the line's thickness.
        depth: how much of the margin it fills, 0 to 1.

    Returns:
        None where the margin is too narrow to show any of it.
    """
    ink, own = line.ink_box, other.ink_box
    side, share = int(rng.integers(4)), float(rng.random())
    across = (side in (0, 2)) == line.vertical  # the sides left, top, right, bottom, as in the margins
    thickness = ink.width if line.vertical else ink.height
    room = margins[side] * thickness - (_APART if across else _WORD_APART)
    if room <= 0:
        return None
    most = _MOST_ACROSS * (own.width if line.vertical else own.height) if across else _MOST_ALONG
    gap = margins[side] * thickness - depth * min(room, most)
    along = _along(ink, own, share, vertical=line.vertical) if across else 0.0
    if side in (0, 2):
        dx = ink.left - gap - own.right if side == 0 else ink.right + gap - own.left
        return Neighbour(other, dx, along)
    dy = ink.top - gap - own.bottom if side == 1 else ink.bottom + gap - own.top
    return Neighbour(other, along, dy)


def _along(ink: Box, own: Box, share: float, *, vertical: bool) -> float:
    """Where a parallel line starts, so that it stands beside at least a part of the other one."""
    first, last, low, high = (
        (ink.top, ink.bottom, own.top, own.bottom) if vertical else (ink.left, ink.right, own.left, own.right)
    )
    middle = first + (last - first) * share
    return middle - (low + high) / 2
