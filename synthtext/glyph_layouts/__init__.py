"""Layouts of single letters. In a recipe, `ransom_note` refers to the class `RansomNote` of this package."""

from synthtext.glyph_layouts.layout import Bouncing, GlyphLayout, RansomNote, Shrinking, Superscript, Uniform

__all__ = ["Bouncing", "GlyphLayout", "RansomNote", "Shrinking", "Superscript", "Uniform"]
