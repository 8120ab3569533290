"""Blends patches into images."""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from augment.copy_paste.crop import polygon_mask
from augment.copy_paste.strokes import PatchColours, is_carried, transfer_strokes
from synthtext.core import Image, Points, Polygon

_PLACE_SAMPLES = 16  # pixels along a side of the target area that are measured
_MAX_FEATHER = 3.0  # pixels
_MAX_DIRECT_SCALE = 0.75  # below this scale linear interpolation would skip pixels


class PatchPose(NamedTuple):
    """The position, scale and rotation of a patch in an image."""

    x: float  # x of the centre in pixels
    y: float  # y of the centre in pixels
    scale: float  # pixels of the image per pixel of the patch
    degrees: float  # rotation in degrees, clockwise

    def points(self, points: Points, width: int, height: int) -> Polygon:
        """Map points (P, 2) of a patch of this size into the image."""
        matrix = self.matrix(width, height)
        return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)

    def matrix(self, width: int, height: int) -> NDArray[np.float64]:
        """Return the affine matrix (2, 3) from points of a patch of this size to points of the image."""
        angle = math.radians(self.degrees)
        a, b = self.scale * math.cos(angle), self.scale * math.sin(angle)
        dx, dy = self.x - (a * width - b * height) / 2, self.y - (b * width + a * height) / 2
        return np.array([[a, -b, dx], [b, a, dy]])


def blend(
    image: Image,
    patch: Image,
    polygon: Polygon,
    pose: PatchPose,
    colours: PatchColours,
    *,
    match: float,
    feather: float,
) -> Polygon:
    """Blend the interior of a polygon (P, 2) in a patch into an image in place; the polygon must stay within the image.

    Args:
        image: (H, W, 3) uint8 RGB, which is modified.
        patch: (h, w, 3) uint8 RGB.
        polygon: outline of the text in the patch.
        pose: pose of the patch.
        colours: colours of the patch.
        match: 0 to 1, how far the background of the patch gives way to the target area: at 1 only the strokes are
            pasted, by their difference to their own background. Strokes that would lose too much contrast there, and
            patches without strokes, keep their background, which is shifted towards the colours of the target area as
            far as no pixel saturates.
        feather: width in pixels, inside the polygon, over which the patch becomes opaque, at most 3.

    Returns:
        The polygon (P, 2) in the image.
    """
    height, width = patch.shape[:2]
    placed = pose.points(polygon, width, height)
    low, high = placed.min(axis=0), placed.max(axis=0)
    left, top = (max(math.floor(edge) - 1, 0) for edge in low.tolist())
    right = min(math.ceil(float(high[0])) + 1, image.shape[1])
    bottom = min(math.ceil(float(high[1])) + 1, image.shape[0])
    size = right - left, bottom - top
    target = image[top:bottom, left:right]
    alpha = _alpha(placed - np.array([left, top], np.float32), *size, min(feather, _MAX_FEATHER))
    warped = _warp_patch(patch, pose, (left, top), size)
    if match > 0:
        mean, spread = np.asarray(cv2.meanStdDev(target), np.float64)[..., 0]
        if is_carried(mean, spread, colours):
            transferred = transfer_strokes(warped, target, colours)
            mixed = transferred if match == 1 else cv2.addWeighted(transferred, match, warped, 1 - match, 0)
            warped = np.asarray(mixed, np.uint8)
        else:
            warped = _match_colours(warped, target, colours, match)
    target[:] = cv2.blendLinear(warped, target, alpha, 1 - alpha)
    return placed


def _alpha(polygon: Polygon, width: int, height: int, feather: float) -> NDArray[np.float32]:
    """Return the opacity (height, width): 0 outside a polygon, rising to 1 inside it over the feather."""
    if cv2.isContourConvex(polygon):
        depth = _depth(polygon, width, height) + np.float32(0.5)
    else:
        depth = np.asarray(cv2.distanceTransform(polygon_mask(polygon, width, height), cv2.DIST_L2, 3), np.float32)
    return np.asarray((depth * np.float32(1 / (1 + feather))).clip(0, 1), np.float32)


def _depth(polygon: Polygon, width: int, height: int) -> NDArray[np.float32]:
    """Return the distance (height, width) of pixels to the nearest side of a convex polygon, below 0 outside."""
    along = np.roll(polygon, -1, axis=0) - polygon
    along = along / np.maximum(np.hypot(along[:, :1], along[:, 1:]), 1e-6)
    columns = np.arange(0.5, width, dtype=np.float32) * -along[:, 1:]
    start = (polygon[:, 0] * along[:, 1] - polygon[:, 1] * along[:, 0])[:, None]
    rows = np.arange(0.5, height, dtype=np.float32) * along[:, :1] + start
    return np.asarray((columns[:, None] + rows[:, :, None]).min(axis=0), np.float32)


def _warp_patch(patch: Image, pose: PatchPose, corner: tuple[int, int], size: tuple[int, int]) -> Image:
    """Return the warped patch in a window of the image, (h, w, 3)."""
    height, width = patch.shape[:2]
    matrix = pose.matrix(width, height)
    matrix[:, 2] -= corner
    if pose.scale < _MAX_DIRECT_SCALE:  # average first: linear interpolation would miss strokes
        reduced = max(round(width * pose.scale), 1), max(round(height * pose.scale), 1)
        patch = np.asarray(cv2.resize(patch, reduced, interpolation=cv2.INTER_AREA), np.uint8)
        matrix[:, 0] *= width / reduced[0]
        matrix[:, 1] *= height / reduced[1]
    matrix[:, 2] += (matrix[:, 0] + matrix[:, 1] - 1) / 2  # OpenCV counts from pixel centres
    return np.asarray(cv2.warpAffine(patch, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _match_colours(warped: Image, target: Image, colours: PatchColours, match: float) -> Image:
    """Shift the colours of a warped patch towards the means of the four quarters of the target area."""
    rows, columns = (max(side // _PLACE_SAMPLES, 1) for side in target.shape[:2])
    sampled = np.ascontiguousarray(target[::rows, ::columns])
    quarters = cv2.resize(sampled, (2, 2), interpolation=cv2.INTER_AREA).astype(np.float32)
    shift = (quarters - colours.background) * np.float32(match)
    shift = shift.clip(np.minimum(-colours.darkest, 0), np.maximum(255 - colours.brightest, 0))
    field = cv2.resize(shift, (warped.shape[1], warped.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.add(warped, field, dtype=cv2.CV_8U), np.uint8)
