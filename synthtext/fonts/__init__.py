"""Fonts: discovery, validation, shaping, and rasterization with a glyph cache."""

from synthtext.core.unicode import DEFAULT_IGNORABLE
from synthtext.fonts.cache import RASTER_SIZES, FaceCache, raster_size
from synthtext.fonts.discovery import FontInventory, FontOptions, bundled_fonts, find_fonts, system_fonts
from synthtext.fonts.face import Face, GlyphRaster, LetterCase, ShapedRun
from synthtext.fonts.file import Axis, FontFile, Variations, read_font_file
from synthtext.fonts.lookalikes import GlyphDistinction, find_lookalikes, glyph_distinction, group_pairs
from synthtext.fonts.pool import FontPool, build_font_pool

__all__ = [
    "DEFAULT_IGNORABLE",
    "RASTER_SIZES",
    "Axis",
    "Face",
    "FaceCache",
    "FontFile",
    "FontInventory",
    "FontOptions",
    "FontPool",
    "GlyphDistinction",
    "GlyphRaster",
    "LetterCase",
    "ShapedRun",
    "Variations",
    "build_font_pool",
    "bundled_fonts",
    "find_fonts",
    "find_lookalikes",
    "glyph_distinction",
    "group_pairs",
    "raster_size",
    "read_font_file",
    "system_fonts",
]
