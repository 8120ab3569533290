"""A text that was cut out of a picture."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from synthtext.core import (
    Image,
    InputError,
    Level,
    Parameters,
    Polygon,
    Sample,
    Size,
    TextInstance,
    Warp,
    bounding_box,
    clockwise,
)

MIN_TEXT_HEIGHT = 8.0
"""Pixels of a text's height below which nobody reads it; nothing is shrunk further."""

_OUTSIDE = 1.0  # pixels that a polygon may reach out of its picture: labels count to either side of the last pixel
_TALL = 1.5  # a text of more than two characters that is this many times as high as wide runs downwards
_PARTS = 4  # of a pixel's side, in which OpenCV fills a polygon; its edge is up to one of them too far out
_LONGEST = 4096.0  # pixels of a patch's side


@dataclass(frozen=True)
class CropRules:
    """What is cut out of pictures.

    Attributes:
        min_height: pixels of a text's height, at least 1; what is smaller is left out.
        max_height: pixels; what is higher is stored smaller, so that the bank stays small.
        ignored: texts to be ignored are cut as well, and remain so where they are pasted.

    Raises:
        InputError: the heights are out of order or below 1.
    """

    min_height: float = MIN_TEXT_HEIGHT
    max_height: float = 128.0
    ignored: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.min_height <= self.max_height <= _LONGEST:
            raise InputError(
                f"min_height {self.min_height:g} and max_height {self.max_height:g} must be from 1 to {_LONGEST:g} "
                "pixels, in order"
            )


@dataclass(frozen=True, eq=False)
class TextCutout:
    """A text that was cut out, upright.

    Attributes:
        patch: (h, w, 3) uint8 RGB.
        polygon: (P, 2) of the text in the patch, pixels, clockwise from the text's top-left.
        text: what it says.
        height: of the text in pixels: of its letters, so the width of a text that runs downwards.
        ignore: is to be ignored where it is pasted, too.
        level: what the polygon is around.
        index: which one of its picture's texts it was.
    """

    patch: Image
    polygon: Polygon
    text: str
    height: float
    ignore: bool = False
    level: Level = "word"
    index: int = 0

    @property
    def mask(self) -> Image:
        """(h, w) uint8, 255 inside the polygon."""
        return polygon_mask(self.polygon, self.patch.shape[1], self.patch.shape[0])


def polygon_mask(polygon: Polygon, width: int, height: int) -> Image:
    """(height, width) uint8: 255 where at least half of a pixel lies inside a polygon."""
    fine = np.zeros((height * _PARTS, width * _PARTS), np.uint8)
    points = np.rint((polygon * _PARTS - 0.5) * 16).astype(np.int32)  # OpenCV counts from pixel centres, here in 16ths
    cv2.fillPoly(fine, [points], 255, cv2.LINE_8, 4)
    covered = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.threshold(covered, 127, 255, cv2.THRESH_BINARY)[1], np.uint8)


def cut_crops(
    image: Image, instances: Sequence[TextInstance], rules: CropRules, reasons: "Counter[str]"
) -> Iterator[TextCutout]:
    """Cut the usable texts out of a picture.

    A convex quad is set upright by its homography; any other outline is turned until the text's top runs to the right,
    and what is around it stays in the patch. Texts that others are a part of are left out: their parts are cut.

    Args:
        image: (H, W, 3) uint8 RGB.
        instances: the texts in it.
        rules: which ones are usable.
        reasons: is told of every text that is left out.
    """
    parents = {instance.parent for instance in instances}
    size = Size(image.shape[1], image.shape[0])
    for index, instance in enumerate(instances):
        reason = "has parts that are cut" if index in parents else _unusable(instance, size, rules)
        crop = None if reason else _cut(image, instance, index, rules)
        if crop is None:
            reasons[reason or "too small"] += 1
        else:
            yield crop


def crop_from_sample(sample: Sample, rules: CropRules | None = None) -> TextCutout:
    """A generated line as a crop: its polygon is the outline of its clusters, or the picture if there are none.

    Raises:
        InputError: it is smaller than the rules allow.
    """
    outline = sample.clusters.outline(sample.text) if len(sample.clusters) else None
    return crop_from_line(sample.image, sample.text, rules, outline)


def crop_from_line(
    image: Image, text: str, rules: CropRules | None = None, outline: Polygon | None = None
) -> TextCutout:
    """The picture of a line (H, W, 3) as a crop; its polygon is the outline (P, 2), or else the whole picture.

    Raises:
        InputError: it is smaller than the rules allow.
    """
    rules = rules or CropRules()
    height, width = image.shape[:2]
    whole = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    polygon = whole if outline is None else outline.clip(0, whole[2])
    crop = _as_it_is(image, TextInstance(text, polygon, level="line"), 0, rules)
    if crop.height < rules.min_height:
        raise InputError(f"a line {text!r} is {crop.height:.0f} pixels high, less than {rules.min_height:g}")
    return crop


def text_orientation(polygon: Polygon) -> Parameters:
    """How a text lies: angle of its top in degrees (clockwise on the screen), length along it, extent across it.

    The first half of the points is taken to run along the top, as everywhere in the project.
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
    """The height of a text's letters, pixels, from its extents along and across its top."""
    return length if height >= _TALL * length and len(text) > 2 else height


def _unusable(instance: TextInstance, size: Size, rules: CropRules) -> str:
    if instance.ignore and not rules.ignored:
        return "to be ignored"
    box = bounding_box(instance.polygon)
    if min(box.left, box.top) < -_OUTSIDE or box.right > size.width + _OUTSIDE or box.bottom > size.height + _OUTSIDE:
        return "reaches out of its picture"
    frame = text_orientation(instance.polygon)
    if max(frame["length"], frame["height"]) > _LONGEST:
        return "too large"
    return "" if letter_height(frame["length"], frame["height"], instance.text) >= rules.min_height else "too small"


def _cut(image: Image, instance: TextInstance, index: int, rules: CropRules) -> TextCutout | None:
    polygon = instance.polygon
    if len(polygon) != 4 or not cv2.isContourConvex(polygon):
        return _turned(image, instance, index, rules)
    edges = np.hypot(*(np.roll(polygon, -1, axis=0) - polygon).T)
    width, height = round(float(max(edges[0], edges[2]))), round(float(max(edges[1], edges[3])))
    if min(width, height) < 2:
        return None
    whole = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = Warp.between_quads(polygon, whole)
    upright = warp.image(image, Size(width, height), interpolation=cv2.INTER_CUBIC, border_mode=cv2.BORDER_REPLICATE)
    return _fitted(upright, whole, instance, index, rules)


def _turned(image: Image, instance: TextInstance, index: int, rules: CropRules) -> TextCutout:
    """Turned until its top runs to the right."""
    warp = Warp.rotation(-text_orientation(instance.polygon)["degrees"], tuple(instance.polygon[0].tolist()))
    box = bounding_box(warp.points(instance.polygon))
    warp = warp.then(Warp.translation(-box.left, -box.top))
    size = Size(math.ceil(box.width), math.ceil(box.height))
    patch = warp.image(image, size, interpolation=cv2.INTER_CUBIC, border_mode=cv2.BORDER_REPLICATE)
    return _fitted(patch, warp.points(instance.polygon), instance, index, rules)


def _as_it_is(image: Image, instance: TextInstance, index: int, rules: CropRules) -> TextCutout:
    """Cut along whole pixels."""
    box = bounding_box(instance.polygon)
    left, top = math.floor(box.left), math.floor(box.top)
    patch = image[top : math.ceil(box.bottom), left : math.ceil(box.right)]
    return _fitted(patch, instance.polygon - np.array([left, top], np.float32), instance, index, rules)


def _fitted(patch: Image, polygon: Polygon, instance: TextInstance, index: int, rules: CropRules) -> TextCutout:
    """The crop, made smaller if it is higher than the rules say."""
    frame = text_orientation(polygon)
    height = letter_height(frame["length"], frame["height"], instance.text)
    if height > rules.max_height:
        rows, columns = patch.shape[:2]
        share = rules.max_height / height
        size = max(round(columns * share), 1), max(round(rows * share), 1)
        patch = np.asarray(cv2.resize(patch, size, interpolation=cv2.INTER_AREA), np.uint8)
        polygon = (polygon * (np.array(size) / (columns, rows))).astype(np.float32)
        height *= share
    return TextCutout(patch, clockwise(polygon), instance.text, height, instance.ignore, instance.level, index)
