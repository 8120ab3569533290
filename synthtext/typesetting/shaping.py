"""Shaping of a line: the positions of its glyphs and clusters."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from operator import add, ne
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Clusters, Points
from synthtext.core.errors import Rejection
from synthtext.fonts import DEFAULT_IGNORABLE, Face, ShapedRun
from synthtext.typesetting.itemize import TextRun, connects_to_previous, dominant_script, itemize

Floats = NDArray[np.float64]


class ShapingOptions(NamedTuple):
    """Options of shaping. Connected letters are not separated by tracking, and move together by shifts."""

    tracking: float = 0.0  # space added between clusters, in ems
    baseline_shifts: Floats | None = None  # (len(text),) downward shift of the cluster at a character, in ems
    vertical: bool = False  # whether the text is set from top to bottom
    features: Mapping[str, int] = {}  # OpenType features: on (1), off (0) or a value
    language: str = ""  # BCP 47 tag, or empty


class ShapedLine(NamedTuple):
    """A shaped line in ems: x to the right, y downwards; the origin is the start of the (vertical) baseline."""

    text: str  # logical order, NFC
    script: str  # ISO 15924 code of the dominant script ("Latn"; "Zyyy" without letters)
    vertical: bool  # whether the line is set from top to bottom
    units_per_em: int  # font units per em
    glyphs: list[int]  # n glyph ids, from left to right (from top to bottom)
    x: list[float]  # (N) x of the glyphs' origins, in font units
    y: list[float]  # (N) y of the glyphs' origins, in font units
    owners: list[int]  # (N) index of each glyph's cluster
    clusters: Clusters  # their quads contain all ink; all are as high (as wide) as the line's ink, unless transformed
    visible: NDArray[np.bool_]  # (K,) which clusters have ink; spaces have none, even if letters extend into them
    ink_box: Box  # bounding box of all ink, and of the quads
    transforms: Floats | None = None  # (N, 2, 2) of the glyphs about their origins; None: glyphs are as in the font
    stretch: float = 1.0  # horizontal factor, by which quads and box are stretched; x, y and transforms are not

    @property
    def smallest_scale(self) -> float:
        """Size of the smallest letter, or width of the narrowest one, as a fraction of that in the font; at most 1."""
        smallest = min(self.stretch, 1.0)
        if self.transforms is not None:
            smallest = min(smallest, smallest * float(np.sqrt(np.abs(np.linalg.det(self.transforms)).min())))
        return smallest

    def stretched(self, factor: float) -> "ShapedLine":
        """Return the line with all letters and distances stretched horizontally (above 1) or condensed (below 1)."""
        quads, ink = self.clusters.quads * np.array([factor, 1], np.float32), self.ink_box
        return self._replace(
            clusters=Clusters(self.clusters.offsets, quads),
            ink_box=Box(ink.left * factor, ink.top, ink.right * factor, ink.bottom),
            stretch=self.stretch * factor,
        )


class _Measured(NamedTuple):
    """Measures of N glyphs in K clusters, in font units, from left to right (from top to bottom)."""

    along: list[float]  # (N) position of the glyphs' origins along the line
    across: list[float]  # (N) position across the line
    owner: list[int]  # (N) index of each glyph's cluster
    starts: list[int]  # (K) offset into the text of every cluster
    low: list[int]  # (K) start of the cluster along the line
    high: list[int]  # (K) end of the cluster
    visible: list[bool]  # (K) whether the cluster has ink
    top: float  # start of the ink across the line; infinite if there is none
    bottom: float  # end of the ink across the line


def shape_line(text: str, face: Face, options: ShapingOptions = ShapingOptions()) -> ShapedLine:  # noqa: B008 - immutable
    """Shape a text (one line, NFC, not empty) and compute its clusters.

    Raises:
        Rejection: A glyph is missing after shaping, a visible cluster is blank, nothing is drawn, or the text cannot be
            set from top to bottom.
    """
    runs = itemize(text, vertical=options.vertical)
    shaped = _shape(text, runs, face, options)
    if 0 in shaped.glyphs:
        raise Rejection("missing glyph")
    measured = _measure(shaped, face, vertical=options.vertical)
    em, unit = 1 / face.units_per_em, face.units_per_em
    low, high = [edge * em for edge in measured.low], [edge * em for edge in measured.high]
    along, across = measured.along, measured.across
    starts, visible, owners = measured.starts, measured.visible, measured.owner
    sides = (measured.top * em, measured.bottom * em)
    # Python numbers take a third of the time of numpy for the twenty clusters of a line.
    if options.tracking:
        ahead = _tracked(text, starts, options.tracking)
        low, high = list(map(add, low, ahead)), list(map(add, high, ahead))
        along = [place + ahead[owner] * unit for place, owner in zip(along, owners, strict=True)]
    if options.baseline_shifts is not None:
        aside = options.baseline_shifts[_units(text, starts)].tolist()
        across = [place + aside[owner] * unit for place, owner in zip(across, owners, strict=True)]
        sides = (sides[0] + min(aside), sides[1] + max(aside))
    ends = (min(low), max(high))
    quads = _quads(low, high, sides, vertical=options.vertical)
    if starts != sorted(starts):
        order = sorted(range(len(starts)), key=starts.__getitem__)
        starts, visible, quads = [starts[i] for i in order], [visible[i] for i in order], quads[order]
        places = dict(zip(order, range(len(order)), strict=True))
        owners = [places[owner] for owner in owners]
    clusters = Clusters(np.array([*starts, len(text)], np.int32), quads)
    if not all(visible):
        clusters, visible, owners = _visible(text, clusters, visible, owners)
    script = runs[0].script if len(runs) == 1 else dominant_script(runs)
    (left, right), (top, bottom) = (sides, ends) if options.vertical else (ends, sides)
    x, y = (across, along) if options.vertical else (along, across)
    ink = Box(left, top, right, bottom)
    return ShapedLine(
        text, script, options.vertical, face.units_per_em, shaped.glyphs, x, y, owners, clusters, np.array(visible), ink
    )


def _shape(text: str, runs: list[TextRun], face: Face, options: ShapingOptions) -> ShapedRun:
    """The glyphs of all runs in sequence."""
    features = options.features
    if options.tracking:
        features = {"liga": 0, "clig": 0, **features}  # the letters of a ligature cannot be spread
    shaped = face.shape(text, runs[0], features, options.language)
    for run in runs[1:]:
        more = face.shape(text, run, features, options.language)
        joined = shaped.glyphs + more.glyphs, shaped.clusters + more.clusters, shaped.positions + more.positions
        shaped = ShapedRun(*joined)
    return shaped


def _measure(shaped: ShapedRun, face: Face, *, vertical: bool) -> _Measured:
    # A loop over Python numbers takes a third of the time of numpy for the twenty glyphs of a line.
    boxes, positions = face.boxes, shaped.positions
    if vertical:
        positions = [(-dy, -dx, -y_advance, 0) for dx, dy, _, y_advance in positions]
    along: list[float] = []
    across: list[float] = []
    owner: list[int] = []
    starts: list[int] = []
    lows: list[int] = []
    highs: list[int] = []
    visible: list[bool] = []
    top, bottom, pen, last, k = math.inf, -math.inf, 0, -1, -1
    for glyph, cluster, (ahead, up, advance, _) in zip(shaped.glyphs, shaped.clusters, positions, strict=True):
        at = pen + ahead
        low, high = (pen, pen + advance) if advance > 0 else (at, at)  # the advance of the pen, wherever the ink is
        box = boxes[glyph]
        if box:
            first, near, end, far = (box[1], box[0], box[3], box[2]) if vertical else box
            if at + first < low:
                low = at + first
            if at + end > high:
                high = at + end
            if near - up < top:
                top = near - up
            if far - up > bottom:
                bottom = far - up
        if cluster != last:
            last, k = cluster, k + 1
            starts.append(cluster)
            lows.append(low)
            highs.append(high)
            visible.append(box is not None)
        else:
            lows[k], highs[k], visible[k] = min(lows[k], low), max(highs[k], high), visible[k] or box is not None
        along.append(at)
        across.append(-up)
        owner.append(k)
        pen += advance
    return _Measured(along, across, owner, starts, lows, highs, visible, top, bottom)


def _tracked(text: str, starts: list[int], tracking: float) -> list[float]:
    """Offsets of every cluster along the line by tracking, in ems."""
    if text.isascii():
        return [number * tracking for number in range(len(starts))]
    units = _units(text, starts)
    steps = accumulate(map(ne, units[1:], units), initial=0)
    return [number * tracking for number in steps]


def _units(text: str, starts: list[int]) -> list[int]:
    """For every cluster, the offset of the first character of the connected letters that it belongs to."""
    if text.isascii():
        return starts
    firsts: list[int] = []
    for i, connected in enumerate(connects_to_previous(text)):
        firsts.append(firsts[-1] if connected else i)
    return [firsts[start] for start in starts]


def _visible(
    text: str, clusters: Clusters, visible: list[bool], owners: list[int]
) -> tuple[Clusters, list[bool], list[int]]:
    """Merge clusters without an advance or ink, such as joiners, into the cluster before them."""
    if not any(visible):
        raise Rejection("nothing to draw")
    offsets = clusters.offsets.tolist()
    merged: set[int] = set()
    for k, has_ink in enumerate(visible):
        if not has_ink and not (part := text[offsets[k] : offsets[k + 1]]).isspace():
            if k == 0 or any(ord(character) not in DEFAULT_IGNORABLE for character in part):
                raise Rejection("blank glyph")
            merged.add(k)
    if not merged:
        return clusters, visible, owners
    kept = [k for k in range(len(visible)) if k not in merged]
    places = [bisect_right(kept, k) - 1 for k in range(len(visible))]
    clusters = Clusters(clusters.offsets[[*kept, len(visible)]], clusters.quads[kept])
    return clusters, [visible[k] for k in kept], [places[owner] for owner in owners]


def _quads(low: list[float], high: list[float], across: tuple[float, float], *, vertical: bool) -> Points:
    """Upright quads (K, 4, 2), clockwise from the top-left, of intervals along the line."""
    starts, ends = np.array((low, high), np.float32)[:, :, None]
    quads = np.empty((len(low), 4, 2), np.float32)
    if vertical:
        quads[:, :2, 1], quads[:, 2:, 1] = starts, ends
        quads[:, ::3, 0], quads[:, 1:3, 0] = across
    else:
        quads[:, ::3, 0], quads[:, 1:3, 0] = starts, ends
        quads[:, :2, 1], quads[:, 2:, 1] = across
    return quads
