"""Decompression of WOFF and WOFF2 fonts, bounded in memory."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from synthtext.core import InputError

WOFF_SIGNATURES = (b"wOFF", b"wOF2")
"""First bytes of a compressed font."""

_STEP = 2**20  # bytes that are decompressed at a time to measure the size
_TOTAL_SIZE = 16  # offset of the claimed size of the decompressed font in the header
_WOFF_TABLES, _WOFF_ENTRY, _WOFF2_TABLES = 44, 20, 48  # sizes of the headers and of an entry of the directory
_METADATA = {b"wOFF": slice(24, 44), b"wOF2": slice(28, 48)}  # places of metadata and private data, in the header


def decompress_font(data: bytes, path: Path, limit: int) -> bytes:
    """Return the sfnt bytes of a WOFF or WOFF2 font, whose size is measured before it is held in memory.

    Metadata and private data, which may be compressed as well, are not read.

    Args:
        data: The file.
        path: Its path, for messages.
        limit: Maximum size of the font in bytes.

    Raises:
        InputError: The font is larger, or broken.
    """
    from fontTools.ttLib import TTFont  # slow to import, and only needed for compressed fonts

    kind, unpacked = ("woff2" if data.startswith(b"wOF2") else "woff"), io.BytesIO()
    try:
        size = struct.unpack_from(">I", data, _TOTAL_SIZE)[0]
        for part in _decompressed_sizes(data) if size <= limit else ():
            size = max(size, part)
            if size > limit:
                break
        if size <= limit:
            header = bytearray(data)
            header[_METADATA[data[:4]]] = bytes(20)
            font = TTFont(io.BytesIO(header), recalcBBoxes=False, recalcTimestamp=False)
            font.flavor = font.flavorData = None
            font.save(unpacked, reorderTables=None)
    except Exception as error:  # broken data raises many types of errors in fontTools
        raise InputError(f"font {str(path)!r} is broken: its {kind} data cannot be decompressed ({error})") from None
    if size > limit:
        raise InputError(
            f"font {str(path)!r} is too large: its {kind} data decompress to more than the maximum of "
            f"{limit / 1e6:,.0f} MB; remove it"
        )
    return unpacked.getvalue()


def _decompressed_sizes(data: bytes) -> Iterator[int]:
    """Decompress all tables, and yield the number of bytes so far after every step, which is discarded."""
    total = 0
    for size in _woff2_steps(data) if data.startswith(b"wOF2") else _woff_steps(data):
        total += size
        yield total


def _woff_steps(data: bytes) -> Iterator[int]:
    for entry in range(struct.unpack_from(">H", data, 12)[0]):
        offset, length, size = struct.unpack_from(">III", data, _WOFF_TABLES + _WOFF_ENTRY * entry + 4)
        if length >= size:
            yield length
            continue
        stream, rest = zlib.decompressobj(), data[offset : offset + length]
        while rest and not stream.eof:
            yield len(stream.decompress(rest, _STEP))
            rest = stream.unconsumed_tail


def _woff2_steps(data: bytes) -> Iterator[int]:
    import brotli
    from fontTools.ttLib.woff2 import WOFF2DirectoryEntry

    file, claimed, total = io.BytesIO(data), 0, 0
    file.seek(_WOFF2_TABLES)
    for _ in range(struct.unpack_from(">H", data, 12)[0]):
        entry = WOFF2DirectoryEntry()
        entry.fromFile(file)
        claimed += entry.origLength  # of a table that may be stored in another form
    stream, block = brotli.Decompressor(), file.read(struct.unpack_from(">I", data, 20)[0])
    while not stream.is_finished():
        step = stream.process(block, output_buffer_limit=_STEP)
        yield len(step)
        total, block = total + len(step), b""
        if not step and stream.can_accept_more_data():  # truncated, which fontTools reports
            break
    yield max(0, claimed - total)
