"""Points and polygons in continuous pixel coordinates.

Pixel (column i, row j) covers the square [i, i + 1) x [j, j + 1); a picture of width W and height H covers
[0, W] x [0, H]. Every coordinate in the project is in this convention; `Warp` shifts by half a pixel where a library
counts from pixel centres.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Image: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) RGB or (H, W) coverage, 0 to 255."""

Points: TypeAlias = NDArray[np.float32]
"""(..., 2) x then y, in pixels."""

Polygon: TypeAlias = NDArray[np.float32]
"""(P, 2) x then y, in pixels, P >= 3, clockwise on the screen from the text's top-left."""


class Size(NamedTuple):
    """Width and height in pixels."""

    width: float
    height: float


class Box(NamedTuple):
    """An upright rectangle: left <= right, top <= bottom, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Horizontal extent in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Vertical extent in pixels."""
        return self.bottom - self.top

    def polygon(self) -> Polygon:
        """The four corners, (4, 2), clockwise from the top-left."""
        left, top, right, bottom = self
        return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def as_polygon(points: ArrayLike) -> Polygon:
    """Check and convert points to a polygon.

    Raises:
        ValueError: fewer than three points, another shape than (P, 2), or a coordinate that is not finite.
    """
    polygon = np.asarray(points, np.float32)
    if polygon.ndim != 2 or polygon.shape[1:] != (2,) or len(polygon) < 3:
        raise ValueError(f"a polygon is an array of shape (P, 2) with P >= 3, not {polygon.shape}")
    if not np.isfinite(polygon).all():
        raise ValueError("a polygon has a coordinate that is not a finite number")
    return polygon


def signed_area(polygon: Polygon) -> float:
    """Area in square pixels: positive when the points run clockwise on the screen (y grows downwards)."""
    x, y = polygon.astype(np.float64).T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def bounding_box(points: Points) -> Box:
    """The smallest upright rectangle around points of shape (..., 2)."""
    flat = points.reshape(-1, 2)
    return Box(*flat.min(axis=0).tolist(), *flat.max(axis=0).tolist())


def bounding_boxes(quads: Points) -> NDArray[np.float32]:
    """The upright rectangles (K, 4) left, top, right, bottom around each of the quads (K, 4, 2)."""
    return np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)


def clockwise(polygon: Polygon) -> Polygon:
    """The same points, clockwise on the screen."""
    return np.ascontiguousarray(polygon if signed_area(polygon) >= 0 else polygon[::-1])


def start_at_nearest(polygon: Polygon, point: NDArray[np.float32]) -> Polygon:
    """The same polygon, beginning at its point that is nearest to `point` (2,)."""
    nearest = int(((polygon - point) ** 2).sum(axis=1).argmin())
    return np.roll(polygon, -nearest, axis=0)


def is_self_intersecting(polygon: Polygon) -> bool:
    """Whether two sides of a polygon meet other than in a corner."""
    points = polygon.astype(np.float64)
    return _sides_cross(points, points)  # sides that share a corner do not count: one distance is 0


def polygons_overlap(first: Polygon, second: Polygon) -> bool:
    """Whether two polygons have an inner point in common: their sides cross, or one lies inside the other."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    if _sides_cross(a, b):
        return True
    return _holds(a, b.mean(axis=0)) or _holds(b, a.mean(axis=0)) or _holds(a, b[0]) or _holds(b, a[0])


def _sides_cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Whether a side of one polygon crosses a side of another: the ends of each lie on both sides of the other."""
    along_a, along_b = np.roll(a, -1, axis=0) - a, np.roll(b, -1, axis=0) - b
    to = b[None] - a[:, None]
    from_a = along_a[:, None, 0] * to[..., 1] - along_a[:, None, 1] * to[..., 0]
    from_b = along_b[None, :, 0] * to[..., 1] - along_b[None, :, 1] * to[..., 0]
    return bool(((from_a * np.roll(from_a, -1, axis=1) < 0) & (from_b * np.roll(from_b, -1, axis=0) < 0)).any())


def _holds(polygon: NDArray[np.float64], point: NDArray[np.float64]) -> bool:
    """Whether a point lies inside a polygon, by the number of sides that a ray to the right crosses."""
    begins, ends = polygon, np.roll(polygon, -1, axis=0)
    crosses = (begins[:, 1] > point[1]) != (ends[:, 1] > point[1])
    begins, ends = begins[crosses], ends[crosses]
    at = begins[:, 0] + (point[1] - begins[:, 1]) / (ends[:, 1] - begins[:, 1]) * (ends[:, 0] - begins[:, 0])
    return bool((at > point[0]).sum() % 2)
