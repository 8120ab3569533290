"""View transforms that crop: a part of a scene between its texts, a window, and the border of a line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.framing import FrameTransform, LabelGeometry
from synthtext.core import BoundedSettings, InputError, Parameters, Range, Size, Warp, bounded

_Spans = NDArray[np.float64]  # (N, 2) lowest and highest coordinate of each text along one axis


@dataclass(frozen=True)
class TextCrop(BoundedSettings):
    """Crops a scene along columns and rows that cross no text (PP-OCRv2, EastRandomCropData).

    The two cut lines of an axis come from different text-free runs, so that text lies between them where there is any.
    A part without a text that counts is rejected. Differences from PaddleOCR's code: ignored texts are not cut either,
    unless nothing else is free; the borders of the image are always free; the visibility rule decides what remains of a
    cut polygon.

    Attributes:
        min_side_share: least fraction of each side of the image that is kept, 0 to 1.
        tries: maximum number of attempts, 1 to 1000. Without success the whole image is kept.
    """

    min_side_share: float = bounded(0.1, 0, 1)
    tries: int = bounded(50, 1, 1000)

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Sample the rectangle in whole pixels."""
        width, height = int(labels.size.width), int(labels.size.height)
        spans = np.array([[polygon.min(axis=0), polygon.max(axis=0)] for polygon in labels.polygons], float)
        spans = spans.reshape(-1, 2, 2).clip(0, (width, height))
        spans, counting = _drop_outside(spans, ~np.array(labels.ignore, bool))
        columns = _FreeCoordinates.between(spans[:, :, 0], counting, width)
        rows = _FreeCoordinates.between(spans[:, :, 1], counting, height)
        counted = spans[counting]
        for _ in range(self.tries):
            left, right = columns.draw(rng)
            top, bottom = rows.draw(rng)
            if right - left < max(1, self.min_side_share * width):
                continue
            if bottom - top < max(1, self.min_side_share * height):
                continue
            inside = (counted[:, 1] > (left, top)) & (counted[:, 0] < (right, bottom))
            if not len(counted) or inside.all(axis=1).any():
                return {"left": left, "top": top, "right": right, "bottom": bottom}
        return {"left": 0, "top": 0, "right": width, "bottom": height}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the frame of the cut part."""
        return _rectangle_frame(parameters)


def _rectangle_frame(parameters: Parameters) -> FrameTransform:
    left, top, right, bottom = (parameters[side] for side in ("left", "top", "right", "bottom"))
    return FrameTransform(Warp.translation(-left, -top), Size(right - left, bottom - top))


def _drop_outside(spans: _Spans, counting: NDArray[np.bool_]) -> tuple[_Spans, NDArray[np.bool_]]:
    """Remove the texts that lie outside the image."""
    visible = (spans[:, 1] > spans[:, 0]).all(axis=1)
    return spans[visible], counting[visible]


class _FreeCoordinates:
    """The coordinates of one axis at which a cut crosses no text, grouped in runs of consecutive values."""

    def __init__(self, free: NDArray[np.bool_]) -> None:
        at = np.flatnonzero(free)
        breaks = np.flatnonzero(np.diff(at) > 1) + 1
        self.firsts: list[int] = at[np.append(0, breaks)].tolist()
        self.lasts: list[int] = at[np.append(breaks - 1, len(at) - 1)].tolist()

    @classmethod
    def between(cls, spans: _Spans, counting: NDArray[np.bool_], length: int) -> "_FreeCoordinates":
        """Find the coordinates between all texts, or between those that count if the others leave only the borders."""
        free = _free_coordinates(spans, length)
        return cls(free if free[1:-1].any() else _free_coordinates(spans[counting], length))

    def draw(self, rng: np.random.Generator) -> tuple[int, int]:
        """Sample two cuts in ascending order, from two runs if there are two."""
        count = len(self.firsts)
        if count == 1:
            one, other = (self._draw_in_run(rng, 0) for _ in range(2))
        else:
            first = int(rng.integers(count))
            second = int(rng.integers(count - 1))
            one, other = self._draw_in_run(rng, first), self._draw_in_run(rng, second + (second >= first))
        return min(one, other), max(one, other)

    def _draw_in_run(self, rng: np.random.Generator, run: int) -> int:
        return int(rng.integers(self.firsts[run], self.lasts[run], endpoint=True))


def _free_coordinates(spans: _Spans, length: int) -> NDArray[np.bool_]:
    """Return which of the coordinates 0 to `length` lie inside no span."""
    begins = np.bincount(np.floor(spans[:, 0]).astype(int) + 1, minlength=length + 2)
    ends = np.bincount(np.ceil(spans[:, 1]).astype(int), minlength=length + 2)
    free = (np.cumsum(begins - ends) == 0)[: length + 1]
    free[[0, length]] = True
    return np.asarray(free)


@dataclass(frozen=True)
class RandomBorderCrop(BoundedSettings):
    """Cuts the border of a line, never much of its text (PP-OCRv2, RecAug: get_crop).

    PaddleOCR's code cuts 1 to 8 pixels at the top or the bottom, whatever the size of the line.

    Attributes:
        share_range: how much of the text a cut may remove at each side, besides the background around it, as a fraction
            of the shorter side of the text, 0 to 0.25.
    """

    share_range: Range = bounded((0.0, 0.08), 0, 0.25)

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Sample the whole pixels to cut at each side."""
        size = np.array(labels.size, float)
        low, high = _text_bounds(labels.polygons, size)
        max_cut = rng.uniform(*self.share_range) * float((high - low).min())
        limits: NDArray[np.float64] = np.concatenate([low, size - high]) + max_cut
        left, top, right, bottom = np.floor(limits * rng.random(4)).astype(int).tolist()
        return {"left": left, "top": top, "right": right, "bottom": bottom}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the frame of the remaining part."""
        left, top = parameters["left"], parameters["top"]
        remaining = Size(size.width - left - parameters["right"], size.height - top - parameters["bottom"])
        return FrameTransform(Warp.translation(-left, -top), remaining)


def _text_bounds(polygons: Sequence[NDArray[np.float32]], size: _Spans) -> tuple[_Spans, _Spans]:
    """Return the corners of the bounding box of the polygons within the image; the whole image without polygons."""
    points = np.concatenate(polygons).clip(0, size) if polygons else np.stack([0 * size, size])
    return points.min(axis=0), points.max(axis=0)


@dataclass(frozen=True)
class Window(BoundedSettings):
    """Crops a window of fixed size out of a scene; along a side shorter than the window nothing is cut.

    `TextCrop` crops parts of any size, which are then resized to a fixed size, so texts of large images become small. A
    window keeps the size of texts but may cut them at its border.

    Attributes:
        width: width in pixels, 1 to 8192.
        height: height in pixels, 1 to 8192.
        text_share: probability that the window is placed to contain the centre of a text that counts, 0 to 1. Otherwise
            its position is uniform.
    """

    width: int = 640
    height: int = 640
    text_share: float = bounded(0.5, 0, 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (1 <= self.width <= 8192 and 1 <= self.height <= 8192):
            raise InputError(f"width {self.width} and height {self.height} must be from 1 to 8192 pixels")

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Sample the position in whole pixels."""
        size = np.array(labels.size).astype(int)
        window = np.minimum(size, (self.width, self.height))
        low, high = np.zeros(2, int), size - window
        centres = [
            (polygon.min(axis=0) + polygon.max(axis=0)) / 2
            for polygon, ignore in zip(labels.polygons, labels.ignore, strict=True)
            if not ignore
        ]
        centres = [centre for centre in centres if (centre >= 0).all() and (centre < size).all()]
        if centres and rng.random() < self.text_share:
            centre = np.floor(centres[int(rng.integers(len(centres)))]).astype(int)
            low, high = np.maximum(low, centre - window + 1), np.minimum(high, centre)
        left, top = rng.integers(low, high, endpoint=True).tolist()
        return {"left": left, "top": top, "right": left + int(window[0]), "bottom": top + int(window[1])}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the frame of the window."""
        return _rectangle_frame(parameters)
