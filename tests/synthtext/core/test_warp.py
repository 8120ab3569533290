import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthtext.core import Box, Clusters, Points, Size, Warp, as_polygon, bounding_box, signed_area
from synthtext.core.warp import Coordinates


class Wave:
    """A curved map with a known inverse: y is shifted by a sine of x."""

    def forward(self, points: Coordinates) -> Coordinates:
        return points + np.stack([np.zeros(len(points)), 6 * np.sin(points[:, 0] / 25)], axis=1)

    def backward(self, points: Coordinates) -> Coordinates:
        return points - np.stack([np.zeros(len(points)), 6 * np.sin(points[:, 0] / 25)], axis=1)


QUAD = np.array([[0, 0], [100, 0], [100, 40], [0, 40]], np.float32)
BENT = np.array([[6, 3], [95, -4], [104, 41], [-3, 36]], np.float32)
WARPS = {
    "shift": Warp.translation(7.25, -3.5),
    "scale": Warp.scaling(1.7, 0.6),
    "turn": Warp.rotation(23, (50, 20)),
    "perspective": Warp.between_quads(QUAD, BENT),
    "wave": Warp((Wave(),)),
    "all": Warp.rotation(5, (50, 20)).then(Warp((Wave(),))).then(Warp.between_quads(QUAD, BENT)),
}


def centroid(image: np.ndarray) -> np.ndarray:
    """Centre of mass in continuous coordinates: pixel (i, j) has its centre at (i + 0.5, j + 0.5)."""
    rows, columns = np.indices(image.shape) + 0.5
    mass = image.astype(np.float64)
    return np.array([(columns * mass).sum(), (rows * mass).sum()]) / mass.sum()


@pytest.mark.parametrize("name", WARPS)
@pytest.mark.parametrize("place", [(30, 12), (50, 20), (71, 27)])
def test_a_dot_goes_where_its_point_goes(name: str, place: tuple[int, int]) -> None:
    x, y = place
    picture = np.zeros((60, 130), np.uint8)
    picture[y - 3 : y + 3, x - 3 : x + 3] = 255  # a dot whose centre is (x, y)
    shown = Warp.translation(15, 15)
    moved = WARPS[name].then(shown)
    target = moved.points(np.array([[x, y]], np.float32))[0]
    found = centroid(moved.image(picture, Size(260, 120)))
    # The centroid of a dot of six pixels deviates slightly under projective and curved maps.
    assert np.abs(found - target).max() < 0.25


@given(st.floats(-40, 40), st.floats(0.3, 3), st.floats(-30, 30))
@settings(max_examples=50)
def test_composition_applies_warps_in_order(degrees: float, scale: float, shift: float) -> None:
    first, second = Warp.rotation(degrees, (3, 4)), Warp.scaling(scale, 1 / scale).then(Warp.translation(shift, 1))
    points = np.random.default_rng(0).uniform(-50, 50, (20, 2)).astype(np.float32)
    together = first.then(second)
    assert len(together.maps) == 1
    np.testing.assert_allclose(together.points(points), second.points(first.points(points)), atol=1e-3)


def test_the_empty_warp_is_the_identity() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    assert (Warp().image(image, Size(30, 20)) == image).all()
    assert (Warp().points(QUAD) == QUAD).all()


@pytest.mark.parametrize("name", WARPS)
def test_points_keep_their_shape(name: str) -> None:
    quads = np.stack([QUAD, QUAD + 3])
    moved: Points = WARPS[name].points(quads)
    assert moved.shape == quads.shape
    assert moved.dtype == np.float32
    np.testing.assert_allclose(moved[1], WARPS[name].points(QUAD + 3), atol=1e-4)


def test_outlines_of_warped_clusters_are_clockwise() -> None:
    quads = np.stack([QUAD + np.float32([100 * k, 0]) for k in range(3)])
    clusters = Clusters(np.array([0, 1, 3, 4], np.int32), quads)
    assert list(clusters.texts("aßec")) == ["a", "ße", "c"]
    moved = clusters.warped(WARPS["shift"])
    outline = moved.outline("aßec")
    assert len(outline) == 4  # a straight line has the corners of its ends
    assert signed_area(outline) == pytest.approx(300 * 40)
    assert bounding_box(outline) == pytest.approx((7.25, -3.5, 307.25, 36.5))


@pytest.mark.parametrize("degrees", [0, 60, 100, 180, -135])
def test_outlines_keep_their_area_under_rotation(degrees: float) -> None:
    quads = np.stack([QUAD + np.float32([100 * k, 0]) for k in range(3)])
    clusters = Clusters(np.array([0, 1, 2, 3], np.int32), quads).warped(Warp.rotation(degrees, (150, 20)))
    assert signed_area(clusters.outline("abc")) == pytest.approx(300 * 40, rel=1e-4)


@pytest.mark.parametrize("points", [[[0, 0], [1, 1]], [[0, 0, 0]] * 3, [[0, 0], [1, np.nan], [2, 2]]])
def test_invalid_polygons_are_refused(points: list[list[float]]) -> None:
    with pytest.raises(ValueError):
        as_polygon(points)


def test_clusters_need_matching_offsets() -> None:
    with pytest.raises(ValueError):
        Clusters(np.array([0, 1], np.int32), np.zeros((2, 4, 2), np.float32))


class Bend:
    """A ring of a given radius around (200, 200), the tightest curve of lines."""

    def __init__(self, radius: float) -> None:
        self.radius = radius

    def forward(self, points: Coordinates) -> Coordinates:
        angle, radius = points[:, 0] / self.radius, self.radius - points[:, 1]
        return np.stack([200 + radius * np.sin(angle), 200 - radius * np.cos(angle)], axis=1)

    def backward(self, points: Coordinates) -> Coordinates:
        across, up = points[:, 0] - 200, 200 - points[:, 1]
        return np.stack([self.radius * np.arctan2(across, up), self.radius - np.hypot(across, up)], axis=1)


@pytest.mark.parametrize("radius", [36, 60, 90, 120, 160, 200])
@pytest.mark.parametrize("size", [(400, 400), (397, 211), (261, 399)])
def test_interpolation_error_is_bounded(radius: float, size: tuple[int, int]) -> None:
    rows, columns = radius // 4, 2 * radius  # a line one em high and eight ems long on a ring of four ems
    warp = Warp((Bend(radius),)).then(Warp.translation(-0.3, 0.4))
    warp = Warp.translation(-radius, -rows / 2).then(warp)
    found = warp._sampling_map(size, (rows, columns))
    exact = np.stack(np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5), axis=-1).reshape(-1, 2)
    for step in reversed(warp.maps):
        exact = step.backward(exact)
    exact = (exact - 0.5).reshape(found.shape)
    inside = ((exact >= -0.5) & (exact <= [columns - 0.5, rows - 0.5])).all(axis=-1)
    assert inside.any()
    assert np.abs(found - exact)[inside].max() < 0.05


def test_bounds_contain_the_warped_corners() -> None:
    box = Box(3, -4, 90, 22)
    tilted = box.polygon() + np.float32([[0, 2], [-5, 0], [3, 8], [1, -6]])
    warp = Warp.rotation(20, (30, 10)).then(Warp.between_quads(box.polygon(), tilted))
    assert warp.bounds(box) == pytest.approx(bounding_box(warp.points(box.polygon())), abs=1e-4)
    assert Warp().bounds(box) == box
