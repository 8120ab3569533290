"""Font files as HarfBuzz and FreeType take them: both read the same bytes."""

import hashlib
import io
from pathlib import Path

import freetype
import uharfbuzz as hb

from synthtext.cache import ByteCache
from synthtext.core import InputError

LARGEST = 2**28
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
        if size > LARGEST:
            raise InputError(
                f"font {str(path)!r} is too large: {size / 1e6:,.0f} MB, but at most {LARGEST / 1e6:,.0f} are read"
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
