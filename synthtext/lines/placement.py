"""Placement of a shaped line in its image, and of neighbouring text that reaches into the image."""

import math
from typing import NamedTuple

import numpy as np

from synthtext.core import Box, Points, Size, Warp, bounding_box
from synthtext.core.ctc import TALL, required_steps, time_steps
from synthtext.core.errors import Rejection
from synthtext.ink import DecorationMargins
from synthtext.lines.design import LineOutput
from synthtext.typesetting.shaping import ShapedLine

_MIN_EM = 9.0  # pixels; smaller text is illegible
_MIN_LETTER = 6.0  # pixels of the smallest or narrowest letter of a line whose letters differ from the font's
_EDGE = 1.5  # pixels: glyph positions are rounded to whole pixels, and resampling spreads ink by one pixel
_ROUNDED = 1.0  # pixels by which rounding may widen an outline, which is at least one whole pixel wide
_MAX_SIDE = 8192  # pixels
_LINE_GAP = 0.05  # ems between lines
_WORD_GAP = 0.35  # ems before or after the line; with less, the texts would be read as one word
_MAX_VISIBLE_ACROSS = 0.6  # of the neighbour's thickness: more could be read as a second line
_MAX_VISIBLE_ALONG = 0.4  # ems of a neighbouring word: more could be read as part of the line


class Margins(NamedTuple):
    """Empty background around the ink, as fractions of the ink's height."""

    left: float
    top: float
    right: float
    bottom: float


class LinePlacement(NamedTuple):
    """Position of a line in its image."""

    size: Size  # size of the image in whole pixels
    warp: Warp  # from the line's ems to pixels of the image
    em: float  # approximate font size in the image, in pixels
    quads: Points  # (K, 4, 2) of the clusters in the image, pixels
    labels: Points  # (K, 4, 2) of the clusters with their outline, pixels; within the image


class CurvedLine(NamedTuple):
    """A shaped line along its baseline, in ems."""

    line: ShapedLine  # the straight shaped line
    warp: Warp  # from the straight line to the curved one
    quads: Points  # (K, 4, 2) of the clusters after the warp; they contain all ink
    box: Box  # bounding box of the quads

    @classmethod
    def of(cls, line: ShapedLine, warp: Warp) -> "CurvedLine":
        """Bend a straight line."""
        if not warp.maps:
            return cls(line, warp, line.clusters.quads, line.ink_box)
        quads = line.clusters.warped(warp).quads
        return cls(line, warp, quads, bounding_box(quads))

    def natural_warp(self, em: float) -> Warp:
        """Return the warp to pixels at an em of `em` pixels, with the top-left of the line at (0, 0)."""
        return Warp.scale_translate(em, -self.box.left * em, -self.box.top * em)

    def warped(self, warp: Warp) -> tuple[Points | None, Box]:
        """Return the quads after a further warp and their bounding box.

        The quads are None if the box can be computed without them, which is faster; later warps move them too.
        """
        if self.warp.maps and warp.matrix is not None:
            quads = warp.points(self.quads)  # straight sides stay straight
        else:
            box = warp.bounds(self.box)
            if box is not None:
                return None, box
            quads = self.line.clusters.warped(self.warp.then(warp)).quads
        return quads, bounding_box(quads)

    @property
    def thickness(self) -> float:
        """Height of the ink (width for a vertical line), in ems: the unit of margins."""
        ink = self.line.ink_box
        return ink.width if self.line.vertical else ink.height


def place_line(
    curved: CurvedLine,
    warp: Warp,
    em: float,
    margins: Margins,
    alignment: tuple[float, float],
    outset: float,
    output: LineOutput,
    padding: DecorationMargins = DecorationMargins(),  # noqa: B008 - immutable
) -> LinePlacement:
    """Place a line in an image; it is made smaller if it does not fit, never larger.

    Args:
        curved: Line in ems.
        warp: From ems to pixels at the drawn font size, geometric effects included.
        em: Drawn font size in pixels.
        margins: Minimum margins.
        alignment: Position in an image that is larger than required: fractions (x, y) from 0 to 1.
        outset: How far ink extends beyond the letters, in ems (an outline).
        output: Size of the image; height and width are swapped for a line that runs down or up.
        padding: How far decoration extends beyond the letters, in ems (a shadow, an underline).

    Raises:
        Rejection: The line would be illegibly small, is too long, or has fewer time steps than CTC needs for its text.
    """
    edge = _EDGE + _ROUNDED if outset else _EDGE
    quads, box = curved.warped(warp)
    margin = outset * em
    ink = Box(box.left - margin, box.top - margin, box.right + margin, box.bottom + margin)
    unit = curved.thickness * em if curved.warp.maps else ink.width if curved.line.vertical else ink.height
    labels = None
    if outset:  # the outline is part of the text, and a warp may enlarge it
        labels = curved.line.clusters.expanded(outset).warped(curved.warp.then(warp)).quads
        ink = ink.union(bounding_box(labels))
    width = ink.width + unit * (margins.left + margins.right) + (padding.left + padding.right) * em
    height = ink.height + unit * (margins.top + margins.bottom) + (padding.top + padding.bottom) * em
    runs_down = _runs_down(curved, warp)
    scale, size = _fit_image(curved.line, (width, height), em, edge, output, runs_down=runs_down)
    is_tall = runs_down and size.height >= TALL * size.width
    if not curved.line.vertical and required_steps(curved.line.text) > time_steps(size.turned() if is_tall else size):
        raise Rejection("too narrow for CTC")
    before, above = box.left - ink.left + padding.left * em, box.top - ink.top + padding.top * em
    left = edge + (margins.left * unit + before) * scale + alignment[0] * (size.width - width * scale - 2 * edge)
    top = edge + (margins.top * unit + above) * scale + alignment[1] * (size.height - height * scale - 2 * edge)
    placing = Warp.scale_translate(scale, left - box.left * scale, top - box.top * scale)
    if output.turn_tall and is_tall:
        placing = placing.then(Warp.from_matrix(np.array([[0.0, 1, 0], [-1, 0, size.width], [0, 0, 1]])))
        size = size.turned()
    to_image = curved.warp.then(warp).then(placing)
    placed = to_image.points(curved.quads) if quads is None else placing.points(quads)
    return LinePlacement(size, to_image, em * scale, placed, placed if labels is None else placing.points(labels))


def _fit_image(
    line: ShapedLine, need: tuple[float, float], em: float, edge: float, output: LineOutput, *, runs_down: bool
) -> tuple[float, Size]:
    """Return the scale at which a line that needs (width, height) pixels fits, at most 1, and the size of its image."""
    limits = (output.height, output.width) if runs_down else (output.width, output.height)
    scale = 1.0
    for limit, length in zip(limits, need, strict=True):
        if limit != "free":
            scale = min(scale, (limit - 2 * edge) / length)
    if em * scale < _MIN_EM or em * scale * line.smallest_scale < _MIN_LETTER:
        raise Rejection("too small to read")
    width, height = (
        math.ceil(length * scale + 2 * edge) if limit == "free" else limit
        for limit, length in zip(limits, need, strict=True)
    )
    size = Size(width, height)
    if max(size) > _MAX_SIDE:
        raise Rejection("too long")
    return scale, size


def _runs_down(curved: CurvedLine, warp: Warp) -> bool:
    """Whether a line runs down or up rather than across after a warp."""
    vertical = curved.line.vertical
    box = curved.box
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    start = warp.point(x, box.top) if vertical else warp.point(box.left, y)
    end = warp.point(x, box.bottom) if vertical else warp.point(box.right, y)
    return abs(end[1] - start[1]) > abs(end[0] - start[0])


class Neighbour(NamedTuple):
    """A line of text next to another line."""

    line: ShapedLine
    offset: Warp  # from its own ems to the ems of the other line


def place_neighbour(
    rng: np.random.Generator, line: ShapedLine, other: ShapedLine, margins: Margins, depth: float
) -> Neighbour | None:
    """Place another line at a random side of a line such that it reaches into the margin of the image.

    It fills a fraction of the margin, the depth from 0 to 1.

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
    dx, dy = 0.0, 0.0
    if across:  # so that the parallel lines overlap
        dx = ink.left + ink.width * fraction - (own.left + own.right) / 2
        dy = ink.top + ink.height * fraction - (own.top + own.bottom) / 2
    if side in (0, 2):
        dx = ink.left - gap - own.right if side == 0 else ink.right + gap - own.left
    else:
        dy = ink.top - gap - own.bottom if side == 1 else ink.bottom + gap - own.top
    return Neighbour(other, Warp.translation(dx, dy))


def place_overlap(rng: np.random.Generator, line: ShapedLine, other: ShapedLine, depth: float) -> Neighbour:
    """Place another line above or below a line (left or right of a vertical line) such that it overlaps its ink.

    It reaches into the ink by a fraction of its height, the depth from 0 to 1, and lies at a random place along it.
    """
    ink, own = line.ink_box, other.ink_box
    after, fraction = bool(rng.integers(2)), float(rng.random())
    if line.vertical:
        near = ink.right - depth * ink.width - own.left if after else ink.left + depth * ink.width - own.right
        return Neighbour(other, Warp.translation(near, ink.top + ink.height * fraction - (own.top + own.bottom) / 2))
    near = ink.bottom - depth * ink.height - own.top if after else ink.top + depth * ink.height - own.bottom
    return Neighbour(other, Warp.translation(ink.left + ink.width * fraction - (own.left + own.right) / 2, near))
