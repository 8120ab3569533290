"""Texts of one scene that lie on each other."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from shapely import Polygon as Area

from pipelines.datasets.image import decode_image
from pipelines.reports.page import Html, data_uri, element
from synthtext.core import Image, InputError, Points, Size, TextInstance, bounding_box

MIN_OVERLAP = 0.5
"""Texts overlap when more than this share of the smaller one lies in the other."""


def count_overlaps(instances: Sequence[TextInstance]) -> list[int]:
    """For each text of a scene, how many later ones of its level it overlaps; texts to be ignored do not count."""
    found = [0] * len(instances)
    if len(instances) < 2:
        return found
    boxes = np.array([bounding_box(instance.polygon) for instance in instances])
    low, high = np.maximum(boxes[:, None, :2], boxes[None, :, :2]), np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    counted = np.array([not instance.ignore for instance in instances])
    levels = np.array([instance.level for instance in instances])
    near = (low < high).all(axis=2) & counted[:, None] & counted & (levels[:, None] == levels)
    areas: dict[int, Area] = {}
    for one, other in zip(*(places.tolist() for places in np.nonzero(np.triu(near, 1))), strict=True):
        first, second = (areas.setdefault(place, Area(instances[place].polygon).buffer(0)) for place in (one, other))
        smaller = min(first.area, second.area)
        found[one] += bool(smaller > 0 and first.intersection(second).area > MIN_OVERLAP * smaller)
    return found


MAX_INLINE_BYTES = 24 * 1024
"""Encoded pictures of more bytes than this are made smaller."""

_TALL = 96  # pixels; what a heavy picture is scaled to
_SHOWN = {"image/jpeg": b"\xff\xd8", "image/png": b"\x89PNG", "image/webp": b"RIFF", "image/bmp": b"BM"}


def line_image(data: bytes, mime: str, alt: str, outlines: Iterable[Points] = ()) -> Html:
    """A picture of a line, all at about one height.

    Args:
        data: encoded.
        mime: its media type.
        alt: what to read instead of it.
        outlines: each (P, 2) float32, pixels of the picture; drawn when the page's overlay is on.
    """
    try:
        pixels = decode_image(data, "")
    except InputError:
        return element("span", "cannot be decoded", class_="broken")
    size = Size(pixels.shape[1], pixels.shape[0])
    width, height = display_size(size)
    image = element("img", src=_address(data, mime, pixels), alt=alt, width=width, height=height, loading="lazy")
    return element("span", image, _overlay(outlines, size), class_="picture")


def display_size(size: Size) -> tuple[int, int]:
    """Width and height on the page, pixels."""
    height = 48 if size.height < 1.5 * size.width else 112
    return max(round(height * size.width / size.height), 1), height


def _address(data: bytes, mime: str, pixels: Image) -> str:
    if len(data) <= MAX_INLINE_BYTES and data.startswith(_SHOWN.get(mime, b"?")):
        return data_uri(mime, data)
    height, width = pixels.shape[:2]
    scale = min(_TALL / height, 16 * _TALL / width, 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return data_uri(
        "image/jpeg", encode_jpeg(np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8))
    )


def encode_jpeg(image: Image) -> bytes:
    """A picture (H, W, 3) uint8 RGB as a JPEG file for looking at."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return bytes(encoded)


def _overlay(outlines: Iterable[Points], size: Size) -> Html:
    paths = "".join(f"M{'L'.join(f'{x:.1f} {y:.1f}' for x, y in np.asarray(points))}Z" for points in outlines)
    if not paths:
        return Html()
    box = f"0 0 {size.width:g} {size.height:g}"
    return element("svg", element("path", d=paths), viewBox=box, preserveAspectRatio="none", aria_hidden="true")
