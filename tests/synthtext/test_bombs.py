"""Small files that decode to much more than they may: compressed fonts and photographs."""

import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest

from synthtext.background import Photos
from synthtext.background.photos import decode_photo
from synthtext.core import InputError
from synthtext.fonts.file import read_font_file
from synthtext.fonts.woff import decompress_font
from synthtext.scenes.backgrounds import Photos as ScenePhotos

LIMIT = 2**22


def woff(inflated: int, claimed: int, tables: int = 1) -> bytes:
    """A font whose tables share one block of zeros, of which header and directory claim another size."""
    block, start = zlib.compress(bytes(inflated)), 44 + 20 * tables
    header = b"wOFF" + struct.pack(">IIHHI", 0x10000, start + len(block), tables, 0, claimed) + bytes(24)
    size = max(claimed, len(block) + 1)
    entries = (struct.pack(">4sIIII", b"tb%02d" % i, start, len(block), size, 0) for i in range(tables))
    return header + b"".join(entries) + block


def woff2(inflated: int, claimed: int) -> bytes:
    block = brotli.compress(bytes(inflated), quality=5)
    directory = bytes([0]) + base128(claimed)  # of cmap
    length = 48 + len(directory) + len(block)
    header = b"wOF2" + struct.pack(">IIHHII", 0x10000, length, 1, 0, claimed, len(block)) + bytes(24)
    return header + directory + block


def base128(number: int) -> bytes:
    digits = [number & 127]
    while number := number >> 7:
        digits.append(number & 127 | 128)
    return bytes(reversed(digits))


@pytest.mark.parametrize(
    "make",
    [
        lambda: woff(8 * LIMIT, 8 * LIMIT),
        lambda: woff(8 * LIMIT, 100),
        lambda: woff(LIMIT // 4, 100, tables=8),
        lambda: woff2(8 * LIMIT, 8 * LIMIT),
        lambda: woff2(8 * LIMIT, 100),
    ],
    ids=["woff", "woff that lies", "woff with shared tables", "woff2", "woff2 that lies"],
)
def test_a_font_is_refused_before_it_is_decompressed(make: Callable[[], bytes]) -> None:
    data = make()
    assert len(data) < LIMIT / 50
    import fontTools.ttLib.woff2  # noqa: F401 - outside of the measurement

    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"x\.woff' is too large: its woff2? data decompress to more than .* MB"):
            decompress_font(data, Path("x.woff"), LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 1.5 * LIMIT
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suffix", [".woff", ".woff2"])
def test_the_limit_is_that_of_the_decompressed_font(
    tmp_path: Path, compress: Callable[[Path, Path], Path], suffix: str
) -> None:
    from synthtext.fonts import bundled_fonts

    source = next(path for path in bundled_fonts() if path.stem == "Caladea-Regular")
    path = compress(source, tmp_path / f"some{suffix}")
    size = len(decompress_font(path.read_bytes(), path, 2**28))
    decompress_font(path.read_bytes(), path, size + size // 4)
    with pytest.raises(InputError, match="too large"):
        decompress_font(path.read_bytes(), path, size // 2)
    assert read_font_file(path)


def test_photographs_obey_the_limit_of_pixels(tmp_path: Path) -> None:
    for number, (width, height) in enumerate([(13_000, 13_000), (60_000, 60_000)]):
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
        data = b"".join(
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            for kind, body in chunks
        )
        path = tmp_path / str(number) / "large.png"
        path.parent.mkdir()
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
        for read in (lambda path=path: decode_photo(path), Photos(path.parent).check, ScenePhotos(path.parent).check):
            with pytest.raises(InputError, match=r"large\.png' is too large: it has more than 134,217,728 pixels"):
                read()
