"""The colours of a patch."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from augment.copy_paste.crop import polygon_mask
from synthtext.core import Image, Points, Polygon

_PATCH_SAMPLES = 32  # pixels along a side of a patch whose colours are looked at


class PatchColours(NamedTuple):
    """The colours of a patch, three channels each.

    Attributes:
        background: the median along its edges: mostly what the text stands on.
        darkest: of each channel.
        brightest: of each channel.
    """

    background: NDArray[np.float32]
    darkest: NDArray[np.float32]
    brightest: NDArray[np.float32]


def measure_patch_colours(patch: Image) -> PatchColours:
    """Look at some of the pixels of a patch (h, w, 3)."""
    rows, columns = patch.shape[:2]
    along, down = max(columns // _PATCH_SAMPLES, 1), max(rows // _PATCH_SAMPLES, 1)
    edges = np.concatenate([patch[0, ::along], patch[-1, ::along], patch[::down, 0], patch[::down, -1]])
    inner = patch[::down, ::along].reshape(-1, 3)
    ground = np.sort(edges, axis=0)[len(edges) // 2]
    return PatchColours(*(colour.astype(np.float32) for colour in (ground, inner.min(axis=0), inner.max(axis=0))))


_MAX_FEATHER = 3.0  # pixels
_SHRUNK = 0.75  # of a patch's size: from here on down linear interpolation skips pixels
_PATCH_SAMPLES = 16  # pixels along a side of a place whose colours are looked at
_STEP = 4  # rows from one to the next that is looked at
_COLOUR = 0.25  # of a difference in colour against one of spread


class PatchPose(NamedTuple):
    """How a patch lies in a picture.

    Attributes:
        x: where its middle goes, pixels.
        y: where its middle goes, pixels.
        scale: pixels of the picture per pixel of the patch.
        degrees: clockwise on the screen.
    """

    x: float
    y: float
    scale: float
    degrees: float

    def points(self, points: Points, width: int, height: int) -> Polygon:
        """Where points (P, 2) of a patch of this size go."""
        turn, shift = self._parts(width, height)
        return np.asarray(points @ turn.T + shift, np.float32)

    def matrix(self, width: int, height: int) -> NDArray[np.float64]:
        """(2, 3) from the points of a patch of this size to those of the picture."""
        turn, shift = self._parts(width, height)
        return np.column_stack([turn, shift])

    def _parts(self, width: int, height: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        angle = math.radians(self.degrees)
        a, b = self.scale * math.cos(angle), self.scale * math.sin(angle)
        shift = self.x - (a * width - b * height) / 2, self.y - (b * width + a * height) / 2
        return np.array([[a, -b], [b, a]]), np.array(shift)


def placement_cost(image: Image, box: tuple[float, float, float, float], ground: Sequence[float]) -> float:
    """How little a place suits a patch: the spread of its colours, and how far they are from the patch's ground.

    Args:
        image: (H, W, 3) uint8 RGB.
        box: left, top, right and bottom of the place, pixels.
        background: the patch's, three channels.
    """
    left, top, right, bottom = map(int, box)
    mean, spread = cv2.meanStdDev(image[top : bottom + 1 : _STEP, left : right + 1])
    away = sum(abs(a - b) for a, b in zip(mean[:, 0].tolist(), ground, strict=True))
    return float(sum(spread[:, 0].tolist()) + _COLOUR * away)


def blend(
    image: Image, patch: Image, polygon: Polygon, pose: PatchPose, tone: PatchColours, *, match: float, feather: float
) -> Polygon:
    """Put a patch into a picture, which is changed.

    Args:
        image: (H, W, 3) uint8 RGB.
        patch: (h, w, 3) uint8 RGB.
        polygon: (P, 2) of the text in the patch; only what is inside of it is pasted.
        pose: how the patch lies; the polygon stays within the picture.
        tone: of the patch.
        match: 0 to 1, how far the patch's brightness and colour follow those of the place. They follow no further
            than its darkest and brightest pixels allow without being cut off, so that its contrast remains.
        feather: pixels inside of the polygon over which the patch becomes opaque, at most 3.

    Returns:
        The polygon (P, 2) in the picture.
    """
    height, width = patch.shape[:2]
    placed = pose.points(polygon, width, height)
    low, high = placed.min(axis=0), placed.max(axis=0)
    left, top = (max(math.floor(edge) - 1, 0) for edge in low.tolist())
    right = min(math.ceil(float(high[0])) + 1, image.shape[1])
    bottom = min(math.ceil(float(high[1])) + 1, image.shape[0])
    size = right - left, bottom - top
    place = image[top:bottom, left:right]
    alpha = _alpha(placed - np.array([left, top], np.float32), *size, min(feather, _MAX_FEATHER))
    pulled = _pulled(patch, pose, (left, top), size)
    if match > 0:
        pulled = _matched(pulled, place, tone, match)
    place[:] = cv2.blendLinear(pulled, place, alpha, 1 - alpha)
    return placed


def _alpha(polygon: Polygon, width: int, height: int, feather: float) -> NDArray[np.float32]:
    """(height, width): 0 outside of a polygon, and up to 1 inside of it over the feather."""
    if cv2.isContourConvex(polygon):
        depth = _depth(polygon, width, height) + np.float32(0.5)
    else:
        depth = np.asarray(cv2.distanceTransform(polygon_mask(polygon, width, height), cv2.DIST_L2, 3), np.float32)
    return np.asarray((depth * np.float32(1 / (1 + feather))).clip(0, 1), np.float32)


def _depth(polygon: Polygon, width: int, height: int) -> NDArray[np.float32]:
    """(height, width): pixels from each pixel's centre to the nearest side of a convex polygon, below 0 outside."""
    along = np.roll(polygon, -1, axis=0) - polygon
    along = along / np.maximum(np.hypot(along[:, :1], along[:, 1:]), 1e-6)
    columns = np.arange(0.5, width, dtype=np.float32) * -along[:, 1:]
    start = (polygon[:, 0] * along[:, 1] - polygon[:, 1] * along[:, 0])[:, None]
    rows = np.arange(0.5, height, dtype=np.float32) * along[:, :1] + start
    return np.asarray((columns[:, None] + rows[:, :, None]).min(axis=0), np.float32)


def _pulled(patch: Image, pose: PatchPose, corner: tuple[int, int], size: tuple[int, int]) -> Image:
    """The patch as it lies in a window of the picture, (h, w, 3)."""
    height, width = patch.shape[:2]
    matrix = pose.matrix(width, height)
    matrix[:, 2] -= corner
    if pose.scale < _SHRUNK:  # means over areas first: neighbouring pixels alone would miss strokes
        small = max(round(width * pose.scale), 1), max(round(height * pose.scale), 1)
        patch = np.asarray(cv2.resize(patch, small, interpolation=cv2.INTER_AREA), np.uint8)
        matrix[:, 0] *= width / small[0]
        matrix[:, 1] *= height / small[1]
    matrix[:, 2] += (matrix[:, 0] + matrix[:, 1] - 1) / 2  # OpenCV counts from pixel centres
    return np.asarray(cv2.warpAffine(patch, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _matched(pulled: Image, place: Image, tone: PatchColours, match: float) -> Image:
    """The patch in the light of the place: what separates the four quarters' means from its ground is added."""
    rows, columns = (max(side // _PATCH_SAMPLES, 1) for side in place.shape[:2])
    some = np.ascontiguousarray(place[::rows, ::columns])
    quarters = cv2.resize(some, (2, 2), interpolation=cv2.INTER_AREA).astype(np.float32)
    shift = (quarters - tone.background) * np.float32(match)
    shift = shift.clip(np.minimum(-tone.darkest, 0), np.maximum(255 - tone.brightest, 0))
    field = cv2.resize(shift, (pulled.shape[1], pulled.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.add(pulled, field, dtype=cv2.CV_8U), np.uint8)
