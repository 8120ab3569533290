"""Images embedded in a page as data URIs."""

import base64
from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np

from pipelines.datasets.image import decode_image, media_type
from synthtext.core import Image, InputError, Points

MAX_INLINE_BYTES = 24 * 1024
"""Encoded images of more bytes are downsampled."""

_LINE_HEIGHT, _TALL_HEIGHT = 48, 112  # pixels on the page: of a line, of an image that is higher than wide
_MAX_LINE_HEIGHT, _MAX_LINE_WIDTH = 96, 1536  # pixels of a downsampled image
_JPEG_START = b"\xff\xd8"


class EmbeddedImage(NamedTuple):
    """An image in a page: data URI, size on the page, and size of the original image, in pixels."""

    src: str
    width: int
    height: int
    image_width: int
    image_height: int


def line_image(data: bytes) -> EmbeddedImage | None:
    """Embed an encoded image of a line; None if it cannot be decoded.

    Lines have the same height on the page. A small file in a format of the web is embedded as it is.
    """
    pixels = _decode(data)
    if pixels is None:
        return None
    height, width = pixels.shape[:2]
    mime = media_type(data)
    if len(data) > MAX_INLINE_BYTES or (mime == "image/jpeg" and not data.startswith(_JPEG_START)):
        mime, data = "image/jpeg", _downsample(pixels, min(_MAX_LINE_HEIGHT / height, _MAX_LINE_WIDTH / width, 1.0))[0]
    shown = _LINE_HEIGHT if height < 1.5 * width else _TALL_HEIGHT
    return EmbeddedImage(_data_uri(mime, data), max(round(shown * width / height), 1), shown, width, height)


def encode_thumbnail(data: bytes, max_side: int) -> EmbeddedImage | None:
    """Embed an encoded image, resized so that its longer side has at most `max_side` pixels; None if it is broken."""
    pixels = _decode(data)
    if pixels is None:
        return None
    height, width = pixels.shape[:2]
    encoded, size = _downsample(pixels, min(max_side / max(width, height), 1.0))
    return EmbeddedImage(_data_uri("image/jpeg", encoded), *size, width, height)


def encode_jpeg(image: Image) -> bytes:
    """Encode an image (H, W, 3) uint8 RGB as a JPEG file for display."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return bytes(encoded)


def svg_path(lines: Iterable[Points], *, closed: bool = True) -> str:
    """Return the `d` attribute of an SVG path along polygons, or along open lines; each (P, 2) pixels."""
    end = "Z" if closed else ""
    return "".join(f"M{'L'.join(f'{x:.1f} {y:.1f}' for x, y in points.tolist())}{end}" for points in lines)


def _decode(data: bytes) -> Image | None:
    try:
        return decode_image(data, "")
    except InputError:
        return None


def _downsample(pixels: Image, scale: float) -> tuple[bytes, tuple[int, int]]:
    """Encode a resized image; also return its width and height."""
    size = max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1)
    return encode_jpeg(np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)), size


def _data_uri(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"
