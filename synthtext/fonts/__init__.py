"""Fonts: found, checked, opened, and their glyphs drawn once."""

from synthtext.fonts.cache import SIZES, FaceCache, drawn_size
from synthtext.fonts.discovery import FontInventory, FontOptions, embedded_fonts, find_fonts, system_fonts
from synthtext.fonts.face import Face, Raster, RunGlyphs
from synthtext.fonts.file import FontFile, read_font_file
from synthtext.fonts.pool import FontPool, fit_fonts

__all__ = [
    "SIZES",
    "Face",
    "FaceCache",
    "FontFile",
    "FontInventory",
    "FontOptions",
    "FontPool",
    "Raster",
    "RunGlyphs",
    "drawn_size",
    "embedded_fonts",
    "find_fonts",
    "fit_fonts",
    "read_font_file",
    "system_fonts",
]
