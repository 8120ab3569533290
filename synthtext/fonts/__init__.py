"""Fonts: found, checked, opened, and their glyphs drawn once."""

from synthtext.core.unicode import DEFAULT_IGNORABLE
from synthtext.fonts.cache import SIZES, FaceCache, drawn_size
from synthtext.fonts.discovery import FontInventory, FontOptions, embedded_fonts, find_fonts, system_fonts
from synthtext.fonts.face import Face, LetterCase, Raster, RunGlyphs
from synthtext.fonts.file import Axis, FontFile, Variations, read_font_file
from synthtext.fonts.pool import FontPool, fit_fonts

__all__ = [
    "DEFAULT_IGNORABLE",
    "SIZES",
    "Axis",
    "Face",
    "FaceCache",
    "FontFile",
    "FontInventory",
    "FontOptions",
    "FontPool",
    "LetterCase",
    "Raster",
    "RunGlyphs",
    "Variations",
    "drawn_size",
    "embedded_fonts",
    "find_fonts",
    "fit_fonts",
    "read_font_file",
    "system_fonts",
]
