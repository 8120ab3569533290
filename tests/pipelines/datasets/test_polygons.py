import math

import cv2
import numpy as np
import pytest

from pipelines.datasets.scene_labels import repair_polygon
from synthtext.core import is_self_intersecting, signed_area


def star(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return points around a centre at ascending angles: a simple, clockwise polygon."""
    gaps = rng.uniform(0.4, 1.0, count)
    angles = rng.uniform(0, 2 * np.pi) + np.cumsum(gaps / gaps.sum() * 2 * np.pi)
    radii = rng.uniform(5, 50, count)
    middle = rng.uniform(-20, 400, 2)
    return (middle + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)).astype(np.float32)


def same_points(one: np.ndarray, other: np.ndarray) -> bool:
    return sorted(map(tuple, one.tolist())) == sorted(map(tuple, other.tolist()))


def test_simple_polygons_keep_their_points_and_their_first_point():
    for seed in range(100):
        check_simple_polygon(seed)


def check_simple_polygon(seed):
    rng = np.random.default_rng(seed)
    polygon = star(rng, int(rng.integers(4, 21)))
    kept = repair_polygon(polygon.tolist())
    assert (kept.problem, kept.reliable) == ("", True)
    np.testing.assert_array_equal(kept.polygon, polygon)
    turned = repair_polygon(np.roll(polygon[::-1], 1, axis=0))
    assert turned.problem == "counterclockwise polygon"
    assert turned.reliable
    np.testing.assert_array_equal(turned.polygon, polygon)
    assert turned.polygon.flags.c_contiguous


def test_self_intersecting_quads_become_the_quad_of_their_corners():
    for seed in range(100):
        check_self_intersecting_quad(seed)


def check_self_intersecting_quad(seed):
    rng = np.random.default_rng(seed)
    quad = star(rng, 4)
    hull = cv2.convexHull(quad)
    if len(hull) < 4:  # the corners of a concave quad make three quads
        quad = np.array([[0, 0], [30, 2], [29, 20], [1, 18]], np.float32) + quad[0]
    tie = np.roll(quad[[0, 2, 1, 3]], int(rng.integers(4)), axis=0)
    repaired = repair_polygon(tie)
    assert repaired.problem == "self-intersecting quadrilateral"
    assert repaired.reliable
    assert not is_self_intersecting(repaired.polygon)
    assert signed_area(repaired.polygon) > 0
    assert same_points(repaired.polygon, quad)
    np.testing.assert_array_equal(repaired.polygon[0], tie[0])
    assert signed_area(repaired.polygon) == pytest.approx(signed_area(quad), rel=1e-4)


def test_longer_self_intersecting_polygons_become_an_unreliable_hull():
    for seed in range(100):
        check_self_intersecting_polygon(seed)


def check_self_intersecting_polygon(seed):
    rng = np.random.default_rng(seed)
    polygon = star(rng, int(rng.integers(5, 21)))
    while not is_self_intersecting(polygon):
        polygon = rng.permutation(polygon)
    repaired = repair_polygon(polygon)
    assert repaired.problem == "self-intersecting polygon"
    assert not repaired.reliable
    assert signed_area(repaired.polygon) > 0
    assert not is_self_intersecting(repaired.polygon)
    inside = [cv2.pointPolygonTest(repaired.polygon, tuple(map(float, point)), True) for point in polygon]
    assert min(inside) > -1e-3


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([], "polygon is not a list of points"),
        ([[1, 2]], "polygon of 1 points"),
        ([[1, 2], [30, 40]], "polygon of 2 points"),
        ([[0, 0], [10, 0], [math.nan, 10]], "polygon with a coordinate that is not finite"),
        ([[0, 0], [10, 0], [10, math.inf], [0, 9]], "polygon with a coordinate that is not finite"),
        ([[0, 0], [10, 10], [20, 20], [30, 30]], "polygon without area"),
        ([[5, 5]] * 4, "polygon without area"),
        ([[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]], "polygon without area"),
        ([[0, 0], [10, 0], [10]], "polygon is not a list of points"),
        ([[10**400, 0], [10, 0], [10, 10]], "polygon is not a list of points"),
        ([[1e39, 0], [10, 0], [10, 10]], "polygon with a coordinate beyond 1,000,000 pixels"),
        ([[0, 0], [10, 0], [10, -1000001]], "polygon with a coordinate beyond 1,000,000 pixels"),
        ([[0, 0, 0], [1, 1, 1], [2, 0, 2]], "polygon is not a list of points"),
        ([["a", "b"], ["c", "d"], ["e", "f"]], "polygon is not a list of points"),
        (None, "polygon is not a list of points"),
        ("points", "polygon is not a list of points"),
        ({"x": 1}, "polygon is not a list of points"),
    ],
)
def test_an_invalid_polygon_is_left_out_with_its_problem(points, says):
    repaired = repair_polygon(points)
    assert repaired.polygon is None
    assert repaired.problem == says


def test_a_closed_ring_loses_its_repeated_point():
    quad = [[0, 0], [30, 2], [29, 20], [1, 18]]
    repaired = repair_polygon([*quad, quad[0]])
    assert repaired.problem == ""
    np.testing.assert_array_equal(repaired.polygon, np.float32(quad))
    turned = repair_polygon([quad[0], *quad[::-1]])
    assert turned.problem == "counterclockwise polygon"
    np.testing.assert_array_equal(turned.polygon, np.float32(quad))
