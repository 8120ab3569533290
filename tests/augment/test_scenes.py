"""Tests of SceneChain: labels stay on their texts."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from augment import (
    Affine,
    Blur,
    Colour,
    Distort,
    Flip,
    Invert,
    Noise,
    Perspective,
    Rescale,
    ResizePad,
    Rotation,
    SceneChain,
    SceneStep,
    Skew,
    Stretch,
    TextCrop,
    TiaPerspective,
    VisibilityRule,
    Window,
    detector_augmentation,
)
from augment.labels import VisibleRegion, move_instances
from augment.polygons import short_side
from synthtext.core import Scene, Size, TextInstance, Warp, is_self_intersecting, signed_area

pytestmark = pytest.mark.slow

ALL = VisibilityRule(0, 0, 0)  # keeps every piece
BIG_AFFINE = Affine((-30, 30), (0.6, 1.8), (-20, 20), (-0.3, 0.3))
MILD = Colour(brightness_range=(0, 0))  # keeps mid-grey, the outline of a mask
CHAINS = {
    "flip": [Flip()],
    "affine": [BIG_AFFINE],
    "rotation": [Rotation((-40, 40))],
    "skew": [Skew()],
    "perspective": [Perspective((0.1, 0.25))],
    "rescale": [Rescale((0.3, 3))],
    "resize and pad": [ResizePad(160, 120)],
    "text crop": [TextCrop()],
    "window": [Rescale((0.8, 1.5)), Window(80, 100)],
    "distort": [Distort()],
    "stretch": [Stretch()],
    "tia perspective": [TiaPerspective()],
    "all geometry": [Flip(), BIG_AFFINE, Perspective(), Distort(), Rescale((0.5, 2)), TextCrop(), ResizePad(200, 200)],
    "around pixels": [Rotation(), MILD, Flip(), Blur((0, 0)), TextCrop(), Invert(), Invert(), Affine(), Noise((0, 1))],
}


def thickness(instance: TextInstance) -> float:
    """Return the thickness of a text, which may be bent or clipped to a sliver."""
    polygon = instance.polygon
    around = float(np.linalg.norm(polygon - np.roll(polygon, 1, axis=0), axis=1).sum())
    strip = 2 * signed_area(polygon) / around  # 6 for 8 x 24 pixels
    return min(short_side(polygon), strip * 4 / 3) if len(instance.clusters) else strip


@pytest.mark.parametrize("name", CHAINS)
def test_warped_mask_agrees_with_the_warped_label(name: str, drawn: SimpleNamespace) -> None:
    chain = SceneChain([SceneStep(f"e{k}", effect) for k, effect in enumerate(CHAINS[name])], ALL)
    checked = 0
    for seed in range(15):
        scene = drawn.scene(np.random.default_rng(seed))
        before = scene.image.copy()
        result = chain(np.random.default_rng([seed, 1]), scene).scene
        assert (scene.image == before).all()
        height, width = result.image.shape[:2]
        for number, instance in enumerate(scene.instances):
            pieces = [one for one in result.instances if one.text == f"t{number}"]
            for piece in pieces:
                assert signed_area(piece.polygon) > 0
                assert not is_self_intersecting(piece.polygon)
                assert piece.polygon.min() >= -1e-2
                assert (piece.polygon.max(axis=0) <= (width + 1e-2, height + 1e-2)).all()
            if not pieces or min(thickness(piece) for piece in pieces) < 8:
                continue
            mask = drawn.id_mask(instance.polygon, scene.image.shape)
            alone = replace(scene, image=np.repeat(mask[..., None], 3, axis=2))
            seen = chain(np.random.default_rng([seed, 1]), alone).scene.image[..., 0]
            label = np.max([drawn.id_mask(piece.polygon, seen.shape) for piece in pieces], axis=0)
            assert drawn.overlap(seen, label) >= 0.9, (seed, number)
            checked += 1
    assert checked > 6


def test_dot_moves_with_its_point() -> None:
    rng = np.random.default_rng(0)
    for name, effects in CHAINS.items():
        effects = [effect for effect in effects if not isinstance(effect, TextCrop | Window | ResizePad)]  # they cut
        if name == "around pixels" or not effects:
            continue
        chain = SceneChain([SceneStep("e", effect) for effect in effects], ALL)
        found = 0
        for seed in range(20):
            x, y = rng.uniform(20, 100, 2)
            points = [[x - 3, y - 3], [x + 3, y - 3], [x + 3, y + 3], [x - 3, y + 3]]
            square = np.array(points, np.float32)
            columns, rows = np.arange(140) + 0.5, np.arange(130) + 0.5
            image = 255 * np.exp(-((columns - x) ** 2 + (rows[:, None] - y) ** 2) / 18)
            scene = Scene("dot", np.repeat(image.astype(np.uint8)[..., None], 3, 2), (TextInstance("dot", square),))
            result = chain(np.random.default_rng(seed), scene).scene
            if not result.instances:
                continue
            inner = result.instances[0].polygon.mean(axis=0)
            spread = 0.5 * np.sqrt(signed_area(result.instances[0].polygon))  # of the dot, pixels
            if min(*inner, *(np.array(result.image.shape[1::-1]) - inner)) < 3 * spread:
                continue
            weight = result.image[..., 0].astype(float) ** 2
            centre = [
                (weight.sum(axis) * (np.arange(weight.shape[1 - axis]) + 0.5)).sum() / weight.sum() for axis in (0, 1)
            ]
            np.testing.assert_allclose(centre, inner, atol=0.1 * spread + 0.05, err_msg=name)
            found += 1
        assert found > 5, name


def test_drawing_is_a_function_of_the_generator_and_fits_in_json(drawn: SimpleNamespace) -> None:
    chain = SceneChain([SceneStep(f"e{k}", effect, 0.8) for k, effect in enumerate(CHAINS["all geometry"])])
    scene = drawn.scene(np.random.default_rng(5))
    first, second = (chain(np.random.default_rng(7), scene) for _ in range(2))
    assert (first.scene.image == second.scene.image).all()
    assert (first.valid_mask == second.valid_mask).all()
    recorded = [list(applied) for applied in first.scene.meta.effects]
    assert recorded == json.loads(json.dumps(recorded))
    assert 1 <= len(recorded) <= 7
    for one, other in zip(first.scene.instances, second.scene.instances, strict=True):
        assert (one.polygon == other.polygon).all()


def test_steps_happen_with_their_probability() -> None:
    chain = SceneChain([SceneStep("flip", Flip(), 0.3), SceneStep("invert", Invert(), 0.7)])
    scene = Scene("small", np.zeros((4, 4, 3), np.uint8))
    happened = [[a.name for a in chain(np.random.default_rng(k), scene).scene.meta.effects] for k in range(800)]
    assert np.mean(["flip" in names for names in happened]) == pytest.approx(0.3, abs=0.06)
    assert np.mean(["invert" in names for names in happened]) == pytest.approx(0.7, abs=0.06)


def test_the_first_half_of_the_points_stays_the_top(drawn: SimpleNamespace) -> None:
    """What `crops` and rectification rely on: also where a bend adds points, and in mirrored texts."""
    rng = np.random.default_rng(0)
    more = 0
    for seed in range(40):
        scene = drawn.scene(rng, overhang=-0.25)
        for effects in ([Distort((2, 6), (0.2, 0.3))], [Flip(), Rotation()]):
            chain = SceneChain([SceneStep("e", effect) for effect in effects], ALL)
            result = chain(np.random.default_rng(seed), scene).scene
            for old, new in zip(scene.instances, result.instances, strict=False):
                if old.text != new.text or len(new.polygon) % 2 or len(new.polygon) < len(old.polygon):
                    continue
                more += len(new.polygon) > len(old.polygon)
                half = len(new.polygon) // 2
                ends = np.linalg.norm(new.polygon[half - 1] - new.polygon[half])
                old_half = len(old.polygon) // 2
                scale = np.sqrt(signed_area(new.polygon) / signed_area(old.polygon))
                expected = np.linalg.norm(old.polygon[old_half - 1] - old.polygon[old_half]) * scale
                if signed_area(new.polygon) > 200 and not new.ignore:
                    assert ends < 2.5 * expected
    assert more > 10


def test_consecutive_geometric_effects_resample_once() -> None:
    """Opposite rotations cancel; two resamplings would blur the image."""
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    scene = Scene("s", image)
    chain = SceneChain([SceneStep("r", Rotation((20, 20))), SceneStep("b", Rotation((-20, -20)))])
    assert np.abs(chain(np.random.default_rng(0), scene).scene.image.astype(int) - image)[2:-2, 2:-2].max() <= 2


def test_identity_changes_nothing(drawn: SimpleNamespace) -> None:
    scene = drawn.scene(np.random.default_rng(1), overhang=-0.3)
    size = Size(scene.image.shape[1], scene.image.shape[0])
    same = move_instances(scene.instances, Warp(), size, VisibleRegion.from_windows(size), VisibilityRule())
    for one, other in zip(scene.instances, same, strict=True):
        assert (one.polygon == other.polygon).all()
        assert (one.clusters.quads == other.clusters.quads).all()


@pytest.mark.parametrize(
    "scene",
    [
        Scene("nothing", np.zeros((50, 60, 3), np.uint8)),
        Scene("dot", np.zeros((1, 1, 3), np.uint8)),
        Scene(
            "dot with text",
            np.zeros((1, 1, 3), np.uint8),
            (TextInstance("a", np.array([[0, 0], [1, 0], [1, 1]], np.float32)),),
        ),
        Scene(
            "ignored",
            np.zeros((50, 60, 3), np.uint8),
            (TextInstance("###", np.array([[0, 0], [60, 0], [60, 50], [0, 50]], np.float32), ignore=True),),
        ),
        Scene(
            "outside",
            np.zeros((50, 60, 3), np.uint8),
            (TextInstance("a", np.array([[100, 0], [160, 0], [160, 50]], np.float32)),),
        ),
        Scene(
            "flat",
            np.zeros((50, 60, 3), np.uint8),
            (TextInstance("a", np.array([[10, 10], [20, 10], [30, 10]], np.float32)),),
        ),
    ],
    ids=lambda scene: scene.key,
)
def test_scenes_of_extreme_sizes(scene: Scene) -> None:
    for effects in CHAINS.values():
        chain = SceneChain([SceneStep("e", effect) for effect in effects])
        for seed in range(8):
            result, valid = chain(np.random.default_rng(seed), scene)
            assert result.image.shape[:2] == valid.shape
            assert result.image.size
            assert scene.key not in ("outside", "flat") or not result.instances
    views = detector_augmentation(64, 64)
    assert views(np.random.default_rng(0), scene).scene.image.shape == (64, 64, 3)
