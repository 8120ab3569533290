"""Loading of font files for HarfBuzz and FreeType."""

import hashlib
import io
from pathlib import Path

import freetype
import uharfbuzz as hb

from synthtext.core import InputError
from synthtext.core.cache import ByteCache

MAX_FONT_BYTES = 2**28
"""Maximum size of a font file in bytes; collections of all Chinese characters have half of that."""

_COMPRESSED = (b"wOFF", b"wOF2")

# By the digest of the file. A variable font is opened for each variation, and decompression takes half a second.
_decompressed: ByteCache[str, bytes] = ByteCache(64 << 20, len)


def read_font(path: Path) -> tuple[bytes, str]:
    """Read a font file as sfnt bytes (.woff and .woff2 are decompressed), and compute the SHA-256 of the file.

    Raises:
        InputError: The file cannot be read or decompressed, or is larger than `MAX_FONT_BYTES`.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FONT_BYTES:
            raise InputError(
                f"font {str(path)!r} is too large: {size / 1e6:,.0f} MB; the maximum is {MAX_FONT_BYTES / 1e6:,.0f} MB"
            )
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"font {str(path)!r} cannot be read: {error.strerror}") from None
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith(_COMPRESSED):
        return _decompressed.get(digest, lambda: _decompress(data, path)), digest
    return data, digest


def open_font(path: Path, index: int) -> tuple[hb.Face, freetype.Face]:
    """Open a face with HarfBuzz and FreeType; an uncompressed file is memory-mapped.

    Raises:
        InputError: The file cannot be read or decompressed, or FreeType cannot open it.
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
    from fontTools.ttLib import TTFont  # slow to import, and only needed for compressed fonts

    unpacked = io.BytesIO()
    try:
        font = TTFont(io.BytesIO(data), recalcBBoxes=False, recalcTimestamp=False)
        font.flavor = font.flavorData = None
        font.save(unpacked, reorderTables=None)
    except Exception as error:  # broken data raises many types of errors in fontTools
        kind = "woff2" if data.startswith(b"wOF2") else "woff"
        raise InputError(f"font {str(path)!r} is broken: its {kind} data cannot be decompressed ({error})") from None
    return unpacked.getvalue()


_PROBES = "有一人中日あの한AHE"
_ASCENT = 0.88  # ems from the baseline to the top of the em box of ideographs
_MIN_ADVANCE, _MAX_ADVANCE = 0.5, 1.6  # ems


def with_vertical_metrics(font: hb.Font) -> hb.Font:
    """Return the font, or a copy with a vertical advance of one em if its characters would overlap or be far apart.

    The WenQuanYi fonts have vertical metrics of height 0 or with wrong origins; other fonts have none, and an ascent of
    0 or of two ems, for marks of other scripts or for formulas.
    """
    glyphs = [glyph for character in _PROBES if (glyph := font.get_nominal_glyph(ord(character)))]
    return font if all(_has_valid_metrics(font, glyph) for glyph in glyphs) else _with_em_advance(font)


def _has_valid_metrics(font: hb.Font, glyph: int) -> bool:
    """Whether the middle of the ink lies within the vertical advance of a glyph, and the advance is plausible."""
    extents, advance = font.get_glyph_extents(glyph), -font.get_glyph_v_advance(glyph)
    if extents is None or not extents.height:
        return True
    down = font.get_glyph_v_origin(glyph)[1] - extents.y_bearing - extents.height / 2
    return bool(_MIN_ADVANCE <= advance / font.face.upem <= _MAX_ADVANCE and 0 < down < advance)


def _with_em_advance(font: hb.Font) -> hb.Font:
    em = font.face.upem
    functions = hb.FontFuncs()
    functions.set_glyph_v_advance_func(lambda *_: -em)
    functions.set_glyph_v_origin_func(
        lambda _, glyph, __: (True, font.get_glyph_h_advance(glyph) // 2, round(_ASCENT * em))
    )
    result = hb.Font(font)
    result.funcs = functions
    return result
