"""The picture of a sample as the bytes that are stored."""

from typing import Literal, TypeAlias

import cv2

from synthtext.core import Sample

PictureFormat: TypeAlias = Literal["jpeg", "png"]


def encode(sample: Sample, form: PictureFormat) -> bytes:
    """Encode a sample's picture: PNG, or JPEG of the quality (1 to 100) that was drawn for the sample."""
    flags = [cv2.IMWRITE_JPEG_QUALITY, sample.meta.drawn["jpeg_quality"]] if form == "jpeg" else []
    _, encoded = cv2.imencode(suffix(form), cv2.cvtColor(sample.image, cv2.COLOR_RGB2BGR), flags)
    return encoded.tobytes()


def suffix(form: PictureFormat) -> str:
    """Of a file in this format."""
    return ".jpg" if form == "jpeg" else ".png"
