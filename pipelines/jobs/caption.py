"""Captions below lines in a preview: the label, then the font, the ink and the effects."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import uharfbuzz as hb
from PIL import Image as Images
from PIL import ImageDraw, ImageFont

from synthtext.core import Image, Sample
from synthtext.fonts import FontFile, bundled_fonts

_LABEL, _DETAIL = 18, 11  # font sizes, pixels
_SPACING = 1.25  # distance of rows, in font sizes
_GREY = (110, 110, 110)


@lru_cache(maxsize=1)
def plain_font() -> tuple[Path, frozenset[int]]:
    """A plain font for labels, and its characters."""
    path = next((font for font in bundled_fonts() if font.stem == "DejaVuSans"), bundled_fonts()[0])
    return path, frozenset(hb.Face(hb.Blob(path.read_bytes())).unicodes)


def draw_caption(sample: Sample, width: int, sample_font: FontFile | None) -> Image:
    """Draw the label of a line in black, and its font, ink and effects in grey, wrapped to a width.

    Args:
        sample: the line.
        width: of the caption, pixels.
        sample_font: font of the line, which has all characters of the label; None if unknown.

    Returns:
        (H, width, 3) uint8 RGB.
    """
    label, detail = _label_font(sample.text, sample_font), ImageFont.truetype(str(plain_font()[0]), _DETAIL)
    rows = [(row, label, _LABEL, (0, 0, 0)) for row in wrap(sample.text, label, width)]
    rows += [(row, detail, _DETAIL, _GREY) for row in wrap(describe_line(sample), detail, width)]
    tops = np.cumsum([2, *(round(size * _SPACING) for _, _, size, _ in rows)]).tolist()
    page = Images.new("RGB", (width, tops[-1] + _DETAIL // 2), "white")
    drawing = ImageDraw.Draw(page)
    for top, (row, font, _, colour) in zip(tops, rows, strict=False):
        drawing.text((0, top), row, colour, font)
    return np.asarray(page)


def describe_line(sample: Sample) -> str:
    """Name the font, the ink style, the background and the effects of a line."""
    parameters = sample.meta.parameters
    baseline, background = parameters.get("baseline"), parameters.get("background")
    ink = f"{parameters['ink_style']} on {background}" if background else ""
    effects = [effect.name for effect in sample.meta.effects]
    parts = [sample.meta.font, ink, *([str(baseline)] if baseline else []), *effects]
    return ", ".join(part for part in parts if part)


def wrap(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Break a text into rows of at most a width, pixels: at spaces, or within words that are too long."""
    rows, row = [], ""
    for word in text.split(" "):
        joined = f"{row} {word}" if row else word
        if font.getlength(joined) <= width:
            row = joined
            continue
        if row:
            rows.append(row)
        row = word
        while font.getlength(row) > width and len(row) > 1:
            fitting = next((n for n in range(len(row) - 1, 0, -1) if font.getlength(row[:n]) <= width), 1)
            rows.append(row[:fitting])
            row = row[fitting:]
    return [*rows, row]


def _label_font(text: str, sample_font: FontFile | None) -> ImageFont.FreeTypeFont:
    """A plain font if it has all characters of a text, otherwise the font of the sample."""
    plain, characters = plain_font()
    if sample_font is None or characters.issuperset(map(ord, text)):
        return ImageFont.truetype(str(plain), _LABEL)
    return ImageFont.truetype(str(sample_font.path), _LABEL, index=sample_font.face_index)
