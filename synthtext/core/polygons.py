"""What several packages ask of polygons (P, 2), and do with them."""

import numpy as np
from numpy.typing import NDArray

from synthtext.core.geometry import Polygon, signed_area


def clockwise(polygon: Polygon) -> Polygon:
    """The same points, clockwise on the screen."""
    return np.ascontiguousarray(polygon if signed_area(polygon) >= 0 else polygon[::-1])


def begin_near(polygon: Polygon, point: NDArray[np.float32]) -> Polygon:
    """The same polygon, beginning at its point that is nearest to `point` (2,)."""
    nearest = int(((polygon - point) ** 2).sum(axis=1).argmin())
    return np.roll(polygon, -nearest, axis=0)


def crosses(polygon: Polygon) -> bool:
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
