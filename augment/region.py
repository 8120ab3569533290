"""The part of an image that has content."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from augment.polygons import clip, intersection
from synthtext.core import Box, Image, Polygon, Size, bounding_box, start_at_nearest

Mask = NDArray[np.uint8]
"""(H, W), 1 where an image has content and 0 where it was filled."""

_FRACTION_BITS = 6  # fractional bits of OpenCV's pixel coordinates
_TOLERANCE = 1e-3  # pixels


@dataclass(frozen=True)
class VisibleRegion:
    """The intersection of axis-aligned rectangles and other outlines.

    Attributes:
        box: intersection of the rectangles, in pixels.
        outlines: (P, 2) each.
    """

    box: Box
    outlines: tuple[Polygon, ...] = ()

    @classmethod
    def from_windows(cls, size: Size, windows: Sequence[Polygon] = ()) -> "VisibleRegion":
        """Create the visible region of an image of this size behind windows (P, 2)."""
        box, outlines = Box(0, 0, *size), []
        for window in windows:
            upright = _as_box(window)
            if upright is None:
                outlines.append(window)
                continue
            left, top = max(box.left, upright.left), max(box.top, upright.top)
            box = Box(left, top, max(left, min(box.right, upright.right)), max(top, min(box.bottom, upright.bottom)))
        return cls(box, tuple(outlines))

    def clip(self, polygon: Polygon) -> list[Polygon]:
        """Return the visible pieces of a polygon (P, 2), each clockwise from the point nearest to its first point.

        A fully visible polygon is returned unchanged.
        """
        pieces = clip(polygon, self.box)
        for outline in self.outlines:
            pieces = [cut for piece in pieces for cut in _clip_to_outline(piece, outline)]
        return pieces

    def fill_outside(self, image: Image) -> Image:
        """Fill the invisible part of an image (H, W, 3) with black. The argument may be modified."""
        left, top, right, bottom = self._covered_pixels()
        image[:top], image[bottom:], image[:, :left], image[:, right:] = 0, 0, 0, 0
        if self.outlines:
            image = np.asarray(cv2.copyTo(image, self.mask(Size(image.shape[1], image.shape[0]))), np.uint8)
        return image

    def _covered_pixels(self) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom of the pixels whose centre lies in the box."""
        left, top, right, bottom = (max(0, int(np.ceil(side - 0.5))) for side in self.box)
        return left, top, right, bottom

    def mask(self, size: Size) -> Mask:
        """Return the mask of an image of this size (whole pixels), at most half a pixel larger than the region."""
        mask = np.zeros((int(size.height), int(size.width)), np.uint8)
        left, top, right, bottom = self._covered_pixels()
        mask[top:bottom, left:right] = 1
        far = 4 * max(*size, 1)  # fixed-point coordinates would overflow
        for outline in self.outlines:
            inside = np.zeros_like(mask)
            points = np.rint((np.clip(outline.astype(np.float64), -far, far) - 0.5) * 2**_FRACTION_BITS).astype(
                np.int32
            )
            cv2.fillPoly(inside, [points], 1, shift=_FRACTION_BITS)
            mask &= inside
        return mask


def _clip_to_outline(polygon: Polygon, outline: Polygon) -> list[Polygon]:
    """Return the pieces of a polygon inside an outline; the polygon itself if it is inside."""
    pieces = intersection(polygon, outline)
    if len(pieces) == 1 and len(pieces[0]) == len(polygon):
        piece = start_at_nearest(pieces[0], polygon[0])
        if np.abs(piece - polygon).max() < _TOLERANCE:
            return [polygon]
    return [start_at_nearest(piece, polygon[0]) for piece in pieces]


def _as_box(polygon: Polygon) -> Box | None:
    """Return a polygon as a box if it is an axis-aligned rectangle, else None."""
    box = bounding_box(polygon)
    low, high = (box.left, box.top), (box.right, box.bottom)
    upright = len(polygon) == 4 and np.allclose(np.sort(polygon, axis=0), [low, low, high, high], atol=_TOLERANCE)
    return box if upright else None
