"""Encoded pictures: their pixels, and their size without them."""

import io
import mimetypes
import struct

import cv2
import numpy as np
from PIL import Image as Headers

from synthtext.core import Image, InputError

MAX_IMAGE_PIXELS = 2**27
"""Pixels of the largest picture that is decoded, into 400 MB; a small file may claim any size."""

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_PNG_ALPHA = (b"\x04", b"\x06")  # colour types of a PNG with an alpha channel; byte 25 holds the type
_ORIENTATION = 0x0112  # the EXIF tag; from 5 on it turns the picture by a quarter
_QUARTER_TURNS = range(5, 9)
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # markers of the JPEG segment that tells the size
_SEGMENTS = 100  # that are looked at before it
_UPSIDE_DOWN, _MIRRORED = (3, 4, 7, 8), (2, 3, 6, 7)  # once rows and columns are in place


def decode_image(data: bytes, name: str) -> Image:
    """Pixels (H, W, 3) uint8 RGB of a picture in any format that OpenCV reads, upright as its EXIF data says.

    Grey becomes RGB, 16 bits become 8, and what is transparent lies on white.

    Args:
        data: the file.
        name: of the picture, for the error.

    Raises:
        InputError: these bytes are no picture, a broken one, or one of more than `LARGEST` pixels.
    """
    _refuse_large(data, name)
    buffer = np.frombuffer(data, np.uint8)
    try:
        if data.startswith(_PNG) and (data[25:26] in _PNG_ALPHA or b"tRNS" in data[:1024]):
            image = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED)
            if image is not None and image.ndim == 3 and image.shape[2] == 4:
                return _on_white(_upright(image, data))
        image = cv2.imdecode(buffer, cv2.IMREAD_COLOR_RGB) if len(data) else None
    except cv2.error:  # such as one that is too large
        image = None
    if image is None:
        raise InputError(f"{name}: this is no picture that can be read")
    return np.asarray(image, np.uint8)


def _refuse_large(data: bytes, name: str) -> None:
    """Refuse what says of itself that it is too large, before anything is allocated.

    Raises:
        InputError: it does.
    """
    try:
        width, height = _claimed_size(data)
    except Headers.DecompressionBombError:  # does not say how large it is
        raise InputError(
            f"{name}: a picture of more than {MAX_IMAGE_PIXELS:,} pixels is too large; make it smaller"
        ) from None
    if width * height > MAX_IMAGE_PIXELS:
        raise InputError(
            f"{name}: a picture of {width:,} x {height:,} pixels is too large: {MAX_IMAGE_PIXELS:,} are decoded at most; "
            "make it smaller"
        )


def _claimed_size(data: bytes) -> tuple[int, int]:
    """Width and height that a header tells; 0 x 0 where none is found. Called for every picture: 1 us.

    Raises:
        DecompressionBombError: Pillow, which reads the rarer ones, finds it too large.
    """
    if data.startswith(_PNG):
        return struct.unpack(">II", data[16:24]) if len(data) >= 24 else (0, 0)
    if data.startswith(_JPEG):
        return _jpeg_size(data)
    try:
        with Headers.open(io.BytesIO(data)) as header:
            return header.size
    except (OSError, SyntaxError, ValueError):
        return 0, 0


def _jpeg_size(data: bytes) -> tuple[int, int]:
    place = 2
    for _ in range(_SEGMENTS):
        head = data[place : place + 9]
        if len(head) < 9 or head[0] != 0xFF:
            break
        if head[1] in _FRAMES:
            height, width = struct.unpack(">HH", head[5:9])
            return width, height
        place += 1 if head[1] == 0xFF else 2 + int.from_bytes(head[2:4], "big")
    return 0, 0


def _upright(image: np.ndarray, data: bytes) -> np.ndarray:
    """Pixels as the EXIF data of their PNG says, for OpenCV heeds it only where it drops the transparency."""
    if b"eXIf" not in data:
        return image
    try:
        with Headers.open(io.BytesIO(data)) as header:
            orientation = _orientation(header)
    except (OSError, SyntaxError, ValueError, Headers.DecompressionBombError):
        return image
    if orientation in _QUARTER_TURNS:
        image = image.swapaxes(0, 1)
    rows, columns = (-1 if orientation in turned else 1 for turned in (_UPSIDE_DOWN, _MIRRORED))
    return np.ascontiguousarray(image[::rows, ::columns])


def _orientation(header: Headers.Image) -> int:
    """The EXIF tag's value; 1, upright, where there is none or the EXIF data are broken."""
    if "exif" not in header.info:  # asking a PNG that has none for it would decode it
        return 1
    try:
        return int(header.getexif().get(_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, struct.error):
        return 1


def _on_white(image: np.ndarray) -> Image:
    opaque = np.iinfo(image.dtype).max
    colour = image[..., 2::-1].astype(np.float32) / opaque
    alpha = image[..., 3:].astype(np.float32) / opaque
    return np.asarray(np.rint(255 * (1 - alpha * (1 - colour))), np.uint8)


def image_size(data: bytes, name: str) -> tuple[int, int]:
    """Width and height in pixels, from the header and the EXIF data alone.

    Raises:
        InputError: these bytes are no picture.
    """
    try:
        with Headers.open(io.BytesIO(data)) as header:
            width, height = header.size
            turned = _orientation(header) in _QUARTER_TURNS
    except (OSError, SyntaxError, ValueError, Headers.DecompressionBombError):
        raise InputError(f"{name}: this is no picture that can be read") from None
    return (height, width) if turned else (width, height)


def check_image(data: bytes, name: str) -> None:
    """Check that these bytes are a picture, as cheaply as can be.

    A PNG or JPEG that begins and ends as it should is not decoded, so damage in its middle may go unseen.

    Args:
        data: the file.
        name: of the picture, for the error.

    Raises:
        InputError: these bytes are no picture, or a broken one.
    """
    if (data.startswith(_PNG) and b"IEND" in data[-12:]) or (data.startswith(_JPEG) and data.endswith(_JPEG_END)):
        try:
            image_size(data, name)
        except InputError:
            pass  # OpenCV has the last word
        else:
            return
    decode_image(data, name)


def media_type(data: bytes) -> str:
    """The media type of encoded bytes, such as image/jpeg."""
    if data.startswith(_PNG):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "image/bmp" if data.startswith(b"BM") else "image/jpeg"


def image_suffix(data: bytes) -> str:
    """What the name of a file of these encoded bytes ends in, such as ".jpg"."""
    return mimetypes.guess_extension(media_type(data)) or ".jpg"
