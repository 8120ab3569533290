"""A text set in a font: where every glyph and every cluster stands."""

import unicodedata
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from synthtext.core import Box, Clusters, InputError, Range
from synthtext.fonts import Face, FaceCache, PlacedGlyph
from synthtext.rejection import Rejection


@dataclass(frozen=True)
class Layout:
    """How lines are set.

    Attributes:
        tracking_range: space added between clusters, in ems.
        margin_range: paper on each side of the ink, as a share of the ink's height; drawn for every side.
        length_range: fewest and most characters of a text; others are rejected.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}  # an unknown key in a recipe is an error

    tracking_range: Range = (0.0, 0.0)
    margin_range: Range = (0.0, 0.15)
    length_range: tuple[int, int] = (1, 80)

    def __post_init__(self) -> None:
        if not 0 <= self.margin_range[0] <= self.margin_range[1] <= 5:
            raise InputError(f"margin_range {list(self.margin_range)} must be two shares from 0 to 5, in order")
        if not -0.2 <= self.tracking_range[0] <= self.tracking_range[1] <= 3:
            raise InputError(f"tracking_range {list(self.tracking_range)} must be ems from -0.2 to 3, in order")
        if not 1 <= self.length_range[0] <= self.length_range[1]:
            raise InputError(f"length_range {list(self.length_range)} must be counts from 1 up, in order")


@dataclass(frozen=True)
class SetLine:
    """A line in ems: x from the pen's start, y downwards from the baseline.

    Attributes:
        text: logical order, NFC.
        script: Unicode script code ("Latn").
        glyphs: from left to right.
        clusters: their quads hold all ink; all are as high as the line's ink.
        inked: (K,) bool, which clusters draw something: a space does not, though its neighbours may lean into it.
        ink: around everything that is drawn.
    """

    text: str
    script: str
    glyphs: tuple[PlacedGlyph, ...]
    clusters: Clusters
    inked: NDArray[np.bool_]
    ink: Box


def set_line(text: str, face: Face, tracking: float) -> SetLine:
    """Shape a text and measure it.

    Args:
        text: one line, NFC, not empty.
        face: to set it in.
        tracking: space added between clusters, in ems.

    Raises:
        Rejection: the font lacks a glyph after shaping, a visible cluster is blank, or directions are mixed.
    """
    if not text.isascii() and _mixes_directions(text):
        raise Rejection("mixed directions")
    shaped = face.shape(text, tracked=tracking != 0)
    glyphs = _tracked(shaped.glyphs, tracking)
    starts = sorted({glyph.cluster for glyph in glyphs})
    spans = {start: [np.inf, -np.inf] for start in starts}
    inked: set[int] = set()
    top, bottom = np.inf, -np.inf
    for glyph in glyphs:
        if glyph.glyph == 0:
            raise Rejection("missing glyph")
        span = spans[glyph.cluster]
        left, right = glyph.x, glyph.x + max(glyph.advance, 0.0)
        ink = face.ink(glyph.glyph)
        if ink is not None:
            inked.add(glyph.cluster)
            left, right = min(left, glyph.x + ink.left), max(right, glyph.x + ink.right)
            top, bottom = min(top, glyph.y + ink.top), max(bottom, glyph.y + ink.bottom)
        span[0], span[1] = min(span[0], left), max(span[1], right)
    offsets = np.array([*starts, len(text)], np.int32)
    for start, stop in zip(starts, offsets[1:], strict=True):
        if start not in inked and text[start:stop].strip():
            raise Rejection("blank glyph")
    quads = _upright_quads(np.array([spans[start] for start in starts], np.float32), float(top), float(bottom))
    has_ink = np.array([start in inked for start in starts])
    ink_box = Box(float(quads[:, 0, 0].min()), float(top), float(quads[:, 1, 0].max()), float(bottom))
    return SetLine(text, shaped.script, tuple(glyphs), Clusters(offsets, quads), has_ink, ink_box)


def _mixes_directions(text: str) -> bool:
    """Whether parts of the text run against each other, which shaping it in one piece would set in the wrong order."""
    kinds = {unicodedata.bidirectional(character) for character in text}
    return bool(kinds & {"R", "AL"}) and bool(kinds & {"L", "EN", "AN"})


def _tracked(glyphs: list[PlacedGlyph], tracking: float) -> list[PlacedGlyph]:
    """Spread the clusters; glyphs of one cluster stay together."""
    if not tracking:
        return glyphs
    moved, shift = [], 0.0
    for i, glyph in enumerate(glyphs):
        shift += tracking if i and glyph.cluster != glyphs[i - 1].cluster else 0.0
        moved.append(glyph._replace(x=glyph.x + shift))
    return moved


def _upright_quads(spans: NDArray[np.float32], top: float, bottom: float) -> NDArray[np.float32]:
    quads = np.empty((len(spans), 4, 2), np.float32)
    quads[:, (0, 3), 0], quads[:, (1, 2), 0] = spans[:, :1], spans[:, 1:]
    quads[:, :2, 1], quads[:, 2:, 1] = top, bottom
    return quads


def draw_glyphs(line: SetLine, face: Face, cache: FaceCache, size: int) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Draw the line with an em of `size` pixels.

    Returns:
        The coverage (H, W) uint8, and the pixel (x, y) in it where the pen starts on the baseline.
    """
    ink = line.ink
    origin = (2 - int(np.floor(ink.left * size)), 2 - int(np.floor(ink.top * size)))
    width = origin[0] + int(np.ceil(ink.right * size)) + 3
    height = origin[1] + int(np.ceil(ink.bottom * size)) + 3
    canvas = np.zeros((height, width), np.uint8)
    for glyph in line.glyphs:
        raster = cache.raster(face, glyph.glyph, size)
        rows, columns = raster.coverage.shape
        if not rows:
            continue
        x = origin[0] + round(glyph.x * size) + raster.left
        y = origin[1] + round(glyph.y * size) + raster.top
        target = canvas[y : y + rows, x : x + columns]
        np.maximum(target, raster.coverage, out=target)
    return canvas, origin
