"""Tests of all effects: sizes, repeatability, neutral settings and bounds."""

import json

import cv2
import numpy as np
import pytest

from augment import (
    Binarise,
    Blur,
    CastShadow,
    Colour,
    Curl,
    Defocus,
    Downscale,
    Elastic,
    Gamma,
    Glare,
    Jpeg,
    MotionBlur,
    Noise,
    Perspective,
    Rotation,
    SaltAndPepper,
    ScanStreaks,
    ShotNoise,
    Skew,
    UnevenLight,
    WhiteBalance,
)
from synthtext.core import (
    Box,
    Effect,
    EffectChain,
    EffectStep,
    GeometricEffect,
    InputError,
    PixelEffect,
    Size,
    signed_area,
)

PIXEL: list[PixelEffect] = [
    Blur(),
    MotionBlur(),
    Defocus(),
    Defocus((0.07, 0.08)),
    Noise(),
    Noise(colour_probability=1),
    ShotNoise(),
    SaltAndPepper(),
    Downscale(),
    Jpeg(),
    Colour(),
    Gamma(),
    WhiteBalance(),
    UnevenLight(),
    Glare(),
    CastShadow(),
    ScanStreaks(),
    Binarise(),
]
# Settings that change nothing.
NEUTRAL: list[PixelEffect] = [
    Blur((0, 0)),
    MotionBlur((0, 0)),
    Defocus((0, 0)),
    Noise((0, 0)),
    ShotNoise((0, 0)),
    SaltAndPepper((0, 0)),
    Downscale((1, 1)),
    Gamma((1, 1)),
    WhiteBalance((6500, 6500), (0, 0)),
    UnevenLight((0, 0)),
    Glare((0, 0)),
    CastShadow((0, 0)),
    ScanStreaks((0, 0)),
    ScanStreaks(strength_range=(0, 0)),
]
# Effects that keep greys exactly grey.
COLOURLESS: list[PixelEffect] = [
    *[effect for effect in PIXEL if not isinstance(effect, Noise | ShotNoise | Jpeg | Colour | WhiteBalance)],
    Noise(colour_probability=0),
    ShotNoise(colour_probability=0),
]
SIZES = [(1, 1), (1, 40), (3, 2), (48, 1), (64, 2000), (1000, 1000)]
GEOMETRIC: list[GeometricEffect] = [Rotation((-30, 30)), Perspective((0.1, 0.25)), Skew((-40, 40))]
SIZE = Size(160, 48)


def sample_image() -> np.ndarray:
    rng = np.random.default_rng(1)
    rough = rng.integers(0, 256, (6, 20, 3), np.uint8)
    return np.asarray(cv2.resize(rough, (160, 48), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.mark.parametrize("effect", PIXEL, ids=repr)
def test_pixel_effect_keeps_size_and_argument_and_is_deterministic(effect: PixelEffect) -> None:
    image = sample_image()
    before = image.copy()
    parameters = effect.draw(np.random.default_rng(0), SIZE)
    first, second = effect.apply(image, parameters), effect.apply(image, json.loads(json.dumps(parameters)))
    assert first.shape == image.shape
    assert first.dtype == np.uint8
    assert (first == second).all()
    assert (image == before).all()
    assert (first != image).any()


@pytest.mark.parametrize("effect", GEOMETRIC, ids=repr)
@pytest.mark.parametrize("size", [SIZE, Size(40, 40), Size(20, 90)])
def test_geometric_effect_keeps_the_image_convex_and_upright(effect: GeometricEffect, size: Size) -> None:
    rng = np.random.default_rng(0)
    for _ in range(500):
        parameters = json.loads(json.dumps(effect.draw(rng, size)))
        corners = effect.warp(size, parameters).points(Box(0, 0, *size).polygon())
        assert cv2.isContourConvex(corners)
        assert signed_area(corners) > 0


@pytest.mark.parametrize("effect", PIXEL, ids=repr)
def test_images_of_any_size(effect: PixelEffect) -> None:
    rng = np.random.default_rng(0)
    for shape in [size for size in SIZES for _ in range(1 if size[0] > 100 else 6)]:
        image = rng.integers(0, 256, (*shape, 3), np.uint8)
        changed = effect.apply(image, effect.draw(rng, Size(shape[1], shape[0])))
        assert changed.shape == image.shape
        assert changed.dtype == np.uint8
        assert changed is not image


@pytest.mark.parametrize("effect", NEUTRAL, ids=repr)
def test_strength_zero_changes_no_pixel(effect: PixelEffect) -> None:
    for seed in range(5):
        assert (effect.apply(sample_image(), effect.draw(np.random.default_rng(seed), SIZE)) == sample_image()).all()


@pytest.mark.parametrize("effect", COLOURLESS, ids=repr)
def test_greys_stay_greys(effect: PixelEffect) -> None:
    grey = np.repeat(sample_image()[..., :1], 3, axis=2)
    for seed in range(5):
        changed = effect.apply(grey, effect.draw(np.random.default_rng(seed), SIZE))
        assert (changed == changed[..., :1]).all()


@pytest.mark.parametrize("effect", [Perspective((0, 0)), Curl((0, 0)), Elastic((0, 0))], ids=repr)
def test_strength_zero_moves_no_point(effect: GeometricEffect) -> None:
    corners = Box(0, 0, *SIZE).polygon()
    moved = effect.warp(SIZE, effect.draw(np.random.default_rng(0), SIZE)).points(corners)
    np.testing.assert_allclose(moved, corners, atol=1e-3)


def test_rotation_is_clockwise() -> None:
    right = np.array([[SIZE.width, SIZE.height / 2]], np.float32)
    turned = Rotation().warp(SIZE, {"degrees": 90}).points(right)[0]
    np.testing.assert_allclose(turned, [SIZE.width / 2, SIZE.height / 2 + SIZE.width / 2], atol=1e-3)


def test_skew_leans_the_top_to_the_right() -> None:
    tops = Skew().warp(SIZE, {"degrees": 20}).points(np.array([[0, 0], [0, 48]], np.float32))
    assert tops[0, 0] > tops[1, 0]


def test_noise_has_the_sampled_deviation() -> None:
    grey = np.full((200, 400, 3), 128, np.uint8)
    for sigma in (3.0, 10.0, 25.0):
        noisy = Noise().apply(grey, {"sigma": sigma, "coloured": True, "offset": 17})
        assert np.std(noisy.astype(float)) == pytest.approx(sigma, rel=0.05)
        assert np.mean(noisy.astype(float)) == pytest.approx(128, abs=0.1)


def test_blur_spreads_a_dot_by_its_deviation() -> None:
    dot = np.zeros((61, 61, 3), np.uint8)
    dot[29:32, 29:32] = 255
    blurred = Blur().apply(dot, {"sigma": 4.0})[..., 0].astype(float)
    spread = np.sqrt((blurred.sum(0) * (np.arange(61) - 30) ** 2).sum() / blurred.sum())
    assert spread == pytest.approx(np.hypot(4.0, np.sqrt(2 / 3)), rel=0.1)


def test_jpeg_keeps_the_order_of_channels() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    assert np.abs(Jpeg().apply(red, {"qualities": [90], "shifts": [[0, 0]]}).astype(int) - red).max() < 12


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Rotation((10, -10)),
        lambda: Perspective((0, 0.3)),
        lambda: Skew((-90, 0)),
        lambda: Blur((-1, 0)),
        lambda: Noise((0, 999)),
        lambda: Downscale((0, 1)),
        lambda: Jpeg((0, 50)),
        lambda: Jpeg(passes_range=(0, 1)),
        lambda: MotionBlur((0, 0.3)),
        lambda: MotionBlur(degrees_range=(0, 360)),
        lambda: Defocus((0, 0.1)),
        lambda: ShotNoise((0, 50)),
        lambda: SaltAndPepper((0, 0.5)),
        lambda: Gamma((0, 1)),
        lambda: WhiteBalance((1000, 5000)),
        lambda: WhiteBalance(tint_range=(0, 0.5)),
        lambda: UnevenLight((0, 0.9)),
        lambda: Glare((0, 0.9)),
        lambda: Glare(radius_range=(0, 1)),
        lambda: Glare(stretch_range=(0.5, 1)),
        lambda: CastShadow((0, 0.9)),
        lambda: CastShadow(softness_range=(-1, 0)),
        lambda: ScanStreaks((3, 2)),
        lambda: ScanStreaks(width_range=(0, 0.6)),
        lambda: ScanStreaks(strength_range=(0, 0.9)),
        lambda: Binarise(window_range=(0, 1)),
        lambda: Binarise(offset_range=(-1, 0)),
        lambda: Curl((0, 90)),
        lambda: Curl(roll_range=(0, 1)),
        lambda: Curl(bow_range=(0, 1)),
        lambda: Curl(tilt_range=(-30, 30)),
        lambda: Elastic((0, 1.5)),
        lambda: Elastic(wave_range=(0.1, 1)),
    ],
)
def test_ranges_out_of_bounds_are_rejected(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="range"):
        wrong()


def test_wrong_probabilities_and_names_are_rejected() -> None:
    for wrong in (UnevenLight, CastShadow, ScanStreaks, Binarise):
        (name,) = [name for name in vars(wrong()) if name.endswith("_probability")]
        with pytest.raises(InputError, match=f"{name} 2 must be from 0 to 1"):
            wrong(**{name: 2})
    with pytest.raises(InputError, match="shrinking \\['best'\\] must list one or more of area, nearest"):
        Downscale(shrinking=("best",))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="enlarging"):
        Downscale(enlarging=())


def test_chain_applies_effects_with_their_probabilities() -> None:
    steps = [EffectStep("blur", Blur(), 0.3), EffectStep("rotation", Rotation(), 0.6)]
    chain, rng = EffectChain(steps), np.random.default_rng(0)
    moved = [len(chain.draw_warp(rng, SIZE)[1]) for _ in range(1500)]
    coloured = [len(chain.apply_pixels(rng, sample_image())[1]) for _ in range(500)]
    assert np.mean(moved) == pytest.approx(0.6, abs=0.05)
    assert np.mean(coloured) == pytest.approx(0.3, abs=0.07)


def test_effect_that_changes_the_size_is_rejected() -> None:
    class Halves:
        def draw(self, rng: np.random.Generator, size: Size) -> dict[str, object]:
            return {}

        def apply(self, image: np.ndarray, parameters: dict[str, object]) -> np.ndarray:
            return image[:, ::2]

    with pytest.raises(InputError, match="effect halves"):
        EffectChain([EffectStep("halves", Halves())]).apply_pixels(np.random.default_rng(0), sample_image())


def test_protocols_distinguish_geometric_and_pixel_effects() -> None:
    effects: list[Effect] = [*PIXEL, *GEOMETRIC]
    assert [isinstance(effect, GeometricEffect) for effect in effects] == [False] * len(PIXEL) + [True] * len(GEOMETRIC)
