"""Vertical metrics of fonts, where a column of characters needs better ones than the font has."""

import uharfbuzz as hb

_PROBES = "有一人中日あの한AHE"
_ABOVE = 0.88  # of an em: where the em box of ideographs begins, over the baseline
_LEAST, _MOST = 0.5, 1.6  # ems that a character may take


def font_for_columns(font: hb.Font) -> hb.Font:
    """The font itself; or, where its characters would lie upon each other or far apart, one with an em for each.

    The WenQuanYi fonts have vertical metrics, but of no height or for origins elsewhere; other fonts have none, and no
    ascent to make them from, or one of two ems, as room for the marks of another script or for formulas.
    """
    glyphs = [glyph for character in _PROBES if (glyph := font.get_nominal_glyph(ord(character)))]
    return font if all(_fits(font, glyph) for glyph in glyphs) else _spaced(font)


def _fits(font: hb.Font, glyph: int) -> bool:
    """Whether the middle of the ink lies in the room that the glyph has from the pen downwards, and that is fair."""
    extents, room = font.get_glyph_extents(glyph), -font.get_glyph_v_advance(glyph)
    if extents is None or not extents.height:
        return True
    down = font.get_glyph_v_origin(glyph)[1] - extents.y_bearing - extents.height / 2
    return bool(_LEAST <= room / font.face.upem <= _MOST and 0 < down < room)


def _spaced(font: hb.Font) -> hb.Font:
    em = font.face.upem
    functions = hb.FontFuncs()
    functions.set_glyph_v_advance_func(lambda *_: -em)
    functions.set_glyph_v_origin_func(
        lambda _, glyph, __: (True, font.get_glyph_h_advance(glyph) // 2, round(_ABOVE * em))
    )
    spaced = hb.Font(font)
    spaced.funcs = functions
    return spaced
