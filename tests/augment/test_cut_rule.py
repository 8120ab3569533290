"""Tests of the visibility rule on known geometry, and of polygon functions."""

import numpy as np
import pytest

from augment import VisibilityRule, move_instances
from augment.polygons import VisibleRegion, clip, intersection, mirror_polygon, resolve_self_intersections, warp_polygon
from synthtext.core import Box, Clusters, Origin, Polygon, Size, TextInstance, Warp, is_self_intersecting, signed_area

pytestmark = pytest.mark.slow

SIZE = Size(100, 60)
REGION = VisibleRegion.from_windows(SIZE)


def square(left: float, top: float, width: float = 20, height: float = 10) -> Polygon:
    return Box(left, top, left + width, top + height).polygon()


def text(polygon: Polygon, name: str = "ab", *, parent: int = -1, ignore: bool = False) -> TextInstance:
    clusters = Clusters(np.array([0, len(name)], np.int32), polygon[None, :4].copy())
    return TextInstance(name, polygon, clusters, ignore, "word", parent, Origin("rendered", "s", 3))


def shifted(instances: list[TextInstance], dx: float, rule: VisibilityRule | None = None) -> tuple[TextInstance, ...]:
    """Move the instances to the left by dx."""
    return move_instances(instances, Warp.translation(-dx, 0), SIZE, REGION, rule or VisibilityRule())


@pytest.mark.parametrize(
    ("dx", "expected"),
    [
        (0, "whole"),
        (10, "whole"),
        (15.9, "kept"),
        (16.1, "ignored"),
        (27.9, "ignored"),
        (28.1, "dropped"),
        (40, "dropped"),
    ],
)
def test_rule_at_its_thresholds(dx: float, expected: str) -> None:
    left = shifted([text(square(10, 20))], dx)
    assert bool(left) == (expected != "dropped")
    if left:
        (one,) = left
        assert one.ignore == (expected == "ignored")
        assert one.text == "ab"
        assert one.origin == Origin("rendered", "s", 3)
        assert len(one.clusters) == (expected == "whole")
        lost = max(0.0, dx - 10)
        np.testing.assert_allclose(one.polygon, square(max(10 - dx, 0), 20, 20 - lost), atol=2e-3)


def test_visibilities_and_min_side_are_settings() -> None:
    half = [text(square(10, 20))]
    assert not shifted(half, 20, VisibilityRule(0.5, 0.1))[0].ignore
    assert shifted(half, 20, VisibilityRule(0.6, 0.1))[0].ignore
    assert not shifted(half, 20, VisibilityRule(0.7, 0.6))
    assert shifted(half, 20, VisibilityRule(min_side=9.9))
    assert not shifted(half, 20, VisibilityRule(min_side=10.1))


def test_ignored_texts_stay_ignored() -> None:
    assert shifted([text(square(10, 20), ignore=True)], 0)[0].ignore


def test_parents_are_renumbered() -> None:
    block = text(square(0, 0, 100, 60), "block")
    line_gone, line = text(square(0, 10), "gone", parent=0), text(square(40, 30, 40), "line", parent=0)
    words = [text(square(2, 12, 5), "w0", parent=1), text(square(45, 30, 10), "w1", parent=2)]
    orphan = text(square(90, 50, 5), "w2", parent=1)
    left = shifted([block, line_gone, line, *words, orphan], 30, VisibilityRule(keep_visibility=0.5))
    assert [(one.text, one.parent) for one in left] == [("block", -1), ("line", 0), ("w1", 1), ("w2", 0)]


def test_cycle_of_parents_terminates() -> None:
    ring = [text(square(0, 0), "a", parent=1), text(square(0, 20), "b", parent=0), text(square(50, 0), "c", parent=0)]
    assert [(one.text, one.parent) for one in shifted(ring, 30)] == [("c", -1)]


def test_text_in_several_pieces_keeps_all_of_them() -> None:
    """A U whose bottom is cut off: one leg keeps the position, the other is ignored."""
    outline = [[10, 20], [20, 20], [20, 55], [30, 55], [30, 20], [38, 20], [38, 70], [10, 70]]
    left = move_instances(
        [text(np.array(outline, np.float32), "u"), text(square(60, 0), "v", parent=0)],
        Warp.translation(0, 10),
        Size(100, 100),
        REGION,
        VisibilityRule(0.1, 0.05),
    )
    assert [(one.text, one.ignore, one.parent) for one in left] == [("u", False, -1), ("v", False, 0), ("u", True, -1)]
    assert sorted(signed_area(one.polygon) for one in left if one.text == "u") == pytest.approx([240, 300], abs=0.1)


def test_parts_outside_the_old_image_are_not_visible() -> None:
    """A label beyond the border stays clipped in a larger new image."""
    beyond = text(square(95, 20))
    (one,) = move_instances(
        [beyond], Warp.translation(0, 0), SIZE, VisibleRegion.from_windows(Size(200, 60)), VisibilityRule()
    )
    np.testing.assert_allclose(one.polygon, square(95, 20, 5), atol=2e-3)
    assert one.ignore


def test_windows_clip_like_borders() -> None:
    tilted = np.array([[50, -20], [120, 50], [50, 120], [-20, 50]], np.float32)
    region = VisibleRegion.from_windows(SIZE, [square(0, 0, 25, 60), tilted])
    (one,) = move_instances([text(square(15, 20))], Warp(), SIZE, region, VisibilityRule(0.5, 0.1))
    np.testing.assert_allclose(one.polygon, square(15, 20, 10), atol=2e-3)
    mask = region.mask(SIZE)
    assert mask[32, :25].all()
    assert not mask[:, 25:].any()
    assert mask[5, 5] == 0  # beside the tilted window


def random_polygon(rng: np.random.Generator) -> Polygon:
    """Return a clockwise star of 3 to 14 points, usually concave."""
    count = int(rng.integers(3, 15))
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    radii = rng.uniform(3, 25, count)
    return (np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None] + rng.uniform(0, 60, 2)).astype(np.float32)


def test_clipped_polygons_are_clockwise_simple_and_inside() -> None:
    rng = np.random.default_rng(0)
    box, several = Box(10, 10, 50, 40), 0
    for _ in range(1500):
        polygon = random_polygon(rng)
        if signed_area(polygon) < 1 or is_self_intersecting(polygon):
            continue
        pieces = clip(polygon, box)
        several += len(pieces) > 1
        for piece in pieces:
            assert signed_area(piece) > 0
            assert not is_self_intersecting(piece)
            assert (piece >= (10 - 1e-3, 10 - 1e-3)).all()
            assert (piece <= (50 + 1e-3, 40 + 1e-3)).all()
            nearest = np.linalg.norm(piece - polygon[0], axis=1)
            assert nearest[0] == nearest.min()
        areas = [signed_area(piece) for piece in pieces]
        assert areas == sorted(areas, reverse=True)
        rest = sum(signed_area(part) for part in intersection(polygon, box.polygon()))
        assert sum(areas) == pytest.approx(rest, abs=0.1)
    assert several > 10


def test_self_intersecting_polygon_is_split() -> None:
    bow_tie = np.array([[0, 0], [10, 10], [10, 0], [0, 10]], np.float32)
    pieces = resolve_self_intersections(bow_tie)
    assert [signed_area(piece) for piece in pieces] == pytest.approx([25, 25], abs=0.1)


def test_mirroring_twice_is_the_identity() -> None:
    rng = np.random.default_rng(0)
    for count in (4, 6, 12):
        polygon = rng.uniform(0, 50, (count, 2)).astype(np.float32)
        flip = Warp.from_matrix(np.array([[-1, 0, 50], [0, 1, 0], [0, 0, 1]]))
        twice = mirror_polygon(flip.points(mirror_polygon(flip.points(polygon))))
        np.testing.assert_allclose(twice, polygon, atol=1e-4)


class Wave:
    """Shifts points downwards by a function of x."""

    def forward(self, points: np.ndarray) -> np.ndarray:
        return points + np.stack([0 * points[:, 0], 12 * np.sin(points[:, 0] / 25)], axis=1)

    def backward(self, points: np.ndarray) -> np.ndarray:
        return points - np.stack([0 * points[:, 0], 12 * np.sin(points[:, 0] / 25)], axis=1)


def test_only_bent_edges_get_points() -> None:
    bent = warp_polygon(square(10, 20, 80, 20), Warp((Wave(),)))
    half = len(bent) // 2
    assert len(bent) % 2 == 0
    assert 5 <= half <= 17
    np.testing.assert_allclose(bent[[0, half - 1, half, -1], 0], [10, 90, 90, 10], atol=1e-3)  # no points on the sides
    x = np.linspace(10, 90, 200)
    top = np.interp(x, bent[:half, 0], bent[:half, 1])
    assert np.abs(top - (20 + 12 * np.sin(x / 25))).max() < 0.6
    assert len(warp_polygon(square(10, 20), Warp.rotation(20, (0, 0)))) == 4
