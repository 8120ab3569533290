"""Points and polygons in continuous pixel coordinates.

Pixel (column i, row j) covers the square [i, i + 1) x [j, j + 1); an image of width W and height H covers [0, W] x [0,
H]. All coordinates of the project follow this convention; `Warp` shifts by half a pixel for libraries that count from
pixel centres.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Image: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) RGB or (H, W) coverage, 0 to 255."""

MAX_IMAGE_PIXELS = 2**27
"""Pixels of the largest image file that is decoded (400 MB); the header of a small file may claim any size."""

Points: TypeAlias = NDArray[np.float32]
"""(..., 2) x then y, in pixels."""

Polygon: TypeAlias = NDArray[np.float32]
"""(P, 2) x then y, in pixels, P >= 3, clockwise on the screen from the top-left of the text."""


class Size(NamedTuple):
    """Width and height in pixels."""

    width: float
    height: float

    def turned(self) -> "Size":
        """Return the size of the image after a quarter turn."""
        return Size(self.height, self.width)


def size_of(image: Image) -> Size:
    """Return the width and height of an image (H, W, ...)."""
    return Size(image.shape[1], image.shape[0])


class Box(NamedTuple):
    """An upright rectangle in pixels, with left <= right and top <= bottom."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    def union(self, other: "Box") -> "Box":
        """Return the smallest box that contains both."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        return Box(left, top, max(self.right, other.right), max(self.bottom, other.bottom))

    def polygon(self) -> Polygon:
        """Return the corners (4, 2), clockwise from the top-left."""
        left, top, right, bottom = self
        return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def as_polygon(points: ArrayLike) -> Polygon:
    """Convert points to a polygon.

    Raises:
        ValueError: There are fewer than three points, the shape is not (P, 2), or a coordinate is not finite.
    """
    polygon = np.asarray(points, np.float32)
    if polygon.ndim != 2 or polygon.shape[1:] != (2,) or len(polygon) < 3:
        raise ValueError(f"a polygon has shape (P, 2) with P >= 3, not {polygon.shape}")
    if not np.isfinite(polygon).all():
        raise ValueError("the coordinates of a polygon must be finite")
    return polygon


def signed_area(polygon: Polygon) -> float:
    """Area in square pixels; positive if the points are clockwise on the screen (y is downwards)."""
    x, y = polygon.astype(np.float64).T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def bounding_box(points: Points) -> Box:
    """Return the smallest upright rectangle around points of shape (..., 2)."""
    flat = points.reshape(-1, 2)
    return Box(*np.minimum.reduce(flat).tolist(), *np.maximum.reduce(flat).tolist())


def bounding_boxes(quads: Points) -> NDArray[np.float32]:
    """Return the upright rectangles (K, 4) left, top, right, bottom around quads (K, 4, 2)."""
    return np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)


def clockwise(polygon: Polygon) -> Polygon:
    """Return the points in clockwise order on the screen."""
    return np.ascontiguousarray(polygon if signed_area(polygon) >= 0 else polygon[::-1])


def start_at_nearest(polygon: Polygon, point: NDArray[np.float32]) -> Polygon:
    """Return the polygon with the point nearest to `point` (2,) as its first one."""
    nearest = int(((polygon - point) ** 2).sum(axis=1).argmin())
    return np.roll(polygon, -nearest, axis=0)


def is_self_intersecting(polygon: Polygon) -> bool:
    """Whether two sides of a polygon intersect other than in a common corner."""
    points = polygon.astype(np.float64)
    return _sides_intersect(points, points)  # sides with a common corner do not count: a distance is 0


def polygons_overlap(first: Polygon, second: Polygon) -> bool:
    """Whether the interiors of two polygons intersect: sides intersect, or one contains the other."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    if _sides_intersect(a, b):
        return True
    return _contains(a, b.mean(axis=0)) or _contains(b, a.mean(axis=0)) or _contains(a, b[0]) or _contains(b, a[0])


def _sides_intersect(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Whether a side of one polygon intersects a side of the other, by the signs of cross products."""
    along_a, along_b = np.roll(a, -1, axis=0) - a, np.roll(b, -1, axis=0) - b
    to = b[None] - a[:, None]
    from_a = along_a[:, None, 0] * to[..., 1] - along_a[:, None, 1] * to[..., 0]
    from_b = along_b[None, :, 0] * to[..., 1] - along_b[None, :, 1] * to[..., 0]
    return bool(((from_a * np.roll(from_a, -1, axis=1) < 0) & (from_b * np.roll(from_b, -1, axis=0) < 0)).any())


def _contains(polygon: NDArray[np.float64], point: NDArray[np.float64]) -> bool:
    """Whether a polygon contains a point, by the number of sides that a ray to the right intersects."""
    starts, ends = polygon, np.roll(polygon, -1, axis=0)
    intersects = (starts[:, 1] > point[1]) != (ends[:, 1] > point[1])
    starts, ends = starts[intersects], ends[intersects]
    x = starts[:, 0] + (point[1] - starts[:, 1]) / (ends[:, 1] - starts[:, 1]) * (ends[:, 0] - starts[:, 0])
    return bool((x > point[0]).sum() % 2)
