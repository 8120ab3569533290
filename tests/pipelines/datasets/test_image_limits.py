"""Images that are too large, or claim to be."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.datasets.image import decode_image
from pipelines.jobs.importing import decode_complete_image
from synthtext.core import MAX_IMAGE_PIXELS, InputError

ROOT = Path(__file__).parents[3]


def claiming(width: int, height: int) -> bytes:
    """Return a PNG of a hundred bytes whose header claims a size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(bytes(99)), b"IEND"]
    parts = [struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg_claiming(width: int, height: int) -> bytes:
    data = bytearray(cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def test_decompression_bombs_are_rejected_before_allocation() -> None:
    bombs = [claiming(60_000, 60_000), claiming(12_000, 12_000), jpeg_claiming(20_000, 20_000)]
    for data in bombs:
        for look in (decode_image, decode_complete_image):
            with pytest.raises(
                InputError, match=r"x: an image of [\d,]+ x [\d,]+ pixels is too large: .* make it smaller"
            ):
                look(data, "x")
    code = f"""if True:
        import resource
        from pipelines.datasets.image import decode_image
        from synthtext.core import InputError
        used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        before = used()
        for data in {bombs!r}:
            try:
                decode_image(data, "x")
            except InputError:
                print(used() - before)
    """
    grown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT).stdout.split()
    assert len(grown) == len(bombs)
    assert max(map(int, grown)) < 20_000  # KB


def test_a_bomb_in_a_rare_format_is_rejected() -> None:
    bitmap = b"BM" + struct.pack("<IIIIiiHHIIiiII", 100, 0, 54, 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0)
    with pytest.raises(
        InputError, match=r"^x: an image of more than 134,217,728 pixels is too large; make it smaller$"
    ):
        decode_image(bitmap, "x")


def test_a_large_image_within_the_limit_is_decoded() -> None:
    side = int(MAX_IMAGE_PIXELS**0.5) // 4
    assert decode_image(cv2.imencode(".png", np.zeros((side, side), np.uint8))[1].tobytes(), "x").shape == (
        side,
        side,
        3,
    )
