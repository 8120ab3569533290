"""Positions of rasterized glyphs."""

import numpy as np
import pytest

from synthtext.fonts import RASTER_SIZES, Face, FaceCache, bundled_fonts, read_font_file
from synthtext.typesetting.canvas import rasterize_line
from synthtext.typesetting.shaping import ShapingOptions, shape_line

FACES = [Face(read_font_file(path)[0]) for path in bundled_fonts()[::5]]
ROOM = 0.5 + 0.05  # positions are rounded to pixels; outlines have a resolution of 1/64


@pytest.mark.parametrize("vertical", [False, True], ids=["horizontal", "vertical"])
@pytest.mark.parametrize("size", RASTER_SIZES[2:-1])
def test_ink_is_within_half_a_pixel_of_its_position(size: int, *, vertical: bool) -> None:
    """Also if a glyph's origin lies outside of the raster, as with a large left bearing."""
    for face, text in ((face, text) for face in FACES for text in ("g", "j", "W1", "%", ",", "i")):
        line, cache = shape_line(text, face, ShapingOptions(vertical=vertical)), FaceCache()
        canvas = rasterize_line(line, face, cache, size)
        rows, columns = np.nonzero(canvas.coverage)
        left, top, right, bottom = np.tile(canvas.origin, 2) + np.array(line.ink_box) * size
        message = (face.file.name, text)
        assert columns.min() >= np.floor(left - ROOM), message
        assert columns.max() < np.ceil(right + ROOM), message
        assert rows.min() >= np.floor(top - ROOM), message
        assert rows.max() < np.ceil(bottom + ROOM), message
