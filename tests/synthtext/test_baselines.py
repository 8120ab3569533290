"""Baselines: ink and labels move together."""

import json
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon as Shape

from synthtext.baselines import Arc, Baseline, Circle, Straight, Vertical, Wave
from synthtext.baselines.baseline import RingMap, SineMap
from synthtext.core import Box, Clusters, InputError, Points, Size, Warp, bounding_box, signed_area

INK = Box(0.04, -0.75, 13.2, 0.24)
SHORT = Box(0.04, -0.75, 2.1, 0.24)
EM = 40
BASELINES: list[Baseline] = [
    Straight(),
    Vertical(),
    Arc((20, 60), downward_probability=0),
    Arc((100, 180), downward_probability=1),
    Circle(inside_probability=0),
    Circle((0.9, 0.95), inside_probability=1),
    Wave(),
]
CURVED = BASELINES[2:]


def draw_warp(baseline: Baseline, ink: Box = INK, seed: int = 0) -> Warp:
    parameters = json.loads(json.dumps(baseline.draw(np.random.default_rng(seed), ink)))
    return baseline.warp(ink, parameters)


def rim(ink: Box) -> Points:
    """Points along the upper and the lower side."""
    along = np.linspace(ink.left, ink.right, 200)
    return np.stack([np.tile(along, 2), np.repeat([ink.top, ink.bottom], 200)], axis=1).astype(np.float32)


def framed(ink: Box, curved: Warp, em: float = EM) -> tuple[Warp, Warp, Size, Size]:
    """Warps from a straight image to ems and from ems to a curved image, both with a border, and both sizes."""
    to_ems = Warp.scaling(1 / em, 1 / em).then(Warp.translation(ink.left - 3 / em, ink.top - 3 / em))
    straight = Size(np.ceil(ink.width * em) + 6, np.ceil(ink.height * em) + 6)
    shown = curved.then(Warp.scaling(em, em))
    box = bounding_box(shown.points(rim(ink)))
    shown = shown.then(Warp.translation(10 - box.left, 10 - box.top))
    return to_ems, shown, straight, Size(np.ceil(box.width + 20), np.ceil(box.height + 20))


def dot(size: Size, place: Points, radius: float = 3.5) -> np.ndarray:
    rows, columns = np.indices((int(size.height), int(size.width))) + 0.5
    away = np.hypot(columns - place[0], rows - place[1])
    return np.asarray(np.clip(radius + 0.5 - away, 0, 1) * 255, np.uint8)


def set_clusters(widths: list[float], apart: float = 0.0, *, reverse: bool = False, vertical: bool = False) -> Clusters:
    """Clusters in ems, in logical order; `apart` is the space between them, negative for overlap."""
    quads, pen = [], 0.0
    for width in widths:
        box = Box(-0.5, pen, 0.5, pen + width) if vertical else Box(pen, -0.75, pen + width, 0.25)
        quads.append(box.polygon())
        pen += width + apart
    return Clusters(np.arange(len(widths) + 1, dtype=np.int32), np.stack(quads[::-1] if reverse else quads))


@pytest.mark.parametrize("baseline", BASELINES, ids=repr)
@pytest.mark.parametrize("share", [(0.02, 0.1), (0.3, 0.9), (0.5, 0.5), (0.97, 0.2), (0.8, 0.95)])
def test_a_dot_goes_where_its_point_goes(baseline: Baseline, share: tuple[float, float]) -> None:
    to_ems, shown, straight, size = framed(INK, draw_warp(baseline))
    corners = Box(0, 0, *size).polygon()
    leaning = Warp.between_quads(corners, corners * np.float32(0.9) + np.float32([[5, 0], [12, 9], [0, 3], [9, 12]]))
    warp = to_ems.then(shown).then(leaning)
    place = np.array([INK.left + share[0] * INK.width, INK.top + share[1] * INK.height], np.float32)
    start = np.array([(place[0] - INK.left) * EM + 3, (place[1] - INK.top) * EM + 3], np.float32)
    moved = warp.image(dot(straight, start), size).astype(np.float64)
    rows, columns = np.indices(moved.shape) + 0.5
    found = np.array([(columns * moved).sum(), (rows * moved).sum()]) / moved.sum()
    assert np.abs(found - shown.then(leaning).points(place)).max() < 0.3


@given(
    st.floats(0.3, 40),
    st.floats(0.3, 1.6),
    st.floats(1, 300),
    st.booleans(),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20),
)
@settings(max_examples=200)
def test_backward_inverts_a_ring(width: float, height: float, degrees: float, downwards: bool, shares: list) -> None:  # type: ignore[type-arg]
    ink = Box(0.1, -0.8 * height, 0.1 + width, 0.2 * height)
    degrees = Arc((degrees, degrees)).draw(np.random.default_rng(0), ink)["degrees"]
    ring = RingMap(ink, width / np.deg2rad(degrees), downwards)
    points = np.array([[ink.left + x * width, ink.top + y * height] for x, y in shares])
    np.testing.assert_allclose(ring.backward(ring.forward(points)), points, atol=1e-9)
    curved = ring.forward(points)
    np.testing.assert_allclose(ring.forward(ring.backward(curved)), curved, atol=1e-9)


@given(st.floats(0, 2), st.floats(1, 100), st.floats(0, 7), st.floats(-50, 50), st.floats(-50, 50))
@settings(max_examples=100)
def test_backward_inverts_a_sine(amplitude: float, length: float, phase: float, x: float, y: float) -> None:
    sine, point = SineMap(amplitude, length, phase), np.array([[x, y]])
    np.testing.assert_allclose(sine.backward(sine.forward(point)), point, atol=1e-9)
    np.testing.assert_allclose(sine.forward(sine.backward(point)), point, atol=1e-9)


@pytest.mark.parametrize("baseline", CURVED, ids=repr)
@pytest.mark.parametrize("em", [20, 40])
def test_curved_boxes_have_no_ghosts(baseline: Baseline, em: int) -> None:
    """A box becomes its curved outline, without ghosts at the discontinuity of angles or beyond the centre."""
    for seed in range(4):
        to_ems, shown, straight, size = framed(INK, draw_warp(baseline, seed=seed), em)
        picture = np.zeros((int(straight.height), int(straight.width)), np.uint8)
        picture[3:-3, 3:-3] = 255
        wide = Warp.translation(200, 200)  # with a wide margin
        moved = to_ems.then(shown).then(wide).image(picture, Size(size.width + 400, size.height + 400)) / 255.0
        ratio = moved.sum() / ((picture > 0).sum())
        assert ratio == pytest.approx(1, rel=0.01)  # rings and waves preserve the area
        expected = bounding_box(shown.then(wide).points(rim(INK)))
        rows, columns = np.nonzero(moved > 0.02)
        found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert np.abs(np.subtract(found, expected)).max() < 2.5


@pytest.mark.parametrize("ink", [INK, SHORT, Box(0, -0.5, 40, 0.0), Box(0, -1.3, 6, 0.4)], ids=repr)
def test_curvature_is_bounded(ink: Box) -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        arc = Arc((20, 300)).draw(rng, ink)
        radius = ink.width / np.deg2rad(arc["degrees"])
        assert 0 < arc["degrees"] <= 300 + 1e-9
        assert radius >= 4 - 1e-9
        assert radius - ink.height / 2 >= 2.5 * ink.height - 1e-9
        circle = Circle((0.5, 0.95)).draw(rng, ink)
        around = ink.width / circle["coverage"]
        assert around / (2 * np.pi) >= max(4, 3 * ink.height) - 1e-9
        assert around - ink.width >= 2 - 1e-9
        wave = Wave((0, 2), (1, 100)).draw(rng, ink)
        number = 2 * np.pi / wave["length"]
        assert wave["amplitude"] * number <= 0.4 + 1e-9
        assert wave["amplitude"] * number**2 <= 1 / 4 + 1e-9


@pytest.mark.parametrize("baseline", CURVED, ids=repr)
def test_adjacent_clusters_stay_adjacent_and_contain_their_ink(baseline: Baseline) -> None:
    clusters = set_clusters([0.6] * 22)
    curved = draw_warp(baseline, Box(0, -0.75, 13.2, 0.25))
    quads = clusters.warped(curved).quads
    side = quads[:-1, 2] - quads[:-1, 1]  # one that moved outwards is longer than the next one's, along the same line
    for corner in (0, 3):
        away = quads[1:, corner] - quads[:-1, 1]
        assert np.abs(side[:, 0] * away[:, 1] - side[:, 1] * away[:, 0]).max() < 1e-4
    assert all(signed_area(quad) > 0 for quad in quads)
    shares = np.linspace(0, 1, 9)
    for source, quad in zip(clusters.quads, quads, strict=True):
        edge = [source[i] + (source[(i + 1) % 4] - source[i]) * share for i in range(4) for share in shares]
        assert Shape(quad).buffer(0.01 / EM).contains(Shape(curved.points(np.array(edge, np.float32))))


def test_an_arc_is_a_sector_of_a_ring() -> None:
    count, degrees = 300, 100.0
    clusters = set_clusters([0.04] * count)
    ink = Box(0, -0.75, 12, 0.25)
    outline = clusters.warped(Arc().warp(ink, {"degrees": degrees, "downwards": False})).outline("a" * count)
    radius = 12 / np.deg2rad(degrees)
    sector = np.deg2rad(degrees) / 2 * ((radius + 0.5) ** 2 - (radius - 0.5) ** 2)
    assert signed_area(outline) == pytest.approx(sector, rel=1e-3)
    assert sector == pytest.approx(12)
    last = len(outline) // 2 - 1
    assert outline[0, 1] == pytest.approx(outline[last, 1], abs=1e-4)  # symmetric, and the ends hang down
    assert outline[0, 1] > outline[last // 2, 1]


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("start", [0, 90, -135])
def test_a_circle_starts_at_its_start_angle(inside: bool, start: float) -> None:
    parameters = {"coverage": 0.4, "start": start, "inside": inside}
    warp = Circle().warp(INK, parameters)
    middle = (INK.top + INK.bottom) / 2
    first, second = warp.points(np.array([[INK.left, middle], [INK.left + 1, middle]], np.float32))
    radius = INK.width / (2 * np.pi * 0.4)
    centre = np.array([(INK.left + INK.right) / 2, middle + (-radius if inside else radius)])
    clock = np.deg2rad(start)
    np.testing.assert_allclose(first, centre + radius * np.array([np.sin(clock), -np.cos(clock)]), atol=1e-4)
    arm = first - centre
    turn = arm[0] * (second - first)[1] - arm[1] * (second - first)[0]
    assert (turn > 0) != inside  # clockwise on the screen, or counterclockwise
    top = warp.points(np.array([[INK.left, INK.top]], np.float32))[0]
    assert (np.linalg.norm(top - centre) < radius) == inside


TEXTS = {"latin": "abcdefghijklmnopqrstuv", "hebrew": "אבגדהוזחטיכלמנסעפצקרשת"}


@pytest.mark.parametrize("baseline", BASELINES, ids=repr)
def test_an_outline_is_simple_and_contains_every_cluster(baseline: Baseline) -> None:
    for script, apart, degrees in product(TEXTS, [0.0, 0.3, -0.1], [0, 90, -150]):
        check_outline(baseline, script, apart, degrees)


def check_outline(baseline: Baseline, script: str, apart: float, degrees: float) -> None:
    text = TEXTS[script]
    widths = np.random.default_rng(1).uniform(0.3, 0.9, len(text)).tolist()
    clusters = set_clusters(
        widths, apart, reverse=script == "hebrew" and not baseline.vertical, vertical=baseline.vertical
    )
    warp = draw_warp(baseline, bounding_box(clusters.quads)).then(Warp.rotation(degrees, (3, 2)))
    moved = clusters.warped(warp)
    outline = moved.outline(text)
    shape = Shape(outline)
    assert shape.is_valid
    assert signed_area(outline) > 0
    assert 4 <= len(outline) <= 4 * len(text)
    roomy = shape.buffer(1 / EM)  # where clusters overlap, the polygon's chord cuts off a sliver
    assert all(roomy.contains(Shape(quad)) for quad in moved.quads)
    first = moved.quads[-1 if script == "hebrew" and not baseline.vertical else 0]
    np.testing.assert_allclose(outline[0], first[0])
    if not baseline.vertical:
        np.testing.assert_allclose(outline[-1], first[3])


def test_a_cluster_inside_of_another_adds_no_corner() -> None:
    quads = np.stack([Box(*sides).polygon() for sides in [(0, 0, 1, 1), (0.4, 0, 0.6, 1), (0.9, 0, 2, 1)]])
    outline = Clusters(np.arange(4, dtype=np.int32), quads).outline("abc")
    assert Shape(outline).is_valid
    assert len(outline) == 4
    assert signed_area(outline) == pytest.approx(2)


def test_outlines_follow_the_visual_order() -> None:
    text = "ab אב"
    order = [0, 1, 2, 4, 3]  # from left to right
    quads = np.empty((5, 4, 2), np.float32)
    for place, k in enumerate(order):
        quads[k] = Box(place, 0, place + 1, 1).polygon()
    outline = Clusters(np.arange(6, dtype=np.int32), quads).outline(text)
    assert Shape(outline).is_valid
    assert signed_area(outline) == pytest.approx(5)


def test_an_outline_of_another_text_is_refused() -> None:
    with pytest.raises(ValueError, match="2 characters"):
        set_clusters([1, 1]).outline("abc")
    with pytest.raises(ValueError, match="no outline"):
        Clusters.empty().outline("")


def test_a_single_cluster_is_its_own_outline() -> None:
    clusters = set_clusters([0.7])
    np.testing.assert_allclose(clusters.outline("a"), clusters.quads[0])


@pytest.mark.parametrize("baseline", CURVED, ids=repr)
def test_a_line_without_width_is_not_warped(baseline: Baseline) -> None:
    ink = Box(0.5, -0.5, 0.5, 0.2)
    points = np.array([[0.5, 0.0]], np.float32)
    assert np.isfinite(draw_warp(baseline, ink).points(points)).all()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Arc((0, 20)),
        lambda: Arc((30, 20)),
        lambda: Arc(min_radius=0.5),
        lambda: Arc(downward_probability=2),
        lambda: Circle((0.5, 1)),
        lambda: Circle(start_range=(0, 720)),
        lambda: Circle(min_radius=float("nan")),
        lambda: Circle(inside_probability=-1),
        lambda: Wave((-0.1, 0.1)),
        lambda: Wave(length_range=(0, 4)),
    ],
)
def test_ranges_out_of_bounds_are_refused(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="must be"):
        wrong()
