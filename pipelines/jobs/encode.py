"""Samples and scenes as the rows that are stored."""

from typing import Literal, TypeAlias

import cv2

from pipelines.io.line_row import LineRow
from pipelines.io.row import Row
from pipelines.io.scene_row import SceneRow
from synthtext.core import Sample, Scene

ImageFormat: TypeAlias = Literal["jpeg", "png"]

ROW_TYPES: dict[str, type[LineRow] | type[SceneRow]] = {row.KIND: row for row in (LineRow, SceneRow)}
"""The rows by the kind of what is drawn."""


def encode_image(item: Sample | Scene, form: ImageFormat) -> bytes:
    """Encode a picture: PNG, or JPEG of the quality (1 to 100) that was drawn for it."""
    flags = [cv2.IMWRITE_JPEG_QUALITY, item.meta.parameters["jpeg_quality"]] if form == "jpeg" else []
    _, encoded = cv2.imencode(_suffix(form), cv2.cvtColor(item.image, cv2.COLOR_RGB2BGR), flags)
    return encoded.tobytes()


def to_row(item: Sample | Scene, picture: bytes, form: ImageFormat) -> Row:
    """The row of what was drawn, with its encoded picture."""
    if isinstance(item, Scene):
        return SceneRow.from_scene(item, picture, _suffix(form))
    return LineRow.from_sample(item, picture, _suffix(form))


def _suffix(form: ImageFormat) -> str:
    return ".jpg" if form == "jpeg" else ".png"
