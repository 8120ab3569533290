"""Pictures of samples for notebooks."""

import base64
import html
from collections.abc import Sequence

import cv2
import numpy as np

from synthtext.core.geometry import Image, Polygon

MAX_DISPLAY_SIDE = 1000
"""Longer side of a picture, pixels; larger images are shrunk."""

TEXT_COLOUR, IGNORED_COLOUR = (0, 114, 178), (213, 94, 0)
"""Outlines of texts and of ignored texts: blue and vermilion, RGB."""

_SHIFT = 4  # fractional bits of OpenCV's coordinates


def encode_png(image: Image, outlines: Sequence[tuple[Polygon, bool]] = ()) -> bytes:
    """Encode an image as PNG, shrunk to `MAX_DISPLAY_SIDE`, with outlines drawn over it.

    Args:
        image: (H, W, 3) uint8 RGB; it is not changed.
        outlines: polygons (P, 2) in pixels, and whether their texts are ignored.
    """
    scale = min(MAX_DISPLAY_SIDE / max(image.shape[:2]), 1.0)
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    shown = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image.copy()
    for polygon, ignore in outlines:
        points = np.rint((polygon * scale - 0.5) * 2**_SHIFT).astype(np.int32)
        colour = IGNORED_COLOUR if ignore else TEXT_COLOUR
        cv2.polylines(shown, [points], True, colour, 1, cv2.LINE_AA, shift=_SHIFT)
    return cv2.imencode(".png", shown[..., ::-1])[1].tobytes()


def to_html(png: bytes, caption: str) -> str:
    """Return a picture with a caption as HTML that needs no other file."""
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    style = "max-width: 100%; image-rendering: auto"
    return (
        f'<figure style="margin: 0"><img src="{source}" alt="" style="{style}">'
        f'<figcaption dir="auto">{html.escape(caption)}</figcaption></figure>'
    )
