"""Scenes through effects, views and chains: labels stay where their texts are."""

import json
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from augment import (
    Affine,
    Blur,
    Colour,
    CutRule,
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
    training_view,
    warp_scene,
)
from augment.polygons import short_side
from synthtext.core import InputError, Scene, Size, TextInstance, Warp, signed_area

ALL = CutRule(0, 0, 0)  # keeps every piece
BIG_AFFINE = Affine((-30, 30), (0.6, 1.8), (-20, 20), (-0.3, 0.3))
MILD = Colour(brightness_range=(0, 0))  # grey stays, so that the outline of a mask is where it is grey
CHAINS = {
    "flip": [Flip()],
    "affine": [BIG_AFFINE],
    "rotation": [Rotation((-40, 40))],
    "skew": [Skew()],
    "perspective": [Perspective((0.1, 0.25))],
    "rescale": [Rescale((0.3, 3))],
    "resize and pad": [ResizePad(160, 120)],
    "text crop": [TextCrop()],
    "distort": [Distort()],
    "stretch": [Stretch()],
    "tia perspective": [TiaPerspective()],
    "all geometry": [Flip(), BIG_AFFINE, Perspective(), Distort(), Rescale((0.5, 2)), TextCrop(), ResizePad(200, 200)],
    "around pixels": [Rotation(), MILD, Flip(), Blur((0, 0)), TextCrop(), Invert(), Invert(), Affine(), Noise((0, 1))],
}


def crosses(polygon: np.ndarray) -> bool:
    from pipelines.reader.polygons import crosses as found

    return found(polygon)


def thickness(instance: TextInstance) -> float:
    """Of a text: a bent one is thinner than the rectangle around it, a cut one may be a sliver."""
    polygon = instance.polygon
    around = float(np.linalg.norm(polygon - np.roll(polygon, 1, axis=0), axis=1).sum())
    strip = 2 * signed_area(polygon) / around  # 6 for 8 x 24 pixels
    return min(short_side(polygon), strip * 4 / 3) if len(instance.clusters) else strip


@pytest.mark.parametrize("name", CHAINS)
def test_a_warped_mask_agrees_with_the_warped_label(name: str, drawn: SimpleNamespace) -> None:
    chain = SceneChain([SceneStep(f"e{k}", effect) for k, effect in enumerate(CHAINS[name])], ALL)
    checked = 0
    for seed in range(100):
        scene = drawn.scene(np.random.default_rng(seed))
        before = scene.image.copy()
        result = chain(np.random.default_rng([seed, 1]), scene).scene
        assert (scene.image == before).all()
        height, width = result.image.shape[:2]
        for number, instance in enumerate(scene.instances):
            pieces = [one for one in result.instances if one.text == f"t{number}"]
            for piece in pieces:
                assert signed_area(piece.polygon) > 0
                assert not crosses(piece.polygon)
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
    assert checked > 40


def test_a_dot_goes_where_its_point_goes() -> None:
    rng = np.random.default_rng(0)
    for name, effects in CHAINS.items():
        effects = [effect for effect in effects if not isinstance(effect, TextCrop | ResizePad)]  # they cut
        if name == "around pixels" or not effects:
            continue
        chain = SceneChain([SceneStep("e", effect) for effect in effects], ALL)
        found = 0
        for seed in range(60):
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
        assert found > 10, name


def test_drawing_is_a_function_of_the_generator_and_fits_in_json(drawn: SimpleNamespace) -> None:
    chain = SceneChain([SceneStep(f"e{k}", effect, 0.8) for k, effect in enumerate(CHAINS["all geometry"])])
    scene = drawn.scene(np.random.default_rng(5))
    first, second = (chain(np.random.default_rng(7), scene) for _ in range(2))
    assert (first.scene.image == second.scene.image).all()
    assert (first.valid == second.valid).all()
    recorded = [list(applied) for applied in first.scene.meta.effects]
    assert recorded == json.loads(json.dumps(recorded))
    assert 1 <= len(recorded) <= 7
    for one, other in zip(first.scene.instances, second.scene.instances, strict=True):
        assert (one.polygon == other.polygon).all()


def test_steps_happen_with_their_probability(drawn: SimpleNamespace) -> None:
    chain = SceneChain([SceneStep("flip", Flip(), 0.3), SceneStep("invert", Invert(), 0.7)])
    scene = drawn.scene(np.random.default_rng(0))
    happened = [[a.name for a in chain(np.random.default_rng(k), scene).scene.meta.effects] for k in range(800)]
    assert np.mean(["flip" in names for names in happened]) == pytest.approx(0.3, abs=0.06)
    assert np.mean(["invert" in names for names in happened]) == pytest.approx(0.7, abs=0.06)


def test_a_flip_begins_at_what_is_the_top_left_now() -> None:
    image = np.zeros((40, 100, 3), np.uint8)
    quad = np.array([[10, 5], [30, 6], [31, 15], [11, 14]], np.float32)
    bent = np.array([[50, 20], [60, 22], [70, 20], [70, 30], [60, 32], [50, 30]], np.float32)
    scene = Scene("s", image, (TextInstance("quad", quad), TextInstance("bent", bent)))
    flipped = SceneChain([SceneStep("flip", Flip())])(np.random.default_rng(0), scene).scene
    np.testing.assert_allclose(flipped.instances[0].polygon, [[70, 6], [90, 5], [89, 14], [69, 15]])
    np.testing.assert_allclose(
        flipped.instances[1].polygon, [[30, 20], [40, 22], [50, 20], [50, 30], [40, 32], [30, 30]]
    )
    assert not any(len(instance.clusters) for instance in flipped.instances)


def test_the_first_half_of_the_points_stays_the_top(drawn: SimpleNamespace) -> None:
    """What `crops` and rectification rely on: also where a bend adds points, and in mirrored texts."""
    rng = np.random.default_rng(0)
    more = 0
    for seed in range(100):
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


def test_neighbours_that_move_are_one_resampling() -> None:
    """Turned there and back again, a picture is as it was, which two resamplings would have blurred."""
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    scene = Scene("s", image)
    chain = SceneChain([SceneStep("r", Rotation((20, 20))), SceneStep("b", Rotation((-20, -20)))])
    assert np.abs(chain(np.random.default_rng(0), scene).scene.image.astype(int) - image)[2:-2, 2:-2].max() <= 2


def test_the_valid_mask_is_where_a_white_picture_is_white(drawn: SimpleNamespace) -> None:
    shares = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        scene = drawn.scene(rng)
        scene = replace(scene, image=np.full_like(scene.image, 255))
        chain = (
            training_view(128, 96)
            if seed % 2
            else SceneChain([SceneStep("e", e) for e in (BIG_AFFINE, Invert(), Invert(), Skew())])
        )
        image, valid = (shown := chain(rng, scene)).scene.image, shown.valid
        assert valid.shape == image.shape[:2]
        # The edge itself is half covered by bilinear interpolation.
        inner = cv2.erode(valid, np.ones((7, 7)), borderValue=0)
        outer = cv2.dilate(valid, np.ones((7, 7)))
        assert image[inner == 1].min(initial=255) >= 250
        assert image[outer == 0].max(initial=0) <= 5
        shares.append(valid.mean())
    assert 0.3 < np.mean(shares) < 0.98


def test_training_views_have_their_size_and_cut_no_text(drawn: SimpleNamespace) -> None:
    chain = training_view(192, 128, degrees_range=(0, 0))
    checked = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        scene = drawn.scene(rng, overhang=-0.2)
        size = scene.image.shape[1::-1]
        inside = [one for one in scene.instances if one.polygon.min() >= 0 and (one.polygon.max(axis=0) <= size).all()]
        scene = replace(scene, instances=tuple(replace(one, ignore=False) for one in inside))
        result, valid = chain(rng, scene)
        assert result.image.shape == (128, 192, 3)
        assert valid.shape == (128, 192)
        names = [applied.name for applied in result.meta.effects]
        assert names[-4:] == ["affine", "rescale", "text_crop", "resize_pad"]
        assert bool(result.instances) == bool(inside)  # a part without texts is drawn again
        assert not any(one.ignore for one in result.instances)
        checked += len(result.instances)
    assert checked > 400


def test_text_crops_leave_the_share_of_the_sides(drawn: SimpleNamespace) -> None:
    crop, sizes = TextCrop(least_side_share=0.4), []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        scene = drawn.scene(rng, count=2)
        result = SceneChain([SceneStep("crop", crop)])(rng, scene).scene
        before, after = np.array(scene.image.shape[:2]), np.array(result.image.shape[:2])
        assert (after >= 0.4 * before - 1e-9).all()
        assert (after <= before).all()
        sizes.append((after / before).min())
    assert np.mean(np.array(sizes) < 0.95) > 0.4


def test_large_reductions_are_averaged() -> None:
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[:, ::2] = 255
    small = SceneChain([SceneStep("r", Rescale((0.1, 0.1)))])(np.random.default_rng(0), Scene("s", stripes)).scene.image
    assert small.shape == (40, 40, 3)
    assert np.abs(small.astype(int) - 127.5).max() < 12


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
def test_odd_scenes_pass(scene: Scene) -> None:
    for effects in CHAINS.values():
        chain = SceneChain([SceneStep("e", effect) for effect in effects])
        for seed in range(20):
            result, valid = chain(np.random.default_rng(seed), scene)
            assert result.image.shape[:2] == valid.shape
            assert result.image.size
            assert scene.key not in ("outside", "flat") or not result.instances
    views = training_view(64, 64)
    assert views(np.random.default_rng(0), scene).scene.image.shape == (64, 64, 3)


def test_identity_changes_nothing(drawn: SimpleNamespace) -> None:
    scene = drawn.scene(np.random.default_rng(1), overhang=-0.3)
    same = warp_scene(scene, Warp(), Size(scene.image.shape[1], scene.image.shape[0]))
    assert (same.image == scene.image).all()
    for one, other in zip(scene.instances, same.instances, strict=True):
        assert (one.polygon == other.polygon).all()
        assert (one.clusters.quads == other.clusters.quads).all()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Rescale((0, 1)),
        lambda: Affine(scale_range=(2, 1)),
        lambda: ResizePad(0, 5),
        lambda: TextCrop(tries=0),
        lambda: TextCrop(least_side_share=2),
        lambda: CutRule(0.2, 0.5),
        lambda: CutRule(least_side=-1),
        lambda: Colour(hue_range=(0, 999)),
        lambda: SceneStep("x", Flip(), 1.5),
        lambda: SceneStep("x", object()),  # type: ignore[arg-type]
    ],
)
def test_settings_that_cannot_be_are_refused(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError):
        wrong()
