"""Geometry of labelled outlines: cutting, subdividing, order of points."""

from collections.abc import Sequence

import cv2
import numpy as np
import pyclipper
from numpy.typing import NDArray

from synthtext.core import Box, Points, Polygon, Warp, bounding_box, clockwise, signed_area, start_at_nearest

_STEPS = 1024  # in a pixel: the clipper counts in whole numbers
_PROBES = 16  # parts of an edge at which its bend is measured, and into which it is cut at most
_FRAME = 64  # parts of an edge of a picture
_BEND = 0.02  # of a polygon's short side: how far an edge may be from the curve that it stands for
_FINE = 0.25  # pixels: bends below it are never worth a point


def short_side(polygon: Polygon) -> float:
    """Short side of the smallest rectangle around a polygon (P, 2), in pixels."""
    return float(min(cv2.minAreaRect(polygon.astype(np.float32))[1]))


def intersection(polygon: Polygon, other: Polygon) -> list[Polygon]:
    """What two polygons have in common, largest piece first; (P', 2) each, clockwise, exact to 1/1024 pixel.

    A polygon that crosses itself counts where it goes around (the non-zero rule); the pieces do not cross themselves.
    """
    clipper = pyclipper.Pyclipper()
    clipper.StrictlySimple = True
    try:
        clipper.AddPath(_whole(polygon), pyclipper.PT_SUBJECT, True)
        clipper.AddPath(_whole(other), pyclipper.PT_CLIP, True)
    except pyclipper.ClipperException:  # fewer than three different points
        return []
    pieces = clipper.Execute(pyclipper.CT_INTERSECTION, pyclipper.PFT_NONZERO, pyclipper.PFT_NONZERO)
    return _ordered([np.array(piece, np.float64) / _STEPS for piece in pieces])


def resolve_self_intersections(polygon: Polygon) -> list[Polygon]:
    """A polygon that may cross itself as polygons that do not, largest first; it begins where it began."""
    pieces = pyclipper.SimplifyPolygon(_whole(polygon), pyclipper.PFT_NONZERO)
    return [
        start_at_nearest(piece, polygon[0]) for piece in _ordered([np.array(p, np.float64) / _STEPS for p in pieces])
    ]


def clip(polygon: Polygon, box: Box) -> list[Polygon]:
    """The pieces of a polygon (P, 2) inside an upright rectangle, largest first.

    Each runs clockwise and begins at its point that is nearest to where the polygon began. One that lies inside as a
    whole is returned as it is; one that lies outside has no pieces.
    """
    around = bounding_box(polygon)
    if around.left >= box.left and around.top >= box.top and around.right <= box.right and around.bottom <= box.bottom:
        return [polygon]
    return [start_at_nearest(piece, polygon[0]) for piece in intersection(polygon, box.polygon())]


def mirrored(polygon: Polygon) -> Polygon:
    """The points of a mirrored text in clockwise order again, from what is its top-left as seen now.

    That is the top-right corner from before: the last point of the first half, for tops and bottoms have the same
    number of points.
    """
    count = len(polygon)
    return np.ascontiguousarray(np.roll(polygon[::-1], count // 2 - count, axis=0))


def warp_polygon(polygon: Polygon, warp: Warp) -> Polygon:
    """Where a warp takes a polygon (P, 2) and what lies between its points: a bent edge gets points on it."""
    if warp.matrix is not None:
        return warp.points(polygon)
    return simplify_edges(warp.points(subdivide_edges(polygon, _PROBES)))


def warp_frame(polygon: Polygon, warp: Warp) -> Polygon:
    """Where a warp takes the frame of a picture (P, 2): every edge in many points, for a pixel counts there."""
    straight = warp.matrix is not None or len(polygon) > _FRAME
    return warp.points(polygon if straight else subdivide_edges(polygon, _FRAME).reshape(-1, 2))


def subdivide_edges(polygon: Polygon, parts: int) -> Points:
    """Points that cut every edge of a polygon (P, 2) into equal parts, from its beginning on: (P, parts, 2)."""
    shares = np.arange(parts, dtype=np.float32)[None, :, None] / np.float32(parts)
    begins, ends = polygon[:, None], np.roll(polygon, -1, axis=0)[:, None]
    return np.asarray(begins + (ends - begins) * shares, np.float32)


def simplify_edges(curves: Points) -> Polygon:
    """A polygon of so many of the points on moved edges as their bends need.

    Edges that stay straight get none. Opposite edges (top and bottom) get the same number, so that the first half of
    the points still is the top.

    Args:
        curves: (P, parts, 2) what `edges` gave, moved; the number of parts is a power of 2.
    """
    count, most = curves.shape[:2]
    ends = np.roll(curves[:, :1], -1, axis=0)
    shares = np.arange(most, dtype=np.float32)[None, :, None] / np.float32(most)
    chords = curves[:, :1] + (ends - curves[:, :1]) * shares
    bends = np.sqrt(((curves - chords) ** 2).sum(axis=2).max(axis=1))
    allowed = max(_FINE, _BEND * short_side(curves[:, 0]))
    # The distance of a chord from its curve falls with the square of the number of parts.
    parts = np.sqrt(np.maximum(bends / allowed, 1))
    if count % 2 == 0:
        parts = np.maximum(parts, parts[_opposite(count)])
    strides = most // np.minimum(2 ** np.ceil(np.log2(parts)), most).astype(int)
    return np.concatenate([curve[::stride] for curve, stride in zip(curves, strides, strict=True)])


def _opposite(count: int) -> NDArray[np.int64]:
    """For each edge of a polygon of 2 n points the one across: the sides are across from each other."""
    half = count // 2
    tops = np.arange(half - 1)
    return np.concatenate([count - 2 - tops, [count - 1], tops[::-1], [half - 1]])


def _whole(polygon: Polygon) -> list[list[int]]:
    whole: list[list[int]] = np.rint(polygon.astype(np.float64) * _STEPS).astype(np.int64).tolist()
    return whole


def _ordered(pieces: Sequence[NDArray[np.float64]]) -> list[Polygon]:
    """Pieces that have an area, largest first, clockwise."""
    found = [(abs(signed_area(piece)), piece) for piece in (piece.astype(np.float32) for piece in pieces)]
    return [clockwise(piece) for area, piece in sorted(found, key=lambda entry: -entry[0]) if area]
