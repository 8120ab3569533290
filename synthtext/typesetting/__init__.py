"""Typesetting: itemization, shaping with HarfBuzz, and rasterization of glyphs and strokes."""
