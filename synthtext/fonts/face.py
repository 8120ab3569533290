"""Which letters a font really draws: some have capitals in the place of small letters, or the other way round."""

import ctypes
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

import cv2
import freetype
import numpy as np
import uharfbuzz as hb
from freetype.raw import FT_Load_Glyph
from numpy.typing import NDArray

from synthtext.core.errors import Rejection
from synthtext.core.unicode import DEFAULT_IGNORABLE
from synthtext.fonts.file import FontFile
from synthtext.fonts.loading import open_font, with_vertical_metrics
from synthtext.typesetting.itemize import COMMON_SCRIPT, TextRun

LetterCase: TypeAlias = Literal["both", "upper", "lower"]

_BELOW = 0.1  # of the capitals' height: what is lower goes below the baseline
_LIKE = 0.05  # of it: P goes as low as p
_ALIKE = 0.55  # median overlap of the shapes of a and A, b and B, ...; those of usual fonts share half or less
_DIFFERENT = "abdeghnqrt"  # small letters that are shaped otherwise than their capitals
_GRID = 24


def detect_letter_case(face: "Face") -> LetterCase:
    """Look at the letters: "upper" if "Sale" reads "SALE", "lower" if it reads "sale", "both" if it reads as written.

    Of small letters g, p and y go below the baseline, of capitals none does. Where g does not but others do, as in some
    handwriting, the shapes decide. A font without Latin letters has "both".
    """
    depths = {letter: depth for letter in "gpyP" if (depth := _descent(face, letter)) is not None}
    small = [depths[letter] for letter in "gpy" if letter in depths]
    if small and max(small) < _BELOW:
        return "upper"
    if depths.get("P", 0.0) > _BELOW and abs(depths["P"] - depths.get("p", 0.0)) < _LIKE:
        return "lower"
    if depths.get("g", 1.0) < _BELOW and _case_similarity(face) > _ALIKE:
        return "upper"
    return "both"


def _descent(face: "Face", letter: str) -> float | None:
    """How far a letter goes below the capital H, as a share of its height: in some CJK fonts that stands higher."""
    capital, box = face.character_box("H"), face.character_box(letter)
    if capital is None or box is None or not face.covers(letter):
        return None
    return (box[3] - capital[3]) / max(capital[3] - capital[1], 1)


def _case_similarity(face: "Face") -> float:
    pairs = [(_letter_mask(face, letter), _letter_mask(face, letter.upper())) for letter in _DIFFERENT]
    shares = [(a & b).sum() / (a | b).sum() for a, b in pairs if a.any() and b.any()]
    return float(np.median(shares)) if shares else 0.0


def _letter_mask(face: "Face", letter: str) -> NDArray[np.bool_]:
    """What of the box around a letter is inked, on a grid."""
    raster = face.rasterize_character(letter, 2 * _GRID)
    if not raster.height:
        return np.zeros((_GRID, _GRID), bool)
    return np.asarray(cv2.resize(raster.coverage, (_GRID, _GRID), interpolation=cv2.INTER_AREA) > 100, bool)


_PLAIN = 0x250  # characters below are looked up at once
_NO_FEATURES: Mapping[str, int] = {}
_OTHERS = "ŒÆœæ→←↔⇒⇐™©®℠"  # what some fonts show of "OE", "ae", "->", "TM": other characters than those of the text
_SIGN = re.compile(r"[!-/:-@\[-`{-~]")
_SIGNS = re.compile(f"{_SIGN.pattern}{{2,}}")  # fonts for programs show "!=", "->", "..." as one sign, or blank ones
_LIGATURE_OPTIONAL_SCRIPTS = ("Latn", "Grek", "Cyrl", COMMON_SCRIPT)  # scripts whose letters can do without ligatures
_LIGATURES = ("liga", "clig", "dlig", "rlig", "calt")
_FLAGS = hb.BufferFlags.DO_NOT_INSERT_DOTTED_CIRCLE  # it would be in the picture and not in the label
_LOAD = freetype.FT_LOAD_RENDER | freetype.FT_LOAD_NO_HINTING | freetype.FT_LOAD_NO_BITMAP
_LANGUAGE = "und"  # HarfBuzz would take the machine's


Feature: TypeAlias = int | Sequence[tuple[int, int, int]]
"""On (1), off (0) or a number: of a whole text, or from one offset to another."""

GlyphBox: TypeAlias = tuple[int, int, int, int]
"""Left, top, right and bottom of a glyph's outline."""


class ShapedRun(NamedTuple):
    """The glyphs of a shaped run, from left to right (from top to bottom); lengths in font units, y upwards.

    Attributes:
        glyphs: ids in the font.
        clusters: offset into the text of the cluster that each draws.
        positions: x offset, y offset, x advance, y advance of each.
    """

    glyphs: list[int]
    clusters: list[int]
    positions: list[tuple[int, int, int, int]]


class GlyphRaster(NamedTuple):
    """A drawn glyph.

    Attributes:
        coverage: (h, w) uint8, 0 to 255.
        left: of its first column, in pixels from the glyph's origin.
        top: of its first row, in pixels from the baseline; negative is above.
        height: rows; 0 when it is blank.
        width: columns.
    """

    coverage: NDArray[np.uint8]
    left: int
    top: int
    height: int
    width: int


class Face:
    """An open face. Not for several threads at once: FreeType holds one size at a time."""

    def __init__(self, file: FontFile) -> None:
        self.file = file
        face, self._freetype = open_font(file.path, file.face_index)
        self._hb = hb.Font(face)
        self.units_per_em = face.upem
        self._unicodes = face.unicodes.copy()  # a bitmap: sets of Python's integers took megabytes a face
        self._unicodes.update(DEFAULT_IGNORABLE)
        self._plain = frozenset(c for c in map(chr, range(_PLAIN)) if ord(c) in self._unicodes) | {" "}
        if file.variations:
            chosen = dict(file.variations)
            places = [chosen.get(axis.tag, axis.default) for axis in file.axes]
            self._hb.set_var_coords_design(places)
            self._freetype.set_var_design_coords(places)
        self._size = 0
        self._buffer = hb.Buffer()

    def covers(self, text: str) -> bool:
        """Whether the character map has every character of the text, white space and default-ignorables aside."""
        return self._plain.issuperset(text) or not self.missing(text)

    @cached_property
    def case(self) -> LetterCase:
        """Which letters it really draws."""
        return detect_letter_case(self)

    def character_box(self, letter: str) -> GlyphBox | None:
        """The box of a character's own glyph, as in `boxes`."""
        return self.boxes[self._hb.get_nominal_glyph(ord(letter)) or 0]

    def rasterize_character(self, letter: str, size: int) -> GlyphRaster:
        """Draw a character's own glyph, as `draw` does."""
        return self.rasterize(self._hb.get_nominal_glyph(ord(letter)) or 0, size)

    def missing(self, characters: str) -> str:
        """The characters that the character map lacks, default-ignorables aside: HarfBuzz draws nothing for them."""
        return "".join(c for c in characters if c not in self._plain and ord(c) not in self._unicodes)

    def shape(
        self, text: str, run: TextRun, features: Mapping[str, int] = _NO_FEATURES, language: str = ""
    ) -> ShapedRun:
        """Shape a run of a text; what stands beside it counts, where letters take their form from their neighbours.

        Ligatures stay, but not where the font would show another character than those of the text, as some do of "OE",
        nor those of signs.

        Args:
            text: one line, NFC.
            run: which part of it.
            features: OpenType features to switch on (1), off (0), or to a number.
            language: BCP 47 tag ("sr"), for fonts with forms of their own for some languages.
        """
        if run.script not in _LIGATURE_OPTIONAL_SCRIPTS:
            return self._shape(text, run, features, language)
        signs = [match.span() for match in _SIGNS.finditer(text, run.start, run.stop)]
        shaped = self._shape(text, run, _without_ligatures(features, signs), language)
        if len(shaped.glyphs) < run.stop - run.start and self._changes_characters(text, run, shaped):
            return self._shape(text, run, _without_ligatures(features, [(run.start, run.stop)]), language)
        return shaped

    def _changes_characters(self, text: str, run: TextRun, shaped: ShapedRun) -> bool:
        """Whether a ligature is another character than those of the text, or one of signs."""
        written = {self._hb.get_nominal_glyph(ord(c)) for c in text[run.start : run.stop] if c in _OTHERS}
        if not self._others.isdisjoint(set(shaped.glyphs) - written):
            return True
        bounds = pairwise(sorted({*shaped.clusters, run.stop}))
        return any(stop - start > 1 and _SIGN.search(text, start, stop) for start, stop in bounds)

    @cached_property
    def _others(self) -> frozenset[int]:
        return frozenset(self._hb.get_nominal_glyph(ord(c)) or 0 for c in _OTHERS if ord(c) in self._unicodes)

    def _shape(self, text: str, run: TextRun, features: Mapping[str, Feature], language: str) -> ShapedRun:
        buffer = self._buffer
        buffer.reset()
        buffer.add_str(text, run.start, run.stop - run.start)
        buffer.flags = _FLAGS
        buffer.direction = run.direction
        buffer.script = run.script
        buffer.language = language or _LANGUAGE
        hb.shape(self._downwards if run.direction == "ttb" else self._hb, buffer, features)
        infos = buffer.glyph_infos
        return ShapedRun(
            [info.codepoint for info in infos],
            [info.cluster for info in infos],
            [position.position for position in buffer.glyph_positions],
        )

    @cached_property
    def _downwards(self) -> hb.Font:
        return with_vertical_metrics(self._hb)

    @cached_property
    def boxes(self) -> Mapping[int, GlyphBox | None]:
        """The boxes around glyphs' outlines by id: left, top, right, bottom in font units from the origin, y downwards.

        Blank glyphs have None.
        """
        return _Boxes(self._hb)

    def rasterize(self, glyph: int, size: int) -> GlyphRaster:
        """Draw a glyph, unhinted (so that its shape is the same at every size) with an em of `size` pixels.

        Raises:
            Rejection: its outline is broken.
        """
        if size != self._size:
            self._freetype.set_pixel_sizes(0, size)
            self._size = size
        if FT_Load_Glyph(self._freetype._FT_Face, glyph, _LOAD):
            raise Rejection("broken glyph")
        slot = self._freetype._FT_Face.contents.glyph.contents  # freetype-py's own view of it costs 90 us a glyph
        bitmap = slot.bitmap
        rows, pitch, width = bitmap.rows, bitmap.pitch, bitmap.width
        if not rows or not width:
            return GlyphRaster(np.zeros((0, 0), np.uint8), 0, 0, 0, 0)
        pixels = np.frombuffer(ctypes.string_at(bitmap.buffer, rows * pitch), np.uint8).reshape(rows, pitch)
        return GlyphRaster(np.ascontiguousarray(pixels[:, :width]), slot.bitmap_left, -slot.bitmap_top, rows, width)


def _without_ligatures(features: Mapping[str, int], spans: Sequence[tuple[int, int]]) -> Mapping[str, Feature]:
    """Features that join no characters within spans of a text."""
    return {**features, **{tag: [(*span, 0) for span in spans] for tag in _LIGATURES}} if spans else features


class _Boxes(dict[int, GlyphBox | None]):
    """Measured when they are first asked for."""

    def __init__(self, font: hb.Font) -> None:
        self._font = font

    def __missing__(self, glyph: int) -> GlyphBox | None:
        extents = self._font.get_glyph_extents(glyph)
        box = None
        if extents is not None and extents.width and extents.height:
            left, top = extents.x_bearing, -extents.y_bearing
            box = left, top, left + extents.width, top - extents.height
        self[glyph] = box
        return box
