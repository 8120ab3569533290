"""Tests of TIA, RandomBorderCrop and LineChain: clusters stay on their letters."""

import json

import cv2
import numpy as np
import pytest

from augment import (
    Blur,
    Colour,
    Distort,
    Flip,
    Invert,
    LineChain,
    Perspective,
    RandomBorderCrop,
    SceneStep,
    Stretch,
    TiaPerspective,
)
from augment.tia import MeshMap
from synthtext.core import BLOCK_SIZE, Box, Clusters, GeometricEffect, InputError, Sample, Size, Warp, bounding_boxes

pytestmark = pytest.mark.slow

STRONG: list[GeometricEffect] = [
    Distort((1, 12), (0, 0.3)),
    Stretch((1, 12), (0, 0.4)),
    TiaPerspective((0, 0.5)),
]


def random_size(rng: np.random.Generator) -> Size:
    return Size(float(rng.integers(8, 480)), float(rng.integers(8, 64))) if rng.random() < 0.7 else Size(33.3, 210.7)


def line(rng: np.random.Generator, width: int = 240, height: int = 48) -> Sample:
    """Return a line of dark blocks on a light background, one for each cluster."""
    image = np.full((height, width, 3), 230, np.uint8)
    lefts = np.arange(10, width - 24, 22)
    quads = np.array([Box(x, 10, x + 16, height - 10).polygon() for x in lefts.tolist()])
    for x in lefts:
        image[10 : height - 10, x : x + 16] = rng.integers(0, 60, 3)
    text = "abcdefghijklmnop"[: len(lefts)]
    return Sample("line", image, text, Clusters(np.arange(len(lefts) + 1, dtype=np.int32), quads))


@pytest.mark.parametrize("effect", STRONG, ids=lambda effect: type(effect).__name__)
def test_tia_has_an_inverse_and_does_not_fold(effect: GeometricEffect) -> None:
    rng = np.random.default_rng(0)
    for _ in range(250):
        size = random_size(rng)
        parameters = json.loads(json.dumps(effect.draw(rng, size)))
        (mesh,) = effect.warp(size, parameters).maps
        assert isinstance(mesh, MeshMap)
        right, down = np.diff(mesh.nodes.astype(float), axis=1)[:-1], np.diff(mesh.nodes.astype(float), axis=0)[:, :-1]
        turns = right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0]
        assert turns.min() > 0.02 * mesh.cell**2
        points = rng.uniform(-0.1, 1.1, (30, 2)) * size
        np.testing.assert_allclose(mesh.backward(mesh.forward(points)), points, atol=0.01)


@pytest.mark.parametrize("effect", STRONG, ids=lambda effect: type(effect).__name__)
def test_tia_resamples_images_through_its_own_mesh(effect: GeometricEffect) -> None:
    """Otherwise labels, which move exactly, would only nearly agree with the image."""
    rng, size = np.random.default_rng(2), Size(240, 48)
    image = rng.integers(0, 256, (48, 240, 3), np.uint8)
    for _ in range(20):
        warp = effect.warp(size, effect.draw(rng, size))
        (mesh,) = warp.maps
        assert isinstance(mesh, MeshMap)
        grid = mesh.sampling_grid((240, 48))
        assert grid is not None
        expected = cv2.remap(image, grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
        resampled = warp.image(image, size, border_mode=cv2.BORDER_REPLICATE)
        assert (resampled == expected).all()


@pytest.mark.parametrize("effect", STRONG, ids=lambda effect: type(effect).__name__)
def test_tia_cuts_almost_nothing_off_a_line(effect: GeometricEffect) -> None:
    rng = np.random.default_rng(1)
    for _ in range(250):
        size = random_size(rng)
        corners = Box(0, 0, *size).polygon()
        moved = effect.warp(size, effect.draw(rng, size)).points(corners)
        assert (moved > -0.06 * min(size)).all()
        assert (moved < np.array(size) + 0.06 * min(size)).all()


@pytest.mark.parametrize("effect", STRONG, ids=lambda effect: type(effect).__name__)
def test_tia_shift_grows_with_strength(effect: GeometricEffect) -> None:
    size = Size(320, 48)
    points = np.random.default_rng(0).uniform(0, 1, (200, 2)).astype(np.float32) * np.array(size, np.float32)
    parameters = effect.draw(np.random.default_rng(3), size)
    far = []
    for strength in (0.0, 0.1, 0.2):
        parameters["strength"] = strength
        far.append(float(np.abs(effect.warp(size, parameters).points(points) - points).max()))
    assert far[0] < 1e-3
    assert 0.3 < far[1] < far[2] < 48


def test_stretch_moves_points_along_the_line() -> None:
    rng, size = np.random.default_rng(0), Size(320, 48)
    points = (rng.uniform(0, 1, (100, 2)) * size).astype(np.float32)
    for effect in (Stretch(), Stretch((2, 2))):
        for _ in range(50):
            moves = effect.warp(size, effect.draw(rng, size)).points(points) - points
            assert np.abs(moves[:, 1]).max() < 0.35 * np.abs(moves[:, 0]).max() + 0.5


def test_vertical_lines_are_bent_like_horizontal_ones() -> None:
    for effect in STRONG:
        parameters = effect.draw(np.random.default_rng(2), Size(320, 48))
        points = (np.random.default_rng(0).uniform(0, 1, (50, 2)) * (320, 48)).astype(np.float32)
        right = effect.warp(Size(320, 48), parameters).points(points)
        down = effect.warp(Size(48, 320), parameters).points(points[:, ::-1])
        np.testing.assert_allclose(right, down[:, ::-1], atol=1e-2)


def test_resampling_by_the_mesh_equals_the_general_method() -> None:
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (48, 320, 3), np.uint8), None, 4)
    for effect in STRONG:
        warp = effect.warp(Size(320, 48), effect.draw(rng, Size(320, 48)))
        direct = warp.image(image, Size(320, 48)).astype(int)
        general = Warp((*warp.maps, *Warp.translation(0, 0).maps)).image(image, Size(320, 48)).astype(int)
        assert np.abs(direct - general)[2:-2, 2:-2].mean() < 0.5


CHAIN = LineChain(
    [
        SceneStep("crop", RandomBorderCrop((0.0, 0.1)), 0.5),
        SceneStep("distort", Distort(), 0.5),
        SceneStep("colour", Colour(), 0.3),
        SceneStep("stretch", Stretch(), 0.5),
        SceneStep("tia_perspective", TiaPerspective(), 0.5),
        SceneStep("blur", Blur((0, 0.01)), 0.3),
        SceneStep("perspective", Perspective((0, 0.05)), 0.3),
    ]
)


def test_clusters_follow_their_letters() -> None:
    names = set()
    for seed in range(160):
        rng = np.random.default_rng(seed)
        sample = line(rng)
        before = sample.image.copy()
        result = CHAIN(rng, sample)
        assert (sample.image == before).all()
        assert result.text == sample.text
        assert len(result.clusters) == len(sample.clusters)
        names |= {applied.name for applied in result.meta.effects}
        # The background is uniform: dark pixels are ink, and each block lies in its quad.
        grey = result.image.mean(axis=2)
        dark = (grey < (grey.min() + grey.max()) / 2).astype(np.uint8)
        for quad, (left, top, right, bottom) in zip(
            result.clusters.quads, bounding_boxes(result.clusters.quads), strict=True
        ):
            if right - left < 5 or bottom - top < 8:
                continue
            label = np.zeros_like(dark)
            cv2.fillPoly(label, [np.rint((quad - 0.5) * 64).astype(np.int32)], 1, shift=6)
            around = cv2.dilate(label, np.ones((3, 3)))
            ink = dark & around
            assert (ink & label).sum() >= 0.9 * ink.sum()
            assert ink.sum() >= 0.75 * label.sum()
    assert len(names) == 7


def test_border_crop_cuts_at_most_the_given_fraction() -> None:
    for share in (0.0, 0.1):
        chain, cut = LineChain([SceneStep("crop", RandomBorderCrop((share, share)))]), 0
        for seed in range(100):
            rng = np.random.default_rng(seed)
            sample = line(rng)
            result = chain(rng, sample)
            (crop,) = (applied.parameters for applied in result.meta.effects)
            assert crop["top"] <= 10 + share * 28
            assert crop["bottom"] <= 10 + share * 28
            assert crop["left"] <= 10 + share * 28
            height, width = sample.image.shape[:2]
            assert result.image.shape[:2] == (
                height - crop["top"] - crop["bottom"],
                width - crop["left"] - crop["right"],
            )
            cut += crop["top"] > 10
        assert (cut > 0) == (share > 0)


def test_inverting_twice_and_neutral_colours_are_identities() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    assert (Invert().apply(Invert().apply(image, {}), {}) == image).all()
    assert (Invert().apply(image, {}) == 255 - image).all()
    neutral = {"brightness": 0.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0}
    assert (Colour().apply(image, neutral) == image).all()
    grey = Colour().apply(image, {**neutral, "saturation": 0.0})
    assert np.ptp(grey.astype(int), axis=2).max() <= 1
    np.testing.assert_allclose(grey[..., 0], image @ [0.299, 0.587, 0.114], atol=1)
    level = np.full((2, 2, 3), 90, np.uint8)
    assert np.abs(Colour().apply(level, {**neutral, "hue": 120.0}).astype(int) - 90).max() <= 1
    pure = np.zeros((1, 1, 3), np.uint8)
    pure[..., 0] = 200  # a rotation by 120 degrees maps red to green
    assert Colour().apply(pure, {**neutral, "hue": 120.0})[0, 0].tolist() == [0, 200, 0]


def test_lines_of_extreme_sizes() -> None:
    for image in (np.zeros((1, 1, 3), np.uint8), np.zeros((48, 1, 3), np.uint8), np.zeros((2, 300, 3), np.uint8)):
        for seed in range(30):
            assert CHAIN(np.random.default_rng(seed), Sample("odd", image, "")).image.size


def test_effects_for_scenes_are_rejected() -> None:
    with pytest.raises(InputError, match="flip: Flip applies to scenes only"):
        LineChain([SceneStep("flip", Flip())])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Distort((0, 3)),
        lambda: Distort(strength_range=(0, 0.5)),
        lambda: Stretch((3, 2)),
        lambda: Stretch(strength_range=(0, 0.5)),
        lambda: TiaPerspective((0, 0.6)),
        lambda: RandomBorderCrop((0, 0.5)),
    ],
)
def test_ranges_out_of_bounds_are_rejected(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="range"):
        wrong()


def test_recipes_name_effects_of_lines() -> None:
    from pipelines.recipes.resolve import resolve_recipe

    overrides = [
        "effects=[{use: distort, probability: 1, strength_range: [0.1, 0.2]}, {use: stretch, probability: 0.5},"
        " {use: tia_perspective, probability: 0.5}, {use: invert, probability: 0.3}, {use: colour, probability: 0.5},"
        " {use: affine, probability: 0.5}]"
    ]
    generator = resolve_recipe("digits", overrides).generator(1)
    seen = set()
    for index in range(min(40, BLOCK_SIZE)):
        sample = generator.generate(index)
        assert isinstance(sample, Sample)
        seen |= {applied.name for applied in sample.meta.effects}
        boxes = bounding_boxes(sample.clusters.quads)
        assert (boxes[:, :2] >= -0.5).all()
        assert (boxes[:, 2] <= sample.image.shape[1] + 0.5).all()
        assert (boxes[:, 3] <= sample.image.shape[0] + 0.5).all()
    assert seen == {"distort", "stretch", "tia_perspective", "invert", "colour", "affine"}
