import math

import cv2
import numpy as np
import pytest

from pipelines.datasets.scene_labels import repair_polygon
from synthtext.core import is_self_intersecting, signed_area


def star(rng: np.random.Generator, count: int) -> np.ndarray:
    """Points around a middle at rising angles: simple and clockwise, of any shape."""
    gaps = rng.uniform(0.4, 1.0, count)
    angles = rng.uniform(0, 2 * np.pi) + np.cumsum(gaps / gaps.sum() * 2 * np.pi)
    radii = rng.uniform(5, 50, count)
    middle = rng.uniform(-20, 400, 2)
    return (middle + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)).astype(np.float32)


def same_points(one: np.ndarray, other: np.ndarray) -> bool:
    return sorted(map(tuple, one.tolist())) == sorted(map(tuple, other.tolist()))


@pytest.mark.parametrize("seed", range(100))
def test_simple_polygons_keep_their_points_and_their_first_one(seed):
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


@pytest.mark.parametrize("seed", range(100))
def test_bow_ties_become_the_quad_of_their_corners(seed):
    rng = np.random.default_rng(seed)
    quad = star(rng, 4)
    hull = cv2.convexHull(quad)
    if len(hull) < 4:  # a dent, whose corners make three quads: none of them is meant
        quad = np.array([[0, 0], [30, 2], [29, 20], [1, 18]], np.float32) + quad[0]
    tie = np.roll(quad[[0, 2, 1, 3]], int(rng.integers(4)), axis=0)
    mended = repair_polygon(tie)
    assert mended.problem == "self-intersecting quadrilateral"
    assert mended.reliable
    assert not is_self_intersecting(mended.polygon)
    assert signed_area(mended.polygon) > 0
    assert same_points(mended.polygon, quad)
    np.testing.assert_array_equal(mended.polygon[0], tie[0])
    assert signed_area(mended.polygon) == pytest.approx(signed_area(quad), rel=1e-4)


@pytest.mark.parametrize("seed", range(100))
def test_longer_polygons_that_cross_become_a_hull_that_is_a_guess(seed):
    rng = np.random.default_rng(seed)
    polygon = star(rng, int(rng.integers(5, 21)))
    while not is_self_intersecting(polygon):
        polygon = rng.permutation(polygon)
    mended = repair_polygon(polygon)
    assert mended.problem == "self-intersecting polygon"
    assert not mended.reliable
    assert signed_area(mended.polygon) > 0
    assert not is_self_intersecting(mended.polygon)
    inside = [cv2.pointPolygonTest(mended.polygon, tuple(map(float, point)), True) for point in polygon]
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
def test_what_is_no_polygon_is_left_out_and_named(points, says):
    mended = repair_polygon(points)
    assert mended.polygon is None
    assert mended.problem == says


def test_a_ring_that_comes_back_to_its_first_point_names_it_once():
    quad = [[0, 0], [30, 2], [29, 20], [1, 18]]
    mended = repair_polygon([*quad, quad[0]])
    assert mended.problem == ""
    np.testing.assert_array_equal(mended.polygon, np.float32(quad))
    turned = repair_polygon([quad[0], *quad[::-1]])
    assert turned.problem == "counterclockwise polygon"
    np.testing.assert_array_equal(turned.polygon, np.float32(quad))
