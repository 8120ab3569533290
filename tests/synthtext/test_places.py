"""Placement of texts: in smooth areas, within surfaces, and in their perspective."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.recipes.resolve import resolve_recipe
from synthtext.core import Box, InputError, Scene, Size
from synthtext.scenes.backgrounds import Photos, SceneBackground, Wall
from synthtext.scenes.placement import CELL, FreeArea, PlacementMap, find_placement

pytestmark = pytest.mark.slow

SIZE = (256, 384)
ROOM = FreeArea(80, 20, 6, 1.0)


def noise(shape: tuple[int, ...] = SIZE) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)


def grey() -> np.ndarray:
    return np.full((*SIZE, 3), 128, np.uint8)


def filled(polygon: np.ndarray) -> np.ndarray:
    mask = np.zeros(SIZE, np.uint8)
    cv2.fillPoly(mask, [np.round(polygon).astype(np.int32)], 1)
    return mask.astype(bool)


def test_texts_are_placed_in_smooth_areas() -> None:
    image = noise()
    image[100:220, 150:350] = 90
    smooth = np.zeros(SIZE, bool)
    smooth[100:220, 150:350] = True
    inside = []
    for seed in range(20):
        place = find_placement(np.random.default_rng(seed), PlacementMap(SceneBackground(image)), ROOM, 0.0, 0.0)
        assert place is not None
        inside.append(smooth[filled(place.quad)].mean())
    assert np.mean(inside) > 0.85


def test_placements_are_in_the_image_and_do_not_overlap() -> None:
    placement_map, taken = (
        PlacementMap(SceneBackground(Wall().paint(np.random.default_rng(1), Size(SIZE[1], SIZE[0])))),
        np.zeros(SIZE, int),
    )
    rng = np.random.default_rng(2)
    found = [find_placement(rng, placement_map, ROOM, float(rng.uniform(-40, 40)), 1.0) for _ in range(60)]
    places = [place for place in found if place is not None]
    assert 5 < len(places) < 60
    for place in places:
        assert place.quad.min() >= 0
        assert (place.quad <= SIZE[::-1]).all()
        taken += filled(place.quad)
        corners = place.warp.points(Box(0, 0, ROOM.width, ROOM.height).polygon())
        assert cv2.pointPolygonTest(place.quad, tuple(map(float, corners.mean(axis=0))), False) > 0
        assert all(cv2.pointPolygonTest(place.quad, tuple(map(float, c)), True) > -0.5 for c in corners)
    assert taken.max() == 1


def test_blocks_larger_than_the_image_have_no_placement() -> None:
    assert (
        find_placement(
            np.random.default_rng(0), PlacementMap(SceneBackground(grey())), FreeArea(900, 20, 6, 1.0), 0.0, 1.0
        )
        is None
    )
    smaller = find_placement(
        np.random.default_rng(0), PlacementMap(SceneBackground(grey())), FreeArea(600, 20, 6, 0.3), 0.0, 1.0
    )
    assert smaller is not None
    assert smaller.quad[:, 0].max() - smaller.quad[:, 0].min() == pytest.approx(0.5 * 612, abs=1)


def test_placements_do_not_cross_borders_of_segments() -> None:
    segments = np.zeros(SIZE, np.uint8)
    segments[:, 190:] = 1
    segments[120:, 100:300] = 2
    for seed in range(25):
        place = find_placement(
            np.random.default_rng(seed), PlacementMap(SceneBackground(grey(), segments=segments)), ROOM, 5.0, 1.0
        )
        assert place is not None
        assert len(np.unique(segments[filled(place.quad)])) == 1


def test_placements_do_not_cross_depth_discontinuities() -> None:
    depth = np.full(SIZE, 60, np.uint8)
    depth[:, 190:] = 200
    for seed in range(25):
        place = find_placement(
            np.random.default_rng(seed), PlacementMap(SceneBackground(grey(), depth=depth)), ROOM, 0.0, 1.0
        )
        assert place is not None
        inside = depth[filled(place.quad)]
        assert inside.min() == inside.max()


@pytest.mark.parametrize("way", ["right", "left", "down", "up"])
def test_perspective_follows_the_slope_of_the_depth(way: str) -> None:
    """The nearer side of a wall is larger by the ratio of inverse depths."""
    ramp = np.linspace(60, 180, SIZE[1] if way in ("right", "left") else SIZE[0])
    ramp = ramp[::-1] if way in ("left", "up") else ramp
    depth = np.tile(ramp, (SIZE[0], 1)) if way in ("right", "left") else np.tile(ramp[:, None], (1, SIZE[1]))
    placement_map = PlacementMap(SceneBackground(grey(), depth=depth.astype(np.uint8)))
    place = find_placement(np.random.default_rng(3), placement_map, FreeArea(120, 60, 0, 1.0), 0.0, 1.0)
    assert place is not None
    (a, b, c, d), middle = place.quad, place.quad.mean(axis=0)
    across = way in ("right", "left")
    sides = (np.hypot(*(d - a)), np.hypot(*(c - b))) if across else (np.hypot(*(b - a)), np.hypot(*(c - d)))
    reach = np.array([60.0, 0.0]) if across else np.array([0.0, 30.0])
    near = [depth[tuple(np.round((middle + sign * reach)[::-1]).astype(int))] for sign in (-1, 1)]
    assert sides[1] / sides[0] == pytest.approx(near[1] / near[0], rel=0.06)


def test_perspective_follows_the_edges_of_the_image() -> None:
    image = grey()
    for y in range(-200, 400, 24):
        cv2.line(image, (0, y), (SIZE[1], y + round(0.2 * SIZE[1])), (20, 20, 20), 3, cv2.LINE_AA)
    slopes = [
        PlacementMap(SceneBackground(picture)).slopes(Box(120, 100, 240, 140)) for picture in (image, image[:, ::-1])
    ]
    assert 0.1 < slopes[0].top < 0.25
    assert -0.25 < slopes[1].bottom < -0.1
    assert PlacementMap(SceneBackground(grey())).slopes(Box(120, 100, 240, 140)).top == 0


def test_reserved_areas_are_not_free() -> None:
    placement_map = PlacementMap(SceneBackground(grey()))
    square = Box(40, 40, 100, 80).polygon()
    assert placement_map.is_free(square)
    placement_map.reserve(square)
    assert not placement_map.is_free(square)
    assert not placement_map.is_free(Box(90, 70, 120, 100).polygon())
    assert placement_map.is_free(Box(100 + CELL, 40, 160, 80).polygon())
    assert not placement_map.is_free(Box(300, 10, SIZE[1] + 1, 30).polygon())


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Photographs of two adjacent walls of different colours, with maps."""
    for name in ("photos", "depth", "segments"):
        (tmp_path / name).mkdir()
    for number in range(3):
        image, segments = noise((300, 400)) // 8 + 60, np.zeros((300, 400), np.uint8)
        image[:, 200 + 20 * number :] += 120
        segments[:, 200 + 20 * number :] = 9
        cv2.imwrite(str(tmp_path / "photos" / f"wall{number}.jpg"), image)
        cv2.imwrite(str(tmp_path / "segments" / f"wall{number}.png"), segments[::2, ::2])
        cv2.imwrite(str(tmp_path / "depth" / f"wall{number}.png"), np.tile(np.linspace(50, 90, 400), (300, 1)))
    return tmp_path


def photo_recipe(folder: Path, *maps: str) -> tuple[str, ...]:
    named = "".join(f", {name}: {folder / name}" for name in maps)
    return (
        "fonts={bundled: true, size_range: [9, 30]}",
        "output={width_range: [300, 300], height_range: [260, 260]}",
        "layouts={photo: 1}",
        f"background={{photos: {{folder: {folder / 'photos'}{named}}}}}",
    )


@pytest.mark.parametrize("maps", [(), ("depth",), ("segments",), ("depth", "segments")], ids=str)
def test_scenes_on_photographs_with_and_without_maps(photographs: Path, maps: tuple[str, ...]) -> None:
    generator = resolve_recipe("scenes", photo_recipe(photographs, *maps)).generator(1)
    drawn = [generator.generate(index) for index in range(6)]
    assert sum(isinstance(scene, Scene) for scene in drawn) >= 5
    assert {scene.meta.parameters["background"] for scene in drawn if isinstance(scene, Scene)} == {"photos"}


def test_texts_on_photographs_stay_within_segments(photographs: Path) -> None:
    stock = Photos(photographs / "photos", segments=photographs / "segments").for_block(np.random.default_rng(0))
    for seed in range(12):
        rng = np.random.default_rng(seed)
        background = stock.paint_scene(rng, Size(SIZE[1], SIZE[0]))
        assert background.image.shape[:2] == SIZE
        assert background.segments is not None
        place = find_placement(rng, PlacementMap(background), ROOM, 0.0, 1.0)
        if place is not None:
            assert len(np.unique(background.segments[filled(place.quad)])) == 1
            bright = background.image[filled(place.quad)].mean(axis=1) > 120
            assert bright.mean() < 0.02 or bright.mean() > 0.98  # the map is cropped like its photograph


def test_photographs_fill_the_image_without_reflection(photographs: Path) -> None:
    ramp = np.repeat(np.linspace(0, 255, 500).astype(np.uint8)[None], 200, axis=0)
    cv2.imwrite(str(photographs / "photos" / "wall0.jpg"), cv2.merge([ramp] * 3))
    for name in ("wall1.jpg", "wall2.jpg"):
        (photographs / "photos" / name).unlink()
    stock = Photos(photographs / "photos").for_block(np.random.default_rng(0))
    for seed in range(10):
        row = stock.paint(np.random.default_rng(seed), Size(640, 480))[240, :, 0].astype(int)
        steps = np.diff(cv2.blur(row[None].astype(np.float32), (31, 1))[0, 20:-20])
        assert (steps > -0.2).all() or (steps < 0.2).all()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "depth" / "wall1.png").write_bytes(b"no picture"), "wall1.png' is broken"),
        (lambda folder: cv2.imwrite(str(folder / "depth" / "wall1.png"), np.zeros((90, 90))), "is 90 x 90"),
        (lambda folder: [p.unlink() for p in (folder / "depth").iterdir()], "contains no map of a photograph"),
        (lambda folder: [p.unlink() for p in (folder / "photos").iterdir()], "contains no image"),
        (lambda folder: (folder / "photos" / "a.jpg").write_bytes(b"\xff\xd8"), "a.jpg' is broken"),
    ],
    ids=["broken map", "other shape", "no map", "no photograph", "broken photograph"],
)
def test_invalid_folders_are_refused(photographs: Path, damage: object, message: str) -> None:
    assert callable(damage)
    damage(photographs)
    with pytest.raises(InputError, match=message):
        resolve_recipe("scenes", photo_recipe(photographs, "depth"))
