"""Postprocessing of a DB detector: from a probability map to boxes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.db.offset import area_and_perimeter, offset_polygon
from synthtext.core import InputError, Polygon

FloatMap = NDArray[np.float32]
Array = NDArray[Any]


@dataclass(frozen=True)
class PostprocessSettings:
    """`postprocessing` of a detector (released configuration).

    Attributes:
        threshold: probability above which a pixel is in the kernel of a text.
        box_threshold: minimum mean probability of a box.
        unclip_ratio: a box is expanded by this times area / perimeter.
        max_candidates: maximum number of regions of a map.
        min_size: minimum length of a box's shorter side before it is expanded, pixels of the map; then 2 more.
        score_mode: region of the mean probability; "fast": the rectangle around the region, "slow": the region itself.
        box_type: "quad": rectangles; "polygon": outlines, for curved text.
        use_dilation: first dilate the kernels by 2 x 2, to the right and down.
        paddle_compat: return whole coordinates that count from pixel centers, as PaddleOCR's code does; otherwise
            exact, continuous ones (pixel i covers [i, i + 1)).

    Raises:
        InputError: a value is out of range.
    """

    threshold: float = 0.3
    box_threshold: float = 0.6
    unclip_ratio: float = 1.5
    max_candidates: int = 1000
    min_size: float = 3.0
    score_mode: Literal["fast", "slow"] = "fast"
    box_type: Literal["quad", "polygon"] = "quad"
    use_dilation: bool = False
    paddle_compat: bool = False

    def __post_init__(self) -> None:
        if not (0 <= self.threshold < 1 and 0 <= self.box_threshold <= 1):
            raise InputError("threshold and box_threshold must be probabilities from 0 to 1")
        if not 0 <= self.unclip_ratio <= 10:
            raise InputError(f"unclip_ratio must be from 0 to 10, not {self.unclip_ratio}")
        if self.max_candidates < 1 or self.min_size < 0:
            raise InputError("max_candidates must be at least 1, and min_size at least 0")
        if self.score_mode not in ("fast", "slow") or self.box_type not in ("quad", "polygon"):
            raise InputError("score_mode must be 'fast' or 'slow', and box_type 'quad' or 'polygon'")


class Boxes(NamedTuple):
    """Detected texts."""

    polygons: list[Polygon]  # each (P, 2), pixels of the image; quads (4, 2), clockwise from the top-left
    scores: NDArray[np.float32]  # (N,), 0 to 1


def find_boxes(probability: FloatMap, settings: PostprocessSettings, size: tuple[int, int] | None = None) -> Boxes:
    """Find the texts in a probability map (PP-OCRv2, released code: DBPostProcess).

    Args:
        probability: (H, W) float32, 0 to 1.
        settings: thresholds and forms.
        size: width and height of the image that the boxes are scaled to, pixels; None: those of the map.
    """
    kernels = (probability > settings.threshold).astype(np.uint8)
    if settings.use_dilation:
        kernels = np.asarray(cv2.dilate(kernels, np.ones((2, 2), np.uint8)), np.uint8)
    contours, _ = cv2.findContours(kernels, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = [box for contour in contours[: settings.max_candidates] for box in _boxes(probability, contour, settings)]
    map_size = np.array(probability.shape[::-1], np.float32)
    image_size = np.array(size or probability.shape[::-1], np.float32)
    polygons = [_rescale(polygon, map_size, image_size, settings.paddle_compat) for polygon, _ in found]
    return Boxes(polygons, np.array([score for _, score in found], np.float32))


def _boxes(probability: FloatMap, contour: Array, settings: PostprocessSettings) -> Iterator[tuple[Polygon, float]]:
    """Yield the box of a region and its score, unless it is too small, improbable, or split by the expansion."""
    is_quad, points = settings.box_type == "quad", contour.reshape(-1, 2)
    kernel: Array
    if is_quad:
        rectangle = cv2.minAreaRect(contour)
        if min(rectangle[1]) < settings.min_size:  # most regions of an untrained network
            return
        kernel = _corners(rectangle)
    else:
        kernel = cv2.approxPolyDP(contour, _SIMPLIFICATION * cv2.arcLength(contour, True), True).reshape(-1, 2)
        if len(kernel) < 4:
            return
    score = _score(probability, points if settings.score_mode == "slow" else kernel)
    if score < settings.box_threshold:
        return
    expanded = _unclip(kernel.astype(np.float32), settings)
    if expanded is None:
        return
    quad, side = min_area_rectangle(expanded)
    if side >= settings.min_size + 2:
        yield quad if is_quad else expanded, score


_SIMPLIFICATION = 0.002
"""Maximum distance of an outline from the contour, as a fraction of the perimeter."""


def min_area_rectangle(points: Array) -> tuple[Polygon, float]:
    """Return the rectangle of minimum area around points (P, 2), and its shorter side.

    The rectangle is (4, 2), clockwise from the upper of its two leftmost corners.
    """
    rectangle = cv2.minAreaRect(points)
    return _corners(rectangle), float(min(rectangle[1]))


def _corners(rectangle: cv2.typing.RotatedRect) -> Polygon:
    corners = cv2.boxPoints(rectangle)
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = by_x[:2][np.argsort(by_x[:2, 1])], by_x[2:][np.argsort(by_x[2:, 1])]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)


def _score(probability: FloatMap, region: Array) -> float:
    """Return the mean probability inside a polygon whose points count from pixel centers."""
    height, width = probability.shape
    low = np.floor(region.min(0)).astype(int).clip(0, (width - 1, height - 1))
    high = np.ceil(region.max(0)).astype(int).clip(0, (width - 1, height - 1))
    mask = np.zeros((high[1] - low[1] + 1, high[0] - low[0] + 1), np.uint8)
    cv2.fillPoly(mask, [(region - low).astype(np.int32)], 1)
    window = probability[low[1] : high[1] + 1, low[0] : high[0] + 1]
    return float(cv2.mean(window, mask)[0])


def _unclip(polygon: Polygon, settings: PostprocessSettings) -> Polygon | None:
    """Expand a kernel to its text; return None if that splits it."""
    area, perimeter = area_and_perimeter(polygon)
    if perimeter == 0:
        return None
    expanded = offset_polygon(polygon, area * settings.unclip_ratio / perimeter, paddle_compat=settings.paddle_compat)
    return expanded[0] if len(expanded) == 1 else None


def _rescale(
    polygon: Polygon, map_size: NDArray[np.float32], image_size: NDArray[np.float32], paddle_compat: bool
) -> Polygon:
    """Convert from pixel centers of the map to continuous coordinates of the image."""
    scaled: Array = (polygon + 0.5) / map_size * image_size
    if paddle_compat:  # in double precision, which affects how halves are rounded
        scaled = np.round(polygon.astype(np.float64) / map_size * image_size)
    return np.asarray(np.clip(scaled, 0, image_size), np.float32)
