"""Geometry of polygons: clipping, subdivision, the order of points, and the visible region of an image."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pyclipper
from numpy.typing import NDArray

from synthtext.core import (
    Box,
    Image,
    Points,
    Polygon,
    Size,
    Warp,
    bounding_box,
    clockwise,
    signed_area,
    size_of,
    start_at_nearest,
)

Mask = NDArray[np.uint8]
"""(H, W), 1 where an image has content and 0 where it was filled."""

_CLIPPER_SCALE = 1024  # units per pixel: the clipper uses integers
_EDGE_PARTS = 16  # samples per edge for measuring its bend, and the maximum number of parts
_FRAME_PARTS = 64  # parts of an edge of an image frame
_MAX_BEND = 0.02  # allowed distance of an edge from its curve, as a fraction of the polygon's short side
_MIN_BEND = 0.25  # pixels: smaller bends are ignored
_FRACTION_BITS = 6  # fractional bits of OpenCV's pixel coordinates
_TOLERANCE = 1e-3  # pixels: a polygon that moves less counts as unchanged


def short_side(polygon: Polygon) -> float:
    """Return the short side of the minimum-area rectangle of a polygon (P, 2), in pixels."""
    return float(min(cv2.minAreaRect(polygon.astype(np.float32))[1]))


def intersection(polygon: Polygon, other: Polygon) -> list[Polygon]:
    """Return the intersection of two polygons, largest piece first: (P', 2) each, clockwise, exact to 1/1024 pixel.

    Self-intersecting polygons are filled by the non-zero rule; the pieces do not intersect themselves.
    """
    clipper = pyclipper.Pyclipper()
    clipper.StrictlySimple = True
    try:
        clipper.AddPath(_to_integers(polygon), pyclipper.PT_SUBJECT, True)
        clipper.AddPath(_to_integers(other), pyclipper.PT_CLIP, True)
    except pyclipper.ClipperException:  # fewer than three different points
        return []
    pieces = clipper.Execute(pyclipper.CT_INTERSECTION, pyclipper.PFT_NONZERO, pyclipper.PFT_NONZERO)
    return _from_integers(pieces)


def resolve_self_intersections(polygon: Polygon) -> list[Polygon]:
    """Split a polygon into polygons without self-intersections, largest first."""
    pieces = pyclipper.SimplifyPolygon(_to_integers(polygon), pyclipper.PFT_NONZERO)
    return [start_at_nearest(piece, polygon[0]) for piece in _from_integers(pieces)]


def clip(polygon: Polygon, box: Box) -> list[Polygon]:
    """Return the pieces of a polygon (P, 2) inside a box, largest first.

    Each piece runs clockwise and begins at its point nearest to the first point of the polygon. A polygon inside the
    box is returned unchanged; one outside has no pieces.
    """
    own = bounding_box(polygon)
    if own.left >= box.left and own.top >= box.top and own.right <= box.right and own.bottom <= box.bottom:
        return [polygon]
    return [start_at_nearest(piece, polygon[0]) for piece in intersection(polygon, box.polygon())]


def mirror_polygon(polygon: Polygon) -> Polygon:
    """Reorder the points of a mirrored polygon to run clockwise from the top-left of the mirrored text.

    That is the former top-right corner: the last point of the first half, since top and bottom have equally many
    points.
    """
    count = len(polygon)
    return np.ascontiguousarray(np.roll(polygon[::-1], count // 2 - count, axis=0))


def warp_polygon(polygon: Polygon, warp: Warp) -> Polygon:
    """Warp a polygon (P, 2); edges that become curved get additional points."""
    if warp.matrix is not None:
        return warp.points(polygon)
    return simplify_edges(warp.points(subdivide_edges(polygon, _EDGE_PARTS)))


def warp_frame(polygon: Polygon, warp: Warp) -> Polygon:
    """Warp the frame of an image (P, 2), with many points on each edge, since single pixels count there."""
    straight = warp.matrix is not None or len(polygon) > _FRAME_PARTS
    return warp.points(polygon if straight else subdivide_edges(polygon, _FRAME_PARTS).reshape(-1, 2))


def subdivide_edges(polygon: Polygon, parts: int) -> Points:
    """Divide every edge of a polygon (P, 2) into equal parts and return their first points: (P, parts, 2)."""
    fractions = np.arange(parts, dtype=np.float32)[None, :, None] / np.float32(parts)
    begins, ends = polygon[:, None], np.roll(polygon, -1, axis=0)[:, None]
    return np.asarray(begins + (ends - begins) * fractions, np.float32)


def simplify_edges(curves: Points) -> Polygon:
    """Build a polygon with as many points on each moved edge as its curvature needs.

    Straight edges get none. Opposite edges (top and bottom) get equally many, so the first half of the points remains
    the top.

    `curves` (P, parts, 2) is the moved result of `subdivide_edges`; the number of parts is a power of 2.
    """
    count, max_parts = curves.shape[:2]
    ends = np.roll(curves[:, :1], -1, axis=0)
    fractions = np.arange(max_parts, dtype=np.float32)[None, :, None] / np.float32(max_parts)
    chords = curves[:, :1] + (ends - curves[:, :1]) * fractions
    bends = np.sqrt(((curves - chords) ** 2).sum(axis=2).max(axis=1))
    allowed = max(_MIN_BEND, _MAX_BEND * short_side(curves[:, 0]))
    # The distance of a chord from its curve decreases with the square of the number of parts.
    parts = np.sqrt(np.maximum(bends / allowed, 1))
    if count % 2 == 0:
        parts = np.maximum(parts, parts[_opposite(count)])
    strides = max_parts // np.minimum(2 ** np.ceil(np.log2(parts)), max_parts).astype(int)
    return np.concatenate([curve[::stride] for curve, stride in zip(curves, strides, strict=True)])


def _opposite(count: int) -> NDArray[np.int64]:
    """Return the index of the opposite edge for each edge of a polygon of 2 n points; the two sides are opposite."""
    half = count // 2
    tops = np.arange(half - 1)
    return np.concatenate([count - 2 - tops, [count - 1], tops[::-1], [half - 1]])


def _to_integers(polygon: Polygon) -> list[list[int]]:
    integers: list[list[int]] = np.rint(polygon.astype(np.float64) * _CLIPPER_SCALE).astype(np.int64).tolist()
    return integers


def _from_integers(pieces: Sequence[Sequence[Sequence[int]]]) -> list[Polygon]:
    """Return the pieces of positive area, largest first, in clockwise order."""
    polygons = [(np.array(piece, np.float64) / _CLIPPER_SCALE).astype(np.float32) for piece in pieces]
    polygons.sort(key=lambda polygon: -abs(signed_area(polygon)))
    return [clockwise(polygon) for polygon in polygons if signed_area(polygon)]


@dataclass(frozen=True)
class VisibleRegion:
    """The intersection of axis-aligned rectangles and other outlines."""

    box: Box  # intersection of the rectangles, in pixels
    outlines: tuple[Polygon, ...] = ()  # (P, 2) each

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
            image = np.asarray(cv2.copyTo(image, self.mask(size_of(image))), np.uint8)
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
            points = np.rint((outline.astype(np.float64).clip(-far, far) - 0.5) * 2**_FRACTION_BITS)
            cv2.fillPoly(inside, [points.astype(np.int32)], 1, shift=_FRACTION_BITS)
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
