"""Views that cut: a part of a scene between its texts, and the edges of a line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.framing import FrameTransform, LabelGeometry
from synthtext.core import InputError, Parameters, Range, Size, Warp, check_fraction, check_number, check_range

_Spans = NDArray[np.float64]  # (N, 2) lowest and highest coordinate of each text along one axis


@dataclass(frozen=True)
class TextCrop:
    """Cuts a part out of a scene, along columns and rows that cross no text (PP-OCRv2, EastRandomCropData).

    Cut lines come from two different text-free stretches of each axis, so that text lies between them where there is
    any; a part without a text that counts is drawn again. Differences from the released code: ignored texts are not cut
    either, unless nothing else is free; the edges of the picture are always free; and what the cut leaves of a polygon
    is decided by the rule rather than kept as it was.

    Attributes:
        min_side_share: of each side of the picture that must be left, 0 to 1.
        tries: at most; then the picture stays whole. 1 to 1000.
    """

    min_side_share: float = 0.1
    tries: int = 50

    def __post_init__(self) -> None:
        check_fraction("min_side_share", self.min_side_share)
        check_number("tries", self.tries, 1, 1000)

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Draw the cut rectangle: whole pixels."""
        width, height = int(labels.size.width), int(labels.size.height)
        spans = np.array([[polygon.min(axis=0), polygon.max(axis=0)] for polygon in labels.polygons], float)
        spans = spans.reshape(-1, 2, 2).clip(0, (width, height))
        spans, counts = _seen(spans, ~np.array(labels.ignore, bool))
        columns = _Free.between(spans[:, :, 0], counts, width)
        rows = _Free.between(spans[:, :, 1], counts, height)
        wanted = spans[counts]
        for _ in range(self.tries):
            left, right = columns.draw(rng)
            top, bottom = rows.draw(rng)
            if right - left < max(1, self.min_side_share * width):
                continue
            if bottom - top < max(1, self.min_side_share * height):
                continue
            inside = (wanted[:, 1] > (left, top)) & (wanted[:, 0] < (right, bottom))
            if not len(wanted) or inside.all(axis=1).any():
                return {"left": left, "top": top, "right": right, "bottom": bottom}
        return {"left": 0, "top": 0, "right": width, "bottom": height}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """The part, in its own size."""
        left, top, right, bottom = (parameters[side] for side in ("left", "top", "right", "bottom"))
        return FrameTransform(Warp.translation(-left, -top), Size(right - left, bottom - top))


def _seen(spans: _Spans, counts: NDArray[np.bool_]) -> tuple[_Spans, NDArray[np.bool_]]:
    """Without the texts that lie outside of the picture."""
    seen = (spans[:, 1] > spans[:, 0]).all(axis=1)
    return spans[seen], counts[seen]


class _Free:
    """The coordinates along one axis at which a cut crosses no text, in stretches of neighbours."""

    def __init__(self, free: NDArray[np.bool_]) -> None:
        at = np.flatnonzero(free)
        breaks = np.flatnonzero(np.diff(at) > 1) + 1
        self.firsts: list[int] = at[np.append(0, breaks)].tolist()
        self.lasts: list[int] = at[np.append(breaks - 1, len(at) - 1)].tolist()

    @classmethod
    def between(cls, spans: _Spans, counts: NDArray[np.bool_], length: int) -> "_Free":
        """Between all texts; between those that count if the others leave nothing but the picture's edges."""
        free = _uncrossed(spans, length)
        return cls(free if free[1:-1].any() else _uncrossed(spans[counts], length))

    def draw(self, rng: np.random.Generator) -> tuple[int, int]:
        """Two cuts, in order; from two stretches when there are two."""
        count = len(self.firsts)
        if count == 1:
            one, other = (self._draw_in(rng, 0) for _ in range(2))
        else:
            first = int(rng.integers(count))
            second = int(rng.integers(count - 1))
            one, other = self._draw_in(rng, first), self._draw_in(rng, second + (second >= first))
        return min(one, other), max(one, other)

    def _draw_in(self, rng: np.random.Generator, stretch: int) -> int:
        return int(rng.integers(self.firsts[stretch], self.lasts[stretch], endpoint=True))


def _uncrossed(spans: _Spans, length: int) -> NDArray[np.bool_]:
    """Which of the coordinates 0 to `length` lie inside of no span."""
    begins = np.bincount(np.floor(spans[:, 0]).astype(int) + 1, minlength=length + 2)
    ends = np.bincount(np.ceil(spans[:, 1]).astype(int), minlength=length + 2)
    free = (np.cumsum(begins - ends) == 0)[: length + 1]
    free[[0, length]] = True
    return np.asarray(free)


@dataclass(frozen=True)
class RandomBorderCrop:
    """Cuts the edges of a line, never much of its text (PP-OCRv2, RecAug: get_crop).

    The released code cuts 1 to 8 pixels off the top or the bottom, whatever the size of the line.

    Attributes:
        share_range: of the text's thickness (its shorter side): how much of it a cut may take at each of the four
            sides, besides any of the paper around it. 0 to 0.25.
    """

    share_range: Range = (0.0, 0.08)

    def __post_init__(self) -> None:
        check_range("share_range", self.share_range, 0, 0.25)

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Draw what is cut off at each side: whole pixels."""
        size = np.array(labels.size, float)
        low, high = _around(labels.polygons, size)
        most = rng.uniform(*self.share_range) * float((high - low).min())
        deepest: NDArray[np.float64] = np.concatenate([low, size - high]) + most
        left, top, right, bottom = np.floor(deepest * rng.random(4)).astype(int).tolist()
        return {"left": left, "top": top, "right": right, "bottom": bottom}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """What is left."""
        left, top = parameters["left"], parameters["top"]
        left_over = Size(size.width - left - parameters["right"], size.height - top - parameters["bottom"])
        return FrameTransform(Warp.translation(-left, -top), left_over)


def _around(polygons: Sequence[NDArray[np.float32]], size: _Spans) -> tuple[_Spans, _Spans]:
    """The corners of the box around polygons, inside a picture; those of the picture when there are none."""
    points = np.concatenate(polygons).clip(0, size) if polygons else np.stack([0 * size, size])
    return points.min(axis=0), points.max(axis=0)


@dataclass(frozen=True)
class Window:
    """Cuts a window out of a scene; what is smaller than the window is kept whole.

    `TextCrop` cuts parts of any size, which are then resized to one; so texts of a large picture become as small as its
    largest parts make them. Here they keep their size, whatever the window's, and are cut where its edge runs.

    Attributes:
        width: pixels, 1 to 8192.
        height: pixels, 1 to 8192.
        text_share: how often the middle of a text that counts is in the window for sure, if there is one, 0 to 1;
            otherwise it lies anywhere.
    """

    width: int = 640
    height: int = 640
    text_share: float = 0.5

    def __post_init__(self) -> None:
        if not (1 <= self.width <= 8192 and 1 <= self.height <= 8192):
            raise InputError(f"width {self.width} and height {self.height} must be from 1 to 8192 pixels")
        check_fraction("text_share", self.text_share)

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Draw where the window lies: whole pixels."""
        size = np.array(labels.size).astype(int)
        wanted = np.minimum(size, (self.width, self.height))
        low, high = np.zeros(2, int), size - wanted
        middles = [
            (polygon.min(axis=0) + polygon.max(axis=0)) / 2
            for polygon, ignore in zip(labels.polygons, labels.ignore, strict=True)
            if not ignore
        ]
        middles = [middle for middle in middles if (middle >= 0).all() and (middle < size).all()]
        if middles and rng.random() < self.text_share:
            middle = np.floor(middles[int(rng.integers(len(middles)))]).astype(int)
            low, high = np.maximum(low, middle - wanted + 1), np.minimum(high, middle)
        left, top = rng.integers(low, high, endpoint=True).tolist()
        return {"left": left, "top": top, "right": left + int(wanted[0]), "bottom": top + int(wanted[1])}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """The part, in its own size."""
        left, top, right, bottom = (parameters[side] for side in ("left", "top", "right", "bottom"))
        return FrameTransform(Warp.translation(-left, -top), Size(right - left, bottom - top))
