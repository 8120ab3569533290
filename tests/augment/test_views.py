"""Tests of view transforms: sizes, masks, crops between texts and rejected settings."""

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from augment import (
    Affine,
    Colour,
    Distort,
    Flip,
    Invert,
    LabelGeometry,
    Rescale,
    ResizePad,
    SceneChain,
    SceneStep,
    Skew,
    TextCrop,
    VisibilityRule,
    Window,
    detector_augmentation,
)
from synthtext.core import Box, InputError, Scene, Size, TextInstance

pytestmark = pytest.mark.slow

BIG_AFFINE = Affine((-30, 30), (0.6, 1.8), (-20, 20), (-0.3, 0.3))


def test_flip_begins_polygons_at_the_new_top_left() -> None:
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


def test_valid_mask_covers_the_white_pixels_of_a_white_image(drawn: SimpleNamespace) -> None:
    shares = []
    for seed in range(48):
        rng = np.random.default_rng(seed)
        scene = drawn.scene(rng)
        scene = replace(scene, image=np.full_like(scene.image, 255))
        effects = (Distort((2, 4)), Skew()) if seed % 3 else (BIG_AFFINE, Invert(), Invert(), Skew())
        chain = (
            detector_augmentation(128, 96) if seed % 2 else SceneChain([SceneStep("e", effect) for effect in effects])
        )
        image, valid = (shown := chain(rng, scene)).scene.image, shown.valid_mask
        assert valid.shape == image.shape[:2]
        # Bilinear interpolation covers the edge partly.
        inner = cv2.erode(valid, np.ones((7, 7)), borderValue=0)
        outer = cv2.dilate(valid, np.ones((7, 7)))
        assert image[inner == 1].min(initial=255) >= 250
        assert image[outer == 0].max(initial=0) <= 5
        shares.append(valid.mean())
    assert 0.3 < np.mean(shares) < 0.98


def test_detector_augmentation_has_its_size_and_cuts_no_text(drawn: SimpleNamespace) -> None:
    chain = detector_augmentation(192, 128, degrees_range=(0, 0))
    checked = 0
    for seed in range(80):
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
        assert bool(result.instances) == bool(inside)  # a part without texts is rejected
        assert not any(one.ignore for one in result.instances)
        checked += len(result.instances)
    assert checked > 80


def test_text_crop_keeps_the_minimum_side(drawn: SimpleNamespace) -> None:
    crop, sizes = TextCrop(min_side_share=0.4), []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        scene = drawn.scene(rng, count=2)
        result = SceneChain([SceneStep("crop", crop)])(rng, scene).scene
        before, after = np.array(scene.image.shape[:2]), np.array(result.image.shape[:2])
        assert (after >= 0.4 * before - 1e-9).all()
        assert (after <= before).all()
        sizes.append((after / before).min())
    assert np.mean(np.array(sizes) < 0.95) > 0.4


def test_window_has_its_size_and_contains_a_text(drawn: SimpleNamespace) -> None:
    shown = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        scene = drawn.scene(rng, count=3, overhang=-0.2)
        result = SceneChain([SceneStep("window", Window(100, 120, text_share=1))], VisibilityRule(0, 0, 0))(
            rng, scene
        ).scene
        height, width = scene.image.shape[:2]
        assert result.image.shape[:2] == (min(height, 120), min(width, 100))
        moved = result.meta.effects[0].parameters
        left, top, right, bottom = (moved[side] for side in ("left", "top", "right", "bottom"))
        assert np.array_equal(result.image, scene.image[top:bottom, left:right])
        counting = [one.polygon for one in scene.instances if not one.ignore]
        middles = [(polygon.min(axis=0) + polygon.max(axis=0)) / 2 for polygon in counting]
        inside = [left <= x <= right and top <= y <= bottom for x, y in middles]
        assert any(inside) or not middles
        shown += sum(inside)
    assert shown > 120


def test_window_position_is_uniform_without_text_share() -> None:
    labels = LabelGeometry(Size(300, 200), (Box(0, 0, 10, 10).polygon(),), (False,))
    rng = np.random.default_rng(0)
    corners = np.array(
        [[w["left"], w["top"]] for w in (Window(100, 50, 0).draw_framing(rng, labels) for _ in range(2000))]
    )
    assert (corners.min(axis=0) == 0).all()
    assert (corners.max(axis=0) == (200, 150)).all()
    assert np.allclose(corners.mean(axis=0), (100, 75), rtol=0.05)


def test_large_reductions_are_averaged() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    small = SceneChain([SceneStep("r", Rescale((0.1, 0.1)))])(np.random.default_rng(0), Scene("s", noise)).scene.image
    assert small.shape == (40, 40, 3)
    assert np.std(small.astype(float)) < 12  # 74 in the noise, and a tenth of it in the mean of 100 pixels


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Rescale((0, 1)),
        lambda: Affine(scale_range=(2, 1)),
        lambda: ResizePad(0, 5),
        lambda: TextCrop(tries=0),
        lambda: Window(0, 5),
        lambda: Window(text_share=2),
        lambda: TextCrop(min_side_share=2),
        lambda: VisibilityRule(0.2, 0.5),
        lambda: VisibilityRule(min_side=-1),
        lambda: Colour(hue_range=(0, 999)),
        lambda: SceneStep("x", Flip(), 1.5),
        lambda: SceneStep("x", object()),  # type: ignore[arg-type]
    ],
)
def test_invalid_settings_are_rejected(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError):
        wrong()
