"""Encoded images: decoding them, and reading their size from the header."""

import io
import mimetypes
import struct

import cv2
import numpy as np
from PIL import Image as PillowImage

from synthtext.core import MAX_IMAGE_PIXELS, Image, InputError

IMAGE_SUFFIXES = (".bmp", ".gif", ".jpe", ".jpeg", ".jpg", ".jp2", ".png", ".ppm", ".pgm", ".tif", ".tiff", ".webp")
"""Suffixes of the files in a folder that count as images."""

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_PNG_ALPHA = (b"\x04", b"\x06")  # colour types of a PNG with an alpha channel; byte 25 holds the type
_ORIENTATION = 0x0112  # the EXIF tag; values from 5 on mean a quarter turn
_QUARTER_TURNS = range(5, 9)
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # markers of the JPEG segment with the size
_MAX_SEGMENTS = 100  # that are read to find it
_UPSIDE_DOWN, _MIRRORED = (3, 4, 7, 8), (2, 3, 6, 7)  # after the quarter turn


def decode_image(data: bytes, name: str) -> Image:
    """Decode an image file in any format that OpenCV reads, and orient it by its EXIF data.

    Grey becomes RGB, 16 bits become 8, and transparent pixels are blended with white.

    Returns:
        Pixels (H, W, 3) uint8 RGB.

    Raises:
        InputError: The data are not an image, a broken one, or one of more than `MAX_IMAGE_PIXELS` pixels. The message
            starts with `name`.
    """
    _check_size(data, name)
    buffer = np.frombuffer(data, np.uint8)
    try:
        if data.startswith(_PNG) and (data[25:26] in _PNG_ALPHA or b"tRNS" in data[:1024]):
            image = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
            if image is not None and image.ndim == 3 and image.shape[2] == 4:
                return _blend_with_white(_orient(image, data))
        image = cv2.imdecode(buffer, cv2.IMREAD_COLOR_RGB) if len(data) else None
    except cv2.error:  # such as one that is too large
        image = None
    if image is None:
        raise _unreadable(name)
    return np.asarray(image, np.uint8)


def _unreadable(name: str) -> InputError:
    return InputError(f"{name}: this is not a readable image")


def _check_size(data: bytes, name: str) -> None:
    """Check that the header claims no size that is too large, before anything is allocated."""
    try:
        width, height = _claimed_size(data)
    except PillowImage.DecompressionBombError:  # in the header of another format; does not tell the size
        raise InputError(
            f"{name}: an image of more than {MAX_IMAGE_PIXELS:,} pixels is too large; make it smaller"
        ) from None
    if width * height > MAX_IMAGE_PIXELS:
        raise InputError(
            f"{name}: an image of {width:,} x {height:,} pixels is too large: at most {MAX_IMAGE_PIXELS:,} are "
            "decoded; make it smaller"
        )


def _claimed_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the header; 0 x 0 if none is found. Takes 1 us for PNG and JPEG."""
    if data.startswith(_PNG):
        return struct.unpack(">II", data[16:24]) if len(data) >= 24 else (0, 0)
    if data.startswith(_JPEG):
        return _jpeg_size(data)
    try:
        with PillowImage.open(io.BytesIO(data)) as header:
            return header.size
    except (OSError, SyntaxError, ValueError):
        return 0, 0


def _jpeg_size(data: bytes) -> tuple[int, int]:
    offset = 2
    for _ in range(_MAX_SEGMENTS):
        head = data[offset : offset + 9]
        if len(head) < 9 or head[0] != 0xFF:
            break
        if head[1] in _FRAMES:
            height, width = struct.unpack(">HH", head[5:9])
            return width, height
        offset += 1 if head[1] == 0xFF else 2 + int.from_bytes(head[2:4], "big")
    return 0, 0


def _orient(image: np.ndarray, data: bytes) -> np.ndarray:
    """Orient the pixels of a PNG by its EXIF data, which OpenCV does only if it drops the alpha channel."""
    if b"eXIf" not in data:
        return image
    try:
        with PillowImage.open(io.BytesIO(data)) as header:
            orientation = _orientation(header)
    except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError):
        return image
    if orientation in _QUARTER_TURNS:
        image = image.swapaxes(0, 1)
    rows, columns = (-1 if orientation in turned else 1 for turned in (_UPSIDE_DOWN, _MIRRORED))
    return np.ascontiguousarray(image[::rows, ::columns])


def _orientation(header: PillowImage.Image) -> int:
    """Return the value of the EXIF tag; 1 (upright) if there is none or the EXIF data is broken."""
    if "exif" not in header.info:  # without this check, Pillow would decode a PNG without EXIF data
        return 1
    try:
        return int(header.getexif().get(_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, struct.error):
        return 1


def _blend_with_white(image: np.ndarray) -> Image:
    opaque = np.iinfo(image.dtype).max
    colour = image[..., 2::-1].astype(np.float32) / opaque
    alpha = image[..., 3:].astype(np.float32) / opaque
    return np.asarray(np.rint(255 * (1 - alpha * (1 - colour))), np.uint8)


def image_size(data: bytes, name: str) -> tuple[int, int]:
    """Return width and height in pixels, from the header and the EXIF data; raises InputError if there is none."""
    try:
        with PillowImage.open(io.BytesIO(data)) as header:
            width, height = header.size
            turned = _orientation(header) in _QUARTER_TURNS
    except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError):
        raise _unreadable(name) from None
    return (height, width) if turned else (width, height)


def check_image(data: bytes, name: str) -> None:
    """Check that bytes are an image, without decoding them where possible; raises InputError if they are not.

    A PNG or JPEG with a valid start and end is not decoded, so damage in between may not be found.
    """
    if (data.startswith(_PNG) and b"IEND" in data[-12:]) or (data.startswith(_JPEG) and data.endswith(_JPEG_END)):
        try:
            image_size(data, name)
        except InputError:
            pass  # OpenCV may still read it
        else:
            return
    decode_image(data, name)


def media_type(data: bytes) -> str:
    """Return the media type of an encoded image, such as image/jpeg."""
    if data.startswith(_PNG):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "image/bmp" if data.startswith(b"BM") else "image/jpeg"


def image_suffix(data: bytes) -> str:
    """Return the suffix of file names for an encoded image, such as ".jpg"."""
    return mimetypes.guess_extension(media_type(data)) or ".jpg"
