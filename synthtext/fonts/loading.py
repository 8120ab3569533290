"""Font files as HarfBuzz and FreeType take them: both read the same bytes."""

import hashlib
import io
from pathlib import Path

import freetype
import uharfbuzz as hb

from synthtext.core import InputError
from synthtext.core.cache import ByteCache

MAX_FONT_BYTES = 2**28
"""Bytes of the largest file that is taken for a font; collections of all Chinese characters have half of that."""

_COMPRESSED = (b"wOFF", b"wOF2")

# By the digest of the file. A variable font is opened once for each place on its axes, and half a second of
# decompression each time would be most of a block's time.
_decompressed: ByteCache[str, bytes] = ByteCache(64 << 20, len)


def read_font(path: Path) -> tuple[bytes, str]:
    """The bytes of a font file as sfnt (.woff and .woff2 are decompressed), and the SHA-256 of the file, hexadecimal.

    Raises:
        InputError: the file cannot be read or decompressed, or is larger than `LARGEST`.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FONT_BYTES:
            raise InputError(
                f"font {str(path)!r} is too large: {size / 1e6:,.0f} MB, but at most {MAX_FONT_BYTES / 1e6:,.0f} are read"
            )
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"font {str(path)!r} cannot be read: {error.strerror}") from None
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith(_COMPRESSED):
        return _decompressed.get(digest, lambda: _decompress(data, path)), digest
    return data, digest


def open_font(path: Path, index: int) -> tuple[hb.Face, freetype.Face]:
    """Open a face of a file with both libraries; a file that is not compressed is mapped, not loaded.

    Raises:
        InputError: the file cannot be read or decompressed, or FreeType cannot open it.
    """
    try:
        with path.open("rb") as file:
            compressed = file.read(4) in _COMPRESSED
        if compressed:
            data, _ = read_font(path)
            return hb.Face(hb.Blob(data), index), freetype.Face(io.BytesIO(data), index)
        return hb.Face(hb.Blob.from_file_path(str(path)), index), freetype.Face(str(path), index)
    except OSError as error:
        raise InputError(f"font {str(path)!r} cannot be read: {error.strerror}") from None
    except freetype.FT_Exception as error:
        raise InputError(f"font {str(path)!r} is broken: {error}") from None


def _decompress(data: bytes, path: Path) -> bytes:
    from fontTools.ttLib import TTFont  # loaded for those who have such files

    unpacked = io.BytesIO()
    try:
        font = TTFont(io.BytesIO(data), recalcBBoxes=False, recalcTimestamp=False)
        font.flavor = font.flavorData = None
        font.save(unpacked, reorderTables=None)
    except Exception as error:  # fontTools lets through whatever the broken bytes set off, of many types
        kind = "woff2" if data.startswith(b"wOF2") else "woff"
        raise InputError(f"font {str(path)!r} is broken: its {kind} data cannot be decompressed ({error})") from None
    return unpacked.getvalue()


_PROBES = "有一人中日あの한AHE"
_ABOVE = 0.88  # of an em: where the em box of ideographs begins, over the baseline
_LEAST, _MOST = 0.5, 1.6  # ems that a character may take


def with_vertical_metrics(font: hb.Font) -> hb.Font:
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
