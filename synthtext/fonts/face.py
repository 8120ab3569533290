"""A font face: character coverage, shaping with HarfBuzz and rasterization with FreeType."""

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
from synthtext.fonts.characters import character_map, missing_characters
from synthtext.fonts.file import FontFile, open_font, with_vertical_metrics
from synthtext.typesetting.itemize import COMMON_SCRIPT, TextRun

LetterCase: TypeAlias = Literal["both", "upper", "lower"]

_MIN_DESCENT = 0.1  # of the capital height: less is no descender
_SAME_DESCENT = 0.05  # of the capital height, between P and p
_SAME_SHAPE = 0.55  # median overlap of the shapes of a and A, b and B, ...; at most 0.5 in usual fonts
_DIFFERENT_CAPITALS = "abdeghnqrt"  # letters whose capital has another shape
_GRID = 24


def detect_letter_case(face: "Face") -> LetterCase:
    """Detect which case a font displays: "upper" if "Sale" reads "SALE", "lower" if it reads "sale", else "both".

    The small letters g, p and y have descenders, capitals do not. If g has none but others do, as in some handwriting,
    the shapes decide. A font without Latin letters has "both".
    """
    depths = {letter: depth for letter in "gpyP" if (depth := _descent(face, letter)) is not None}
    small = [depths[letter] for letter in "gpy" if letter in depths]
    if small and max(small) < _MIN_DESCENT:
        return "upper"
    if depths.get("P", 0.0) > _MIN_DESCENT and abs(depths["P"] - depths.get("p", 0.0)) < _SAME_DESCENT:
        return "lower"
    if depths.get("g", 1.0) < _MIN_DESCENT and _case_similarity(face) > _SAME_SHAPE:
        return "upper"
    return "both"


def _descent(face: "Face", letter: str) -> float | None:
    """Descent of a letter below the capital H, whose baseline is raised in some CJK fonts, over the height of H."""
    capital, box = (face.boxes[face.nominal_glyph(character)] for character in ("H", letter))
    if capital is None or box is None or not face.covers(letter):
        return None
    return (box[3] - capital[3]) / max(capital[3] - capital[1], 1)


def _case_similarity(face: "Face") -> float:
    """Median overlap of the shapes of small and capital letters."""
    pairs = [(_letter_mask(face, letter), _letter_mask(face, letter.upper())) for letter in _DIFFERENT_CAPITALS]
    overlaps = [(a & b).sum() / (a | b).sum() for a, b in pairs if a.any() and b.any()]
    return float(np.median(overlaps)) if overlaps else 0.0


def _letter_mask(face: "Face", letter: str) -> NDArray[np.bool_]:
    """Shape of a letter, scaled to a grid."""
    raster = face.rasterize(face.nominal_glyph(letter), 2 * _GRID)
    if not raster.height:
        return np.zeros((_GRID, _GRID), bool)
    return np.asarray(cv2.resize(raster.coverage, (_GRID, _GRID), interpolation=cv2.INTER_AREA) > 100, bool)


_FREQUENT_LIMIT = 0x250  # characters below are looked up in a set
_FREQUENT = hb.Set(range(_FREQUENT_LIMIT))
_FREQUENT_BLANKS = frozenset(chr(c) for c in range(_FREQUENT_LIMIT) if chr(c) == " " or c in DEFAULT_IGNORABLE)
_NO_FEATURES: Mapping[str, int] = {}
_SUBSTITUTES = "ŒÆœæ→←↔⇒⇐™©®℠"  # displayed by some fonts for "OE", "ae", "->", "TM"
_SIGN = re.compile(r"[!-/:-@\[-`{-~]")
_SIGNS = re.compile(f"{_SIGN.pattern}{{2,}}")  # programming fonts display "!=", "->", "..." as one sign, or as blanks
_LIGATURE_OPTIONAL_SCRIPTS = ("Latn", "Grek", "Cyrl", COMMON_SCRIPT)  # scripts that can be written without ligatures
_LIGATURES = ("liga", "clig", "dlig", "rlig", "calt")
_FLAGS = hb.BufferFlags.DO_NOT_INSERT_DOTTED_CIRCLE  # the circle would be in the image but not in the label
_LOAD = freetype.FT_LOAD_RENDER | freetype.FT_LOAD_NO_HINTING | freetype.FT_LOAD_NO_BITMAP
_LANGUAGE = "und"  # otherwise HarfBuzz uses the locale


Feature: TypeAlias = int | Sequence[tuple[int, int, int]]
"""On (1), off (0) or a value, for a whole text or for ranges of offsets."""

GlyphBox: TypeAlias = tuple[int, int, int, int]
"""Left, top, right and bottom of a glyph's outline."""


class ShapedRun(NamedTuple):
    """Glyphs of a shaped run from left to right (from top to bottom); lengths in font units, y upwards.

    Attributes:
        glyphs: Glyph ids.
        clusters: For every glyph, the offset into the text of its cluster.
        positions: For every glyph: x offset, y offset, x advance, y advance.
    """

    glyphs: list[int]
    clusters: list[int]
    positions: list[tuple[int, int, int, int]]


class GlyphRaster(NamedTuple):
    """A rasterized glyph.

    Attributes:
        coverage: (h, w) uint8.
        left: Of the first column, in pixels from the glyph's origin.
        top: Of the first row, in pixels from the baseline; negative is above.
        height: Number of rows; 0 if the glyph is blank.
        width: Number of columns.
    """

    coverage: NDArray[np.uint8]
    left: int
    top: int
    height: int
    width: int


class Face:
    """An open font face. Not thread-safe: FreeType holds one size at a time."""

    def __init__(self, file: FontFile) -> None:
        self.file = file
        face, self._freetype = open_font(file.path, file.face_index)
        self._hb = hb.Font(face)
        self.units_per_em = face.upem
        self._unicodes = character_map(file)
        if file.variations:
            values = dict(file.variations)
            coordinates = [values.get(axis.tag, axis.default) for axis in file.axes]
            self._hb.set_var_coords_design(coordinates)
            self._freetype.set_var_design_coords(coordinates)
        self._size = 0
        self._buffer = hb.Buffer()

    def covers(self, text: str) -> bool:
        """Whether the font has every character of a text, except for spaces and default-ignorables."""
        return self._frequent.issuperset(text) or not self.missing(text)

    @cached_property
    def case(self) -> LetterCase:
        """The letter case that the font displays."""
        return detect_letter_case(self)

    def nominal_glyph(self, character: str) -> int:
        """Return the glyph id of a character without regard to its context; 0 if the font lacks it."""
        return int(self._hb.get_nominal_glyph(ord(character)) or 0)

    def missing(self, characters: str) -> str:
        """Return the characters that the font lacks, except for spaces and default-ignorables: nothing is drawn."""
        return missing_characters(self.file, characters)

    @cached_property
    def _frequent(self) -> frozenset[str]:
        """The characters below `_FREQUENT_LIMIT` that need not be looked up in `missing`."""
        known = character_map(self.file).copy()
        known.intersection_update(_FREQUENT)
        return _FREQUENT_BLANKS.union(map(chr, known))

    def shape(
        self, text: str, run: TextRun, features: Mapping[str, int] = _NO_FEATURES, language: str = ""
    ) -> ShapedRun:
        """Shape a run of a text in its context, on which contextual forms depend.

        Ligatures are kept, except for those of signs and those that display other characters, as some fonts do for
        "OE".

        Args:
            text: One line, NFC.
            run: The part of the text to shape.
            features: OpenType features: on (1), off (0) or a value.
            language: BCP 47 tag ("sr"), for fonts with language-specific forms.
        """
        if run.script not in _LIGATURE_OPTIONAL_SCRIPTS:
            return self._shape(text, run, features, language)
        signs = [match.span() for match in _SIGNS.finditer(text, run.start, run.stop)]
        shaped = self._shape(text, run, _without_ligatures(features, signs), language)
        if len(shaped.glyphs) < run.stop - run.start and self._changes_characters(text, run, shaped):
            return self._shape(text, run, _without_ligatures(features, [(run.start, run.stop)]), language)
        return shaped

    def _changes_characters(self, text: str, run: TextRun, shaped: ShapedRun) -> bool:
        """Whether a ligature displays another character than the text, or joins signs."""
        expected = {self._hb.get_nominal_glyph(ord(c)) for c in text[run.start : run.stop] if c in _SUBSTITUTES}
        if not self._substitutes.isdisjoint(set(shaped.glyphs) - expected):
            return True
        bounds = pairwise(sorted({*shaped.clusters, run.stop}))
        return any(stop - start > 1 and _SIGN.search(text, start, stop) for start, stop in bounds)

    @cached_property
    def _substitutes(self) -> frozenset[int]:
        return frozenset(self.nominal_glyph(c) for c in _SUBSTITUTES if ord(c) in self._unicodes)

    def _shape(self, text: str, run: TextRun, features: Mapping[str, Feature], language: str) -> ShapedRun:
        buffer = self._buffer
        buffer.reset()
        buffer.add_str(text, run.start, run.stop - run.start)
        buffer.flags = _FLAGS
        buffer.direction = run.direction
        buffer.script = run.script
        buffer.language = language or _LANGUAGE
        hb.shape(self._vertical if run.direction == "ttb" else self._hb, buffer, features)
        infos = buffer.glyph_infos
        return ShapedRun(
            [info.codepoint for info in infos],
            [info.cluster for info in infos],
            [position.position for position in buffer.glyph_positions],
        )

    @cached_property
    def _vertical(self) -> hb.Font:
        return with_vertical_metrics(self._hb)

    @cached_property
    def boxes(self) -> Mapping[int, GlyphBox | None]:
        """Boxes of the glyphs' outlines by id: left, top, right, bottom in font units from the origin, y downwards.

        Blank glyphs have None.
        """
        return _Boxes(self._hb)

    def rasterize(self, glyph: int, size: int) -> GlyphRaster:
        """Rasterize a glyph without hinting, so that its shape is the same at every size.

        Args:
            glyph: Glyph id.
            size: Em size in pixels.

        Raises:
            Rejection: The outline is broken.
        """
        if size != self._size:
            self._freetype.set_pixel_sizes(0, size)
            self._size = size
        if FT_Load_Glyph(self._freetype._FT_Face, glyph, _LOAD):
            raise Rejection("broken glyph")
        slot = self._freetype._FT_Face.contents.glyph.contents  # freetype-py's wrapper takes 90 us a glyph
        bitmap = slot.bitmap
        rows, pitch, width = bitmap.rows, bitmap.pitch, bitmap.width
        if not rows or not width:
            return GlyphRaster(np.zeros((0, 0), np.uint8), 0, 0, 0, 0)
        pixels = np.frombuffer(ctypes.string_at(bitmap.buffer, rows * pitch), np.uint8).reshape(rows, pitch)
        return GlyphRaster(np.ascontiguousarray(pixels[:, :width]), slot.bitmap_left, -slot.bitmap_top, rows, width)


def _without_ligatures(features: Mapping[str, int], spans: Sequence[tuple[int, int]]) -> Mapping[str, Feature]:
    """Features that disable ligatures within spans of a text."""
    return {**features, **{tag: [(*span, 0) for span in spans] for tag in _LIGATURES}} if spans else features


class _Boxes(dict[int, GlyphBox | None]):
    """Boxes of glyphs, measured on first use."""

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
