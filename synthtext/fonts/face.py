"""One open font: shapes text with HarfBuzz and draws glyphs with FreeType."""

import ctypes
from functools import cached_property
from typing import NamedTuple

import freetype
import numpy as np
import uharfbuzz as hb
from numpy.typing import NDArray

from synthtext.core import Box
from synthtext.fonts.file import FontFile
from synthtext.fonts.ignorable import DEFAULT_IGNORABLE
from synthtext.fonts.opening import open_font

_LOAD = freetype.FT_LOAD_RENDER | freetype.FT_LOAD_NO_HINTING | freetype.FT_LOAD_NO_BITMAP
_UNJOINED = {"liga": False, "clig": False}


class PlacedGlyph(NamedTuple):
    """A glyph on the line: lengths are in ems, y grows downwards, the baseline is y = 0.

    Attributes:
        glyph: id in the font.
        cluster: offset into the text of the cluster that it draws.
        x: of its origin.
        y: of its origin.
        advance: to the next one's origin.
    """

    glyph: int
    cluster: int
    x: float
    y: float
    advance: float


class Shaped(NamedTuple):
    """A shaped text: its glyphs from left to right, and its script ("Latn"; "Zyyy" when there is no letter)."""

    glyphs: list[PlacedGlyph]
    script: str


class Raster(NamedTuple):
    """A drawn glyph.

    Attributes:
        coverage: (h, w) uint8, 0 to 255.
        left: of its first column, in pixels from the glyph's origin.
        top: of its first row, in pixels from the baseline; negative is above.
    """

    coverage: NDArray[np.uint8]
    left: int
    top: int


class Face:
    """An open face. Not for several threads at once: FreeType holds one size at a time."""

    def __init__(self, file: FontFile) -> None:
        self.file = file
        face, self._freetype = open_font(file.path, file.face)
        self._hb = hb.Font(face)
        self._em = face.upem
        self._characters = face.unicodes.copy()  # a bitmap: sets of Python's integers took megabytes a face
        self._characters.update(DEFAULT_IGNORABLE)
        if file.variations:
            chosen = dict(file.variations)
            places = [chosen.get(axis.tag, axis.default) for axis in file.axes]
            self._hb.set_var_coords_design(places)
            self._freetype.set_var_design_coords(places)
        self._size = 0
        self._extents: dict[int, Box | None] = {}

    def covers(self, text: str) -> bool:
        """Whether the character map has every character of the text, white space and default-ignorables aside."""
        return all(ord(c) in self._characters or c == " " for c in text)

    @cached_property
    def capitals_only(self) -> bool:
        """Whether small letters look like capitals (no g, p or y goes below them): "Sale" reads "SALE"."""
        letters = [ink for letter in "gpy" if self.covers(letter) and (ink := self._letter_ink(letter))]
        capital = self._letter_ink("H")
        if not letters or capital is None:
            return False
        lowest = capital.bottom + 0.1 * capital.height  # capitals of some CJK fonts stand above the baseline
        return all(letter.bottom < lowest for letter in letters)

    def _letter_ink(self, letter: str) -> Box | None:
        return self.ink(self._hb.get_nominal_glyph(ord(letter)) or 0)

    def missing(self, characters: str) -> str:
        """The characters that the character map lacks, default-ignorables aside: HarfBuzz draws nothing for them."""
        return "".join(c for c in characters if ord(c) not in self._characters)

    def shape(self, text: str, *, tracked: bool = False) -> Shaped:
        """Shape a whole line.

        Args:
            text: one line, NFC.
            tracked: letters will be spread, so that ligatures would tear: leave them out.
        """
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.flags = hb.BufferFlags.DO_NOT_INSERT_DOTTED_CIRCLE  # it would be in the picture and not in the label
        buffer.guess_segment_properties()
        hb.shape(self._hb, buffer, _UNJOINED if tracked else None)
        glyphs, pen, em = [], 0.0, self._em
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            advance = position.x_advance / em
            x, y = pen + position.x_offset / em, -position.y_offset / em
            glyphs.append(PlacedGlyph(info.codepoint, info.cluster, x, y, advance))
            pen += advance
        return Shaped(glyphs, buffer.script or "Zyyy")

    def ink(self, glyph: int) -> Box | None:
        """The box around a glyph's outline in ems from its origin, y downwards; None when it is blank."""
        if glyph not in self._extents:
            extents = self._hb.get_glyph_extents(glyph)
            blank = extents is None or not extents.width or not extents.height
            self._extents[glyph] = None if blank else _box(extents, self._em)
        return self._extents[glyph]

    def draw(self, glyph: int, size: int) -> Raster:
        """Draw a glyph, unhinted (so that its shape is the same at every size) with an em of `size` pixels."""
        if size != self._size:
            self._freetype.set_pixel_sizes(0, size)
            self._size = size
        self._freetype.load_glyph(glyph, _LOAD)
        slot = self._freetype.glyph
        bitmap = slot.bitmap._FT_Bitmap  # freetype-py turns the buffer into a list of integers: 90 us a glyph
        rows, pitch, width = bitmap.rows, bitmap.pitch, bitmap.width
        if not rows or not width:
            return Raster(np.zeros((0, 0), np.uint8), 0, 0)
        memory = ctypes.cast(bitmap.buffer, ctypes.POINTER(ctypes.c_uint8))
        coverage = np.ctypeslib.as_array(memory, (rows, pitch))[:, :width].copy()
        return Raster(coverage, slot.bitmap_left, -slot.bitmap_top)


def _box(extents: hb.GlyphExtents, em: int) -> Box:
    left, top = extents.x_bearing, -extents.y_bearing
    return Box(left / em, top / em, (left + extents.width) / em, (top - extents.height) / em)
