"""View transforms: they mirror, resize and crop an image, depending on its labels."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from synthtext.core import BoundedSettings, Parameters, Polygon, Range, Size, Warp, bounded, lerp

_Spans = NDArray[np.float64]  # (N, 2) lowest and highest coordinate of each text along one axis


class LabelGeometry(NamedTuple):
    """The geometry of the texts of an image."""

    size: Size  # size of the image in pixels
    polygons: tuple[Polygon, ...] = ()  # (P, 2) each; parts of them may lie outside the image
    ignore: tuple[bool, ...] = ()  # whether each text is ignored


class FrameTransform(NamedTuple):
    """How points move, and the size of the result in whole pixels."""

    warp: Warp
    size: Size


@runtime_checkable
class ViewTransform(Protocol):
    """Changes the frame of a scene by mirroring, cropping or resizing."""

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Sample parameters (JSON scalars) for an image with these labels."""

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the warp and the new size for an image of this size."""


@dataclass(frozen=True)
class Flip:
    """Mirrors the image horizontally (PP-OCRv2 configuration: Fliplr).

    Mirrored text cannot be read, so this is for detectors only. Polygons are reordered to run clockwise from the
    top-left of the mirrored text. The text is kept, the clusters are removed.
    """

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Return no parameters."""
        return {}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the mirrored frame."""
        return FrameTransform(Warp.from_matrix(np.array([[-1, 0, size.width], [0, 1, 0], [0, 0, 1]])), size)


@dataclass(frozen=True)
class Rescale(BoundedSettings):
    """Scales the image and keeps its aspect ratio (PP-OCRv2 configuration: Resize 0.5 to 3).

    Attributes:
        factor_range: scale factor, 0.05 to 20; sampled uniformly, as in PaddleOCR.
    """

    factor_range: Range = bounded((0.5, 3.0), 0.05, 20)

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Sample the factor."""
        return {"factor": lerp(self.factor_range, rng.random())}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the scaled frame, at least one pixel on each side."""
        width = max(1, round(size.width * parameters["factor"]))
        height = max(1, round(size.height * parameters["factor"]))
        return FrameTransform(Warp.scaling(width / size.width, height / size.height), Size(width, height))


@dataclass(frozen=True)
class ResizePad(BoundedSettings):
    """Fits the image into a fixed size, keeps its aspect ratio and pads at the right and at the bottom.

    Attributes:
        width: width of the result in pixels, 1 to 8192.
        height: height of the result in pixels, 1 to 8192.
    """

    width: int = bounded(960, 1, 8192, "pixels")
    height: int = bounded(960, 1, 8192, "pixels")

    def draw_framing(self, rng: np.random.Generator, labels: LabelGeometry) -> Parameters:
        """Return no parameters."""
        return {}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the frame with the image at its top-left."""
        scale = min(self.width / size.width, self.height / size.height)
        return FrameTransform(Warp.scaling(scale, scale), Size(self.width, self.height))


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
        inside = (spans[:, 1] > spans[:, 0]).all(axis=1)
        spans, counting = spans[inside], ~np.array(labels.ignore, bool)[inside]
        columns = _FreeCoordinates(spans[:, :, 0], counting, width)
        rows = _FreeCoordinates(spans[:, :, 1], counting, height)
        counted, share = spans[counting], self.min_side_share
        for _ in range(self.tries):
            left, right = columns.draw(rng)
            top, bottom = rows.draw(rng)
            large = right - left >= max(1, share * width) and bottom - top >= max(1, share * height)
            inside = (counted[:, 1] > (left, top)) & (counted[:, 0] < (right, bottom))
            if large and (not len(counted) or inside.all(axis=1).any()):
                return {"left": left, "top": top, "right": right, "bottom": bottom}
        return {"left": 0, "top": 0, "right": width, "bottom": height}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the frame of the cut part."""
        return _rectangle_frame(parameters)


def _rectangle_frame(parameters: Parameters) -> FrameTransform:
    left, top, right, bottom = (parameters[side] for side in ("left", "top", "right", "bottom"))
    return FrameTransform(Warp.translation(-left, -top), Size(right - left, bottom - top))


class _FreeCoordinates:
    """The coordinates of one axis at which a cut crosses no text, grouped in runs of consecutive values.

    If the texts leave only the borders free, texts that do not count may be crossed.
    """

    def __init__(self, spans: _Spans, counting: NDArray[np.bool_], length: int) -> None:
        free = _free_coordinates(spans, length)
        at = np.flatnonzero(free if free[1:-1].any() else _free_coordinates(spans[counting], length))
        breaks = np.flatnonzero(np.diff(at) > 1) + 1
        self.firsts: list[int] = at[np.append(0, breaks)].tolist()
        self.lasts: list[int] = at[np.append(breaks - 1, len(at) - 1)].tolist()

    def draw(self, rng: np.random.Generator) -> tuple[int, int]:
        """Sample two cuts in ascending order, from two runs if there are two."""
        count = len(self.firsts)
        first = second = 0
        if count > 1:
            first, second = int(rng.integers(count)), int(rng.integers(count - 1))
            second += second >= first
        one, other = (int(rng.integers(self.firsts[run], self.lasts[run], endpoint=True)) for run in (first, second))
        return min(one, other), max(one, other)


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
        whole = np.stack([0 * size, size])
        text = np.concatenate(labels.polygons).clip(0, size) if labels.polygons else whole
        low, high = text.min(axis=0), text.max(axis=0)
        max_cut = lerp(self.share_range, rng.random()) * float((high - low).min())
        limits: NDArray[np.float64] = np.concatenate([low, size - high]) + max_cut
        left, top, right, bottom = np.floor(limits * rng.random(4)).astype(int).tolist()
        return {"left": left, "top": top, "right": right, "bottom": bottom}

    def frame(self, size: Size, parameters: Parameters) -> FrameTransform:
        """Return the frame of the remaining part."""
        left, top = parameters["left"], parameters["top"]
        remaining = Size(size.width - left - parameters["right"], size.height - top - parameters["bottom"])
        return FrameTransform(Warp.translation(-left, -top), remaining)


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

    width: int = bounded(640, 1, 8192, "pixels")
    height: int = bounded(640, 1, 8192, "pixels")
    text_share: float = bounded(0.5, 0, 1)

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
