"""Encodes samples and scenes as the rows that are stored."""

from typing import Literal, TypeAlias

import cv2

from pipelines.io.line_row import LineRow
from pipelines.io.row import Row
from pipelines.io.scene_row import SceneRow
from synthtext.core import Sample, Scene

ImageFormat: TypeAlias = Literal["jpeg", "png"]

_SUFFIXES: dict[ImageFormat, str] = {"jpeg": ".jpg", "png": ".png"}

ROW_TYPES: dict[str, type[LineRow] | type[SceneRow]] = {row.KIND: row for row in (LineRow, SceneRow)}
"""The types of rows by kind: "lines", "scenes"."""


def encode_image(item: Sample | Scene, image_format: ImageFormat) -> bytes:
    """Encode an image as PNG, or as JPEG of the quality (1 to 100) that was drawn for it."""
    flags = [cv2.IMWRITE_JPEG_QUALITY, item.meta.parameters["jpeg_quality"]] if image_format == "jpeg" else []
    _, encoded = cv2.imencode(_SUFFIXES[image_format], cv2.cvtColor(item.image, cv2.COLOR_RGB2BGR), flags)
    return encoded.tobytes()


def to_row(item: Sample | Scene, image: bytes, image_format: ImageFormat) -> Row:
    """Return the row of a sample or scene with its encoded image."""
    if isinstance(item, Scene):
        return SceneRow.from_scene(item, image, _SUFFIXES[image_format])
    return LineRow.from_sample(item, image, _SUFFIXES[image_format])
