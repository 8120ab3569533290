"""The part of a picture that shows something."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from augment.polygons import clip, intersection
from synthtext.core import Box, Image, Polygon, Size, bounding_box, start_at_nearest

Mask = NDArray[np.uint8]
"""(H, W), 1 where the picture shows something and 0 where it was filled up."""

_BITS = 6  # binary digits of a pixel's fraction
_SAME = 1e-3  # pixels


@dataclass(frozen=True)
class VisibleRegion:
    """What upright rectangles and other outlines have in common.

    Attributes:
        box: pixels.
        outlines: (P, 2) each.
    """

    box: Box
    outlines: tuple[Polygon, ...] = ()

    @classmethod
    def from_windows(cls, size: Size, windows: Sequence[Polygon] = ()) -> "VisibleRegion":
        """What is seen of a picture of this size through these windows (P, 2)."""
        box, outlines = Box(0, 0, *size), []
        for window in windows:
            upright = _upright(window)
            if upright is None:
                outlines.append(window)
                continue
            left, top = max(box.left, upright.left), max(box.top, upright.top)
            box = Box(left, top, max(left, min(box.right, upright.right)), max(top, min(box.bottom, upright.bottom)))
        return cls(box, tuple(outlines))

    def clip(self, polygon: Polygon) -> list[Polygon]:
        """The pieces of a polygon (P, 2) that are seen, each clockwise and begun where the polygon began.

        One that is seen as a whole is returned as it is.
        """
        pieces = clip(polygon, self.box)
        for outline in self.outlines:
            pieces = [cut for piece in pieces for cut in _through(piece, outline)]
        return pieces

    def fill_outside(self, image: Image) -> Image:
        """A picture (H, W, 3) that is black where nothing is seen; it is changed itself where that is cheaper."""
        left, top, right, bottom = self._pixels()
        image[:top], image[bottom:], image[:, :left], image[:, right:] = 0, 0, 0, 0
        if self.outlines:
            image = np.asarray(cv2.copyTo(image, self.mask(Size(image.shape[1], image.shape[0]))), np.uint8)
        return image

    def _pixels(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the pixels whose middle is in the box."""
        left, top, right, bottom = (max(0, int(np.ceil(side - 0.5))) for side in self.box)
        return left, top, right, bottom

    def mask(self, size: Size) -> Mask:
        """Where a picture of this size (whole pixels) shows something: at most half a pixel more than is seen."""
        mask = np.zeros((int(size.height), int(size.width)), np.uint8)
        left, top, right, bottom = self._pixels()
        mask[top:bottom, left:right] = 1
        far = 4 * max(*size, 1)  # the fixed-point coordinates of a fill do not reach far
        for outline in self.outlines:
            inside = np.zeros_like(mask)
            points = np.rint((np.clip(outline.astype(np.float64), -far, far) - 0.5) * 2**_BITS).astype(np.int32)
            cv2.fillPoly(inside, [points], 1, shift=_BITS)
            mask &= inside
        return mask


def _through(polygon: Polygon, outline: Polygon) -> list[Polygon]:
    """The pieces of a polygon inside an outline; the polygon itself where it is whole."""
    pieces = intersection(polygon, outline)
    if len(pieces) == 1 and len(pieces[0]) == len(polygon):
        piece = start_at_nearest(pieces[0], polygon[0])
        if np.abs(piece - polygon).max() < _SAME:
            return [polygon]
    return [start_at_nearest(piece, polygon[0]) for piece in pieces]


def _upright(polygon: Polygon) -> Box | None:
    """The rectangle that a polygon is, if its sides are upright."""
    box = bounding_box(polygon)
    low, high = (box.left, box.top), (box.right, box.bottom)
    upright = len(polygon) == 4 and np.allclose(np.sort(polygon, axis=0), [low, low, high, high], atol=_SAME)
    return box if upright else None
