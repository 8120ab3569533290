"""A probability map becomes boxes: what a DB detector's output means."""

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
    """What counts as a text (released configuration).

    Attributes:
        threshold: probability above which a pixel is in the kernel of a text.
        box_threshold: mean probability below which a box is dropped.
        unclip_ratio: a box grows by this times area / perimeter.
        max_candidates: regions of a map that are looked at.
        min_size: pixels of the map; a box whose shorter side is below it, or below 2 more when grown, is dropped.
        score_mode: "fast": the mean is over the rectangle around a region; "slow": over the region itself.
        box_type: "quad": rectangles; "polygon": outlines, for curved text.
        dilate: grow the kernels by a pixel to the right and down first.
        paddle_compat: whole coordinates that count from pixel centres, as the released code gives them; otherwise exact
            ones, continuous (pixel i covers [i, i + 1)).

    Raises:
        InputError: a value that cannot be.
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
            raise InputError("boxes: threshold and box_threshold are probabilities from 0 to 1")
        if not 0 <= self.unclip_ratio <= 10:
            raise InputError(f"boxes: unclip_ratio must be from 0 to 10, not {self.unclip_ratio}")
        if self.max_candidates < 1 or self.min_size < 0:
            raise InputError("boxes: max_candidates must be at least 1, and min_size at least 0")
        if self.score_mode not in ("fast", "slow") or self.box_type not in ("quad", "polygon"):
            raise InputError("boxes: score must be 'fast' or 'slow', and shape 'quad' or 'polygon'")


class Boxes(NamedTuple):
    """Texts that were found."""

    polygons: list[Polygon]  # each (P, 2), pixels of the picture; quads (4, 2), clockwise from the top-left
    scores: NDArray[np.float32]  # (N,), 0 to 1


def find_boxes(probability: FloatMap, settings: PostprocessSettings, size: tuple[int, int] | None = None) -> Boxes:
    """Find the texts in a map (PP-OCRv2, released code: DBPostProcess).

    Args:
        probability: (H, W) float32, 0 to 1.
        settings: what counts as a text.
        size: width and height in pixels of the picture that the boxes are for; None: of the map.
    """
    kernels = (probability > settings.threshold).astype(np.uint8)
    if settings.use_dilation:
        kernels = np.asarray(cv2.dilate(kernels, np.ones((2, 2), np.uint8)), np.uint8)
    contours, _ = cv2.findContours(kernels, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    outline = _quads if settings.box_type == "quad" else _polygons
    found = [box for contour in contours[: settings.max_candidates] for box in outline(probability, contour, settings)]
    here = np.array(probability.shape[::-1], np.float32)
    there = np.array(size or probability.shape[::-1], np.float32)
    place = _released_place if settings.paddle_compat else _place
    polygons = [place(polygon, here, there) for polygon, _ in found]
    return Boxes(polygons, np.array([score for _, score in found], np.float32))


def _quads(probability: FloatMap, contour: Array, settings: PostprocessSettings) -> Iterator[tuple[Polygon, float]]:
    quad, side = min_area_rectangle(contour)
    if side < settings.min_size:
        return
    score = _score(probability, contour.reshape(-1, 2) if settings.score_mode == "slow" else quad)
    if score < settings.box_threshold:
        return
    grown = _unclip(quad, settings)
    if grown is None:
        return
    quad, side = min_area_rectangle(grown)
    if side >= settings.min_size + 2:
        yield quad, score


def _polygons(probability: FloatMap, contour: Array, settings: PostprocessSettings) -> Iterator[tuple[Polygon, float]]:
    simple = cv2.approxPolyDP(contour, _SIMPLER * cv2.arcLength(contour, True), True).reshape(-1, 2)
    if len(simple) < 4:
        return
    region = contour.reshape(-1, 2) if settings.score_mode == "slow" else simple
    score = _score(probability, region)
    if score < settings.box_threshold:
        return
    grown = _unclip(simple.astype(np.float32), settings)
    if grown is not None and min_area_rectangle(grown)[1] >= settings.min_size + 2:
        yield grown, score


_SIMPLER = 0.002
"""Of the perimeter: how far an outline may be from the contour."""


def min_area_rectangle(points: Array) -> tuple[Polygon, float]:
    """The smallest rectangle around points (P, 2), and its short side.

    The rectangle is (4, 2), clockwise from the upper of its two leftmost corners.
    """
    rectangle = cv2.minAreaRect(points)
    corners = cv2.boxPoints(rectangle)
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = by_x[:2][np.argsort(by_x[:2, 1])], by_x[2:][np.argsort(by_x[2:, 1])]
    quad = np.array([left[0], right[0], right[1], left[1]], np.float32)
    return quad, float(min(rectangle[1]))


def _score(probability: FloatMap, region: Array) -> float:
    """Mean probability inside a polygon whose points count from pixel centres."""
    height, width = probability.shape
    low = np.floor(region.min(0)).astype(int).clip(0, (width - 1, height - 1))
    high = np.ceil(region.max(0)).astype(int).clip(0, (width - 1, height - 1))
    mask = np.zeros((high[1] - low[1] + 1, high[0] - low[0] + 1), np.uint8)
    cv2.fillPoly(mask, [(region - low).astype(np.int32)], 1)
    window = probability[low[1] : high[1] + 1, low[0] : high[0] + 1]
    return float(cv2.mean(window, mask)[0])


def _unclip(polygon: Polygon, settings: PostprocessSettings) -> Polygon | None:
    """Grow a kernel to its text; None if that takes it apart."""
    area, perimeter = area_and_perimeter(polygon)
    if perimeter == 0:
        return None
    grown = offset_polygon(polygon, area * settings.unclip_ratio / perimeter, paddle_compat=settings.paddle_compat)
    return grown[0] if len(grown) == 1 else None


def _place(polygon: Polygon, here: NDArray[np.float32], there: NDArray[np.float32]) -> Polygon:
    """From the centres of the map's pixels to continuous coordinates of the picture, whose sizes these are."""
    return np.asarray(np.clip((polygon + 0.5) / here * there, 0, there), np.float32)


def _released_place(polygon: Polygon, here: NDArray[np.float32], there: NDArray[np.float32]) -> Polygon:
    # In double precision, as released: it decides what halves are rounded to.
    scaled = np.round(polygon.astype(np.float64) / here * there)
    return np.asarray(np.clip(scaled, 0, there), np.float32)
