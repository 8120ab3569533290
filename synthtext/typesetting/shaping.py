"""A text set in a font: where every glyph and every cluster stands."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Clusters
from synthtext.core.errors import Rejection
from synthtext.fonts import DEFAULT_IGNORABLE, Face, ShapedRun
from synthtext.typesetting.itemize import TextRun, connects_to_previous, dominant_script, itemize

Floats = NDArray[np.float64]


class ShapingOptions(NamedTuple):
    """How a text is set.

    Attributes:
        tracking: space added between clusters, in ems; letters that hang together stay together.
        baseline_shifts: (len(text),) how far the cluster that begins at a character stands below the baseline, in ems; words of
            letters that hang together move as one. None: all stand on it.
        vertical: from top to bottom.
        features: OpenType features to switch on (1), off (0), or to a number.
        language: BCP 47 tag, or empty.
    """

    tracking: float = 0.0
    baseline_shifts: Floats | None = None
    vertical: bool = False
    features: Mapping[str, int] = {}
    language: str = ""


class ShapedLine(NamedTuple):
    """A line in ems: x to the right, y downwards; the pen starts at (0, 0), on the baseline or in the middle of it.

    Attributes:
        text: logical order, NFC.
        script: Unicode script code of most of it ("Latn"; "Zyyy" when there is no letter).
        vertical: from top to bottom.
        unit: how many font units an em has.
        glyphs: N ids in the font, from left to right (from top to bottom).
        x: (N) of their origins, in font units.
        y: (N) of their origins, in font units.
        clusters: their quads hold all ink; all are as high (as wide) as the line's ink, until the line is bent.
        visible: (K,) bool, which clusters draw something: a space does not, though its neighbours may lean into it.
        ink: around everything that is drawn.
    """

    text: str
    script: str
    vertical: bool
    units_per_em: int
    glyphs: list[int]
    x: list[float]
    y: list[float]
    clusters: Clusters
    visible: NDArray[np.bool_]
    ink_box: Box


class _Measured(NamedTuple):
    """N glyphs of K clusters, in font units, from left to right (from top to bottom).

    Attributes:
        along: (N) where the glyphs' origins are along the line.
        across: (N) where they are across it.
        owner: (N) which cluster of the next lists each belongs to.
        starts: (K) offset into the text of every cluster.
        low: (K) where it begins along the line.
        high: (K) where it ends.
        visible: (K) whether it draws something.
        top: of the ink across the line, infinite when there is none.
        bottom: the same.
    """

    along: list[float]
    across: list[float]
    owner: list[int]
    starts: list[int]
    low: list[int]
    high: list[int]
    inked: list[bool]
    top: float
    bottom: float


def shape_line(text: str, face: Face, setting: ShapingOptions = ShapingOptions()) -> ShapedLine:  # noqa: B008 - immutable
    """Shape a text and measure it.

    Args:
        text: one line, NFC, not empty.
        face: to set it in.
        setting: how.

    Raises:
        Rejection: the font lacks a glyph after shaping, a visible cluster is blank, nothing is drawn, or the text
            cannot be set so.
    """
    runs = itemize(text, vertical=setting.vertical)
    shaped = _shape(text, runs, face, setting)
    if 0 in shaped.glyphs:
        raise Rejection("missing glyph")
    measured = _measure(shaped, face, vertical=setting.vertical)
    em = 1 / face.units_per_em
    spans = np.array((measured.low, measured.high)) * em
    along, across = measured.along, measured.across
    starts, inked = measured.starts, measured.inked
    ends = (min(measured.low) * em, max(measured.high) * em)
    sides = (measured.top * em, measured.bottom * em)
    if setting.tracking or setting.baseline_shifts is not None:
        ahead, aside = _moves(text, starts, setting)
        spans += ahead
        along = (np.array(along) + ahead[measured.owner] * face.units_per_em).tolist()
        across = (np.array(across) + aside[measured.owner] * face.units_per_em).tolist()
        ends = (float(spans[0].min()), float(spans[1].max()))
        sides = (sides[0] + float(aside.min()), sides[1] + float(aside.max()))
    quads = _quads(spans, sides, vertical=setting.vertical)
    if starts != sorted(starts):
        order = sorted(range(len(starts)), key=starts.__getitem__)
        starts, inked, quads = [starts[i] for i in order], [inked[i] for i in order], quads[order]
    clusters = Clusters(np.array([*starts, len(text)], np.int32), quads)
    if not all(inked):
        clusters, inked = _visible(text, clusters, inked)
    script = runs[0].script if len(runs) == 1 else dominant_script(runs)
    (left, right), (top, bottom) = (sides, ends) if setting.vertical else (ends, sides)
    x, y = (across, along) if setting.vertical else (along, across)
    ink = Box(left, top, right, bottom)
    return ShapedLine(
        text, script, setting.vertical, face.units_per_em, shaped.glyphs, x, y, clusters, np.array(inked), ink
    )


def _shape(text: str, runs: list[TextRun], face: Face, setting: ShapingOptions) -> ShapedRun:
    """The glyphs of all runs, one after the other."""
    features = setting.features
    if setting.tracking:
        features = {"liga": 0, "clig": 0, **features}  # a ligature would stand together amid spread letters
    shaped = face.shape(text, runs[0], features, setting.language)
    for run in runs[1:]:
        more = face.shape(text, run, features, setting.language)
        shaped = ShapedRun(
            shaped.glyphs + more.glyphs, shaped.clusters + more.clusters, shaped.positions + more.positions
        )
    return shaped


def _measure(shaped: ShapedRun, face: Face, *, vertical: bool) -> _Measured:
    # A loop over plain numbers: for the twenty glyphs of a line it takes a third of what arrays would.
    boxes, positions = face.boxes, shaped.positions
    if vertical:
        positions = [(-dy, -dx, -y_advance, 0) for dx, dy, _, y_advance in positions]
    along: list[float] = []
    across: list[float] = []
    owner: list[int] = []
    starts: list[int] = []
    lows: list[int] = []
    highs: list[int] = []
    inked: list[bool] = []
    top, bottom, pen, last, k = math.inf, -math.inf, 0, -1, -1
    for glyph, cluster, (ahead, up, advance, _) in zip(shaped.glyphs, shaped.clusters, positions, strict=True):
        at = pen + ahead
        low, high = (pen, pen + advance) if advance > 0 else (at, at)  # the room is the pen's, wherever the ink is
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
            inked.append(box is not None)
        else:
            lows[k], highs[k], inked[k] = min(lows[k], low), max(highs[k], high), inked[k] or box is not None
        along.append(at)
        across.append(-up)
        owner.append(k)
        pen += advance
    return _Measured(along, across, owner, starts, lows, highs, inked, top, bottom)


def _moves(text: str, starts: list[int], setting: ShapingOptions) -> tuple[Floats, Floats]:
    """How far every cluster is moved along the line by tracking, and across it by shifts."""
    unit = np.array(_units(text, starts))
    ahead = np.concatenate([[0.0], np.cumsum(unit[1:] != unit[:-1])]) * setting.tracking
    return ahead, np.zeros(len(unit)) if setting.baseline_shifts is None else setting.baseline_shifts[unit]


def _units(text: str, starts: list[int]) -> list[int]:
    """For every cluster, the offset of the first character of those that hang together with it."""
    if text.isascii():
        return starts
    firsts: list[int] = []
    for i, joined in enumerate(connects_to_previous(text)):
        firsts.append(firsts[-1] if joined else i)
    return [firsts[start] for start in starts]


def _visible(text: str, clusters: Clusters, inked: list[bool]) -> tuple[Clusters, list[bool]]:
    """The clusters that take room: joiners and their like, which draw nothing, go with the cluster before them."""
    if not any(inked):
        raise Rejection("nothing to draw")
    offsets = clusters.offsets.tolist()
    joined: set[int] = set()
    for k, drawn in enumerate(inked):
        if not drawn and not (part := text[offsets[k] : offsets[k + 1]]).isspace():
            if k == 0 or any(ord(character) not in DEFAULT_IGNORABLE for character in part):
                raise Rejection("blank glyph")
            joined.add(k)
    if not joined:
        return clusters, inked
    kept = [k for k in range(len(inked)) if k not in joined]
    return Clusters(clusters.offsets[[*kept, len(inked)]], clusters.quads[kept]), [inked[k] for k in kept]


def _quads(spans: Floats, across: tuple[float, float], *, vertical: bool) -> NDArray[np.float32]:
    """Upright quads (K, 4, 2), clockwise from the top-left, of spans (2, K) along the line."""
    quads = np.empty((spans.shape[1], 4, 2), np.float32)
    both = spans[:, :, None]
    if vertical:
        quads[:, :2, 1], quads[:, 2:, 1] = both
        quads[:, ::3, 0], quads[:, 1:3, 0] = across
    else:
        quads[:, ::3, 0], quads[:, 1:3, 0] = both
        quads[:, :2, 1], quads[:, 2:, 1] = across
    return quads
