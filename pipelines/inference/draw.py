"""Drawing of a page: the image beside the texts that were read."""

from functools import cache
from itertools import chain

import cv2
import numpy as np
import uharfbuzz as hb
from PIL import Image as Canvas
from PIL import ImageDraw, ImageFont
from PIL.Image import Image as Picture

from pipelines.datasets.rectify import to_quad
from pipelines.inference.reader import Page, TextLine
from synthtext.core import Image, Polygon
from synthtext.fonts import bundled_fonts, system_fonts

MAX_SIDE, MIN_SIDE = 1600, 800
"""Limits of the longer side of each half, pixels; `MAX_ENLARGEMENT` takes precedence over the minimum."""

MAX_ENLARGEMENT = 4.0

_CONFIDENT, _UNCERTAIN = (0, 114, 178), (213, 94, 0)  # blue and vermilion, safe for colour blindness
_RIM = (255, 255, 255)  # keeps a blue outline visible on a blue sign
_CONFIDENCE_SPLIT = 0.8
_FILL = 0.9  # of the height of a box
_COLLECTIONS = frozenset({".ttc", ".otc"})
_SHIFT = 4  # fractional bits of OpenCV's coordinates


def draw_page(image: Image, page: Page) -> Image:
    """Draw an image with outlined texts, and to the right of it the texts in their positions.

    Texts are blue for a confidence of at least 0.8, otherwise orange; outlines have a thin white rim.

    Args:
        image: (H, W, 3) uint8 RGB.
        page: the texts in the image.

    Returns:
        (h, 2 w, 3) uint8 RGB; large images are shrunk and small ones enlarged.
    """
    longer = max(image.shape[:2])
    scale = min(MAX_SIDE / longer, 1.0) if longer > MIN_SIDE else min(MIN_SIDE / longer, MAX_ENLARGEMENT)
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    left = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    right = Canvas.new("RGB", size, "white")
    polygons = [line.polygon * np.float32(scale) for line in page.lines]
    outlines = [np.rint((polygon - 0.5) * 2**_SHIFT).astype(np.int32) for polygon in polygons]
    for points in outlines:  # all rims first: no rim must cover an outline
        cv2.polylines(left, [points], True, _RIM, 4, cv2.LINE_AA, shift=_SHIFT)
    for line, polygon, points in zip(page.lines, polygons, outlines, strict=True):
        cv2.polylines(left, [points], True, _colour(line), 2, cv2.LINE_AA, shift=_SHIFT)
        _write(right, line, to_quad(polygon))
    return np.hstack([left, np.asarray(right, np.uint8)])


def _colour(line: TextLine) -> tuple[int, int, int]:
    return _CONFIDENT if line.confidence >= _CONFIDENCE_SPLIT else _UNCERTAIN


def _write(canvas: Picture, line: TextLine, polygon: Polygon) -> None:
    """Draw a text in the position and direction of its polygon, as large as fits."""
    along, down = polygon[1] - polygon[0], polygon[3] - polygon[0]
    width, height = float(np.hypot(*along)), float(np.hypot(*down))
    angle = float(np.degrees(np.arctan2(along[1], along[0])))
    if height > 1.5 * width:  # vertical text
        width, height, angle = height, width, angle + 90
    patch = _render_text(line.text, width, height, _colour(line))
    rotated = patch.rotate(-angle, expand=True, resample=Canvas.Resampling.BICUBIC)
    centre = (polygon.min(0) + polygon.max(0)) / 2
    canvas.paste(rotated, (round(centre[0] - rotated.width / 2), round(centre[1] - rotated.height / 2)), rotated)
    outline = [tuple(map(float, point)) for point in polygon]
    ImageDraw.Draw(canvas).polygon(outline, outline=(225, 225, 225))


def _render_text(text: str, width: float, height: float, colour: tuple[int, int, int]) -> Picture:
    """Render a text in a transparent box of at least the given size."""
    path = _font_for(text)
    size = max(_FILL * height, 4.0)
    font = ImageFont.truetype(path, size)
    needed = font.getlength(text)
    if needed > width:
        font = ImageFont.truetype(path, max(size * width / needed, 4.0))
    box = Canvas.new("RGBA", (max(round(max(width, font.getlength(text))), 1), max(round(height), 1)), (*colour, 0))
    place = (box.width / 2, box.height / 2)
    ImageDraw.Draw(box).text(place, text, fill=(*colour, 255), font=font, anchor="mm")
    return box


def _font_for(text: str) -> str:
    """Return the first font that has all characters of a text, or else the one that has most of them."""
    required = {ord(character) for character in text if not character.isspace()}
    best, max_count = "", -1
    for path in _fonts():
        count = len(required & _characters(path))
        if count == len(required):
            return path
        if count > max_count:
            best, max_count = path, count
    return best


@cache
def _fonts() -> tuple[str, ...]:
    """Font files, those with many characters first."""
    names = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "NotoSansCJK-Regular.ttc")
    ranks = {name: rank for rank, name in enumerate(names)}
    paths = chain(bundled_fonts(), system_fonts())
    ordered = sorted(paths, key=lambda path: ranks.get(path.name, len(names) + (path.suffix in _COLLECTIONS)))
    return tuple(map(str, ordered))


@cache
def _characters(path: str) -> frozenset[int]:
    try:
        return frozenset(hb.Face(hb.Blob.from_file_path(path)).unicodes)
    except hb.HarfBuzzError:
        return frozenset()
