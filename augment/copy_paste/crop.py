"""Cuts texts out of images."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from synthtext.core import (
    Box,
    Image,
    InputError,
    Level,
    Parameters,
    Polygon,
    Size,
    TextInstance,
    Warp,
    bounding_box,
    clockwise,
    size_of,
)

MIN_TEXT_HEIGHT = 8.0
"""Least height of a legible text in pixels; texts are not shrunk further."""

_BORDER_TOLERANCE = 1.0  # pixels by which a polygon may exceed its image, as conventions of labels differ
_MIN_VERTICAL_RATIO = 1.5  # ratio of height to width from which a text of more than two characters is vertical
_SUBPIXELS = 4  # per side of a pixel; OpenCV fills a polygon up to one of them too far
_MAX_SIDE = 4096.0  # pixels


@dataclass(frozen=True)
class CropRules:
    """Rules for the texts that are cut out of images.

    Attributes:
        min_height: least height of a text in pixels, at least 1.
        max_height: height in pixels to which higher texts are downscaled.
        ignored: cut ignored texts too; they stay ignored where they are pasted.
    """

    min_height: float = MIN_TEXT_HEIGHT
    max_height: float = 128.0
    ignored: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.min_height <= self.max_height <= _MAX_SIDE:
            raise InputError(
                f"min_height {self.min_height:g} and max_height {self.max_height:g} must be in ascending order from 1 "
                f"to {_MAX_SIDE:g} pixels"
            )


@dataclass(frozen=True, eq=False)
class TextCutout:
    """An upright crop of a text."""

    patch: Image  # (h, w, 3) uint8 RGB
    polygon: Polygon  # (P, 2) of the text in the patch in pixels, clockwise from the top-left of the text
    text: str
    height: float  # height of its letters in pixels; for vertical text the width of the text
    ignore: bool = False  # whether the pasted text is ignored
    level: Level = "word"  # level of the label
    index: int = 0  # index of the text in its image

    @property
    def mask(self) -> Image:
        """(h, w) uint8, 255 inside the polygon."""
        return polygon_mask(self.polygon, self.patch.shape[1], self.patch.shape[0])


def polygon_mask(polygon: Polygon, width: int, height: int) -> Image:
    """Return a mask (height, width) uint8: 255 where at least half of a pixel lies inside a polygon."""
    dense = np.zeros((height * _SUBPIXELS, width * _SUBPIXELS), np.uint8)
    # OpenCV counts from pixel centres, here in 16ths.
    points = np.rint((polygon * _SUBPIXELS - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(dense, [points], 255, cv2.LINE_8, 4)
    covered = cv2.resize(dense, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.threshold(covered, 127, 255, cv2.THRESH_BINARY)[1], np.uint8)


def cut_crops(
    image: Image, instances: Sequence[TextInstance], rules: CropRules, reasons: Counter[str]
) -> Iterator[TextCutout]:
    """Cut the usable texts out of an image.

    A convex quad is rectified by its homography. Any other outline is rotated until the top of the text is horizontal,
    and its surroundings stay in the patch. Texts with child texts are skipped, as their children are cut.
    The image is (H, W, 3) uint8 RGB. `reasons`, which is modified, counts the reasons of skipped texts.
    """
    parents = {instance.parent for instance in instances}
    for index, instance in enumerate(instances):
        reason = "has child texts that are cut"
        if index not in parents:
            reason = _rejection_reason(instance, size_of(image), rules)
        crop = None if reason else _cut_crop(image, instance, rules)
        if crop is None:
            reasons[reason or "too small"] += 1
        else:
            yield replace(crop, index=index)


def crop_from_line(
    image: Image, text: str, rules: CropRules | None = None, outline: Polygon | None = None
) -> TextCutout:
    """Convert the image of a line (H, W, 3) to a crop; its polygon is the outline (P, 2), or else the whole image.

    Raises:
        InputError: the line is smaller than the rules allow.
    """
    rules = rules or CropRules()
    whole = Box(0, 0, *size_of(image)).polygon()
    polygon = whole if outline is None else outline.clip(0, whole[2])
    box = bounding_box(polygon)
    left, top = math.floor(box.left), math.floor(box.top)
    patch = image[top : math.ceil(box.bottom), left : math.ceil(box.right)]
    instance = TextInstance(text, polygon, level="line")
    crop = _limit_height(patch, polygon - np.array([left, top], np.float32), instance, rules)
    if crop.height < rules.min_height:
        raise InputError(f"a line {text!r} is {crop.height:.0f} pixels high, less than {rules.min_height:g}")
    return crop


def text_orientation(polygon: Polygon) -> Parameters:
    """Return the angle of the top of a text in degrees (clockwise), the length along it and the height across it.

    The first half of the points runs along the top, as in all labels of the project.
    """
    points = polygon.tolist()
    half = len(points) // 2
    (x0, y0), (x1, y1) = points[0], points[max(half - 1, 1)]
    across, along = points[-1], points[half]
    dx, dy = x1 - x0 + along[0] - across[0], y1 - y0 + along[1] - across[1]
    length = math.hypot(dx, dy) / 2
    if length < 1e-3:
        return {"degrees": 0.0, "length": 0.0, "height": 0.0}
    area = sum(xa * yb - xb * ya for (xa, ya), (xb, yb) in zip(points, points[1:] + points[:1], strict=True)) / 2
    return {"degrees": math.degrees(math.atan2(dy, dx)), "length": length, "height": abs(area) / length}


def letter_height(length: float, height: float, text: str) -> float:
    """Return the height of the letters of a text in pixels, from its extents along and across its top."""
    return length if height >= _MIN_VERTICAL_RATIO * length and len(text) > 2 else height


def _rejection_reason(instance: TextInstance, size: Size, rules: CropRules) -> str:
    if instance.ignore and not rules.ignored:
        return "ignored"
    box = bounding_box(instance.polygon)
    if max(-box.left, -box.top, box.right - size.width, box.bottom - size.height) > _BORDER_TOLERANCE:
        return "extends beyond its image"
    frame = text_orientation(instance.polygon)
    if max(frame["length"], frame["height"]) > _MAX_SIDE:
        return "too large"
    return "" if letter_height(frame["length"], frame["height"], instance.text) >= rules.min_height else "too small"


def _cut_crop(image: Image, instance: TextInstance, rules: CropRules) -> TextCutout | None:
    """Cut a text out of an image; None if it is less than two pixels wide or high."""
    polygon = instance.polygon
    if len(polygon) == 4 and cv2.isContourConvex(polygon):
        edges = np.hypot(*(np.roll(polygon, -1, axis=0) - polygon).T)
        size = Size(round(float(max(edges[0], edges[2]))), round(float(max(edges[1], edges[3]))))
        if min(size) < 2:
            return None
        upright = Box(0, 0, *size).polygon()
        warp = Warp.between_quads(polygon, upright)
    else:
        warp = Warp.rotation(-text_orientation(polygon)["degrees"], tuple(polygon[0].tolist()))
        box = bounding_box(warp.points(polygon))
        warp = warp.then(Warp.translation(-box.left, -box.top))
        size = Size(math.ceil(box.width), math.ceil(box.height))
        upright = warp.points(polygon)
    patch = warp.image(image, size, interpolation=cv2.INTER_CUBIC, border_mode=cv2.BORDER_REPLICATE)
    return _limit_height(patch, upright, instance, rules)


def _limit_height(patch: Image, polygon: Polygon, instance: TextInstance, rules: CropRules) -> TextCutout:
    """Create the crop, downscaled if it exceeds the maximum height."""
    frame = text_orientation(polygon)
    height = letter_height(frame["length"], frame["height"], instance.text)
    if height > rules.max_height:
        rows, columns = patch.shape[:2]
        share = rules.max_height / height
        size = max(round(columns * share), 1), max(round(rows * share), 1)
        patch = np.asarray(cv2.resize(patch, size, interpolation=cv2.INTER_AREA), np.uint8)
        polygon = (polygon * (np.array(size) / (columns, rows))).astype(np.float32)
        height *= share
    return TextCutout(patch, clockwise(polygon), instance.text, height, instance.ignore, instance.level)
