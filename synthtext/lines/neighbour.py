"""Neighbouring text that reaches into the image of a line."""

from typing import NamedTuple

import numpy as np

from synthtext.core import Box, Warp
from synthtext.lines.placement import Margins
from synthtext.typesetting.shaping import ShapedLine

_LINE_GAP = 0.05  # ems between lines
_WORD_GAP = 0.35  # ems before or after the line; with less, the texts would be read as one word
_MAX_VISIBLE_ACROSS = 0.6  # of the neighbour's thickness: more could be read as a second line
_MAX_VISIBLE_ALONG = 0.4  # ems of a neighbouring word: more could be read as part of the line


class Neighbour(NamedTuple):
    """A line of text next to another line."""

    line: ShapedLine  # the neighbouring line
    dx: float  # horizontal offset of its origin from the origin of the other line, in ems
    dy: float  # vertical offset, in ems, downwards

    @property
    def offset(self) -> Warp:
        """Warp from its own ems to the ems of the other line."""
        return Warp.translation(self.dx, self.dy)


def place_neighbour(
    rng: np.random.Generator, line: ShapedLine, other: ShapedLine, margins: Margins, depth: float
) -> Neighbour | None:
    """Place a line at a random side of another line such that it reaches into the margin.

    Args:
        rng: Draws the side and the position along it.
        line: The line of the image.
        other: The neighbouring line.
        margins: Margins of the image, as fractions of the line's thickness.
        depth: Fraction of the margin that the neighbour fills, 0 to 1.

    Returns:
        The neighbour; None if the margin is too narrow to show any of it.
    """
    ink, own = line.ink_box, other.ink_box
    side, fraction = int(rng.integers(4)), float(rng.random())
    across = (side in (0, 2)) == line.vertical  # the sides left, top, right, bottom, as in the margins
    thickness = ink.width if line.vertical else ink.height
    free = margins[side] * thickness - (_LINE_GAP if across else _WORD_GAP)
    if free <= 0:
        return None
    max_visible = _MAX_VISIBLE_ACROSS * (own.width if line.vertical else own.height) if across else _MAX_VISIBLE_ALONG
    gap = margins[side] * thickness - depth * min(free, max_visible)
    along = _along(ink, own, fraction, vertical=line.vertical) if across else 0.0
    if side in (0, 2):
        dx = ink.left - gap - own.right if side == 0 else ink.right + gap - own.left
        return Neighbour(other, dx, along)
    dy = ink.top - gap - own.bottom if side == 1 else ink.bottom + gap - own.top
    return Neighbour(other, along, dy)


def _along(ink: Box, own: Box, fraction: float, *, vertical: bool) -> float:
    """Offset along the line at which a parallel line overlaps at least part of it."""
    first, last, low, high = (
        (ink.top, ink.bottom, own.top, own.bottom) if vertical else (ink.left, ink.right, own.left, own.right)
    )
    middle = first + (last - first) * fraction
    return middle - (low + high) / 2
