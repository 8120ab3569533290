"""Limits of pixel effects by the widths of strokes and gaps."""

import math

import cv2
import numpy as np
import pytest

from augment import (
    Binarise,
    Blur,
    CastShadow,
    Defocus,
    Downscale,
    Gamma,
    Glare,
    Jpeg,
    MotionBlur,
    Noise,
    SaltAndPepper,
    ShotNoise,
    UnevenLight,
)
from pipelines.jobs.generation import iterate_samples
from pipelines.recipes.presets import read_preset
from pipelines.recipes.resolve import resolve_recipe
from synthtext import LineLegibility
from synthtext.core import DetailBudget, EffectChain, EffectStep, Image, InputError, PixelEffect, Points, Sample, Size
from synthtext.lines.legibility import measure_detail

RNG = np.random.default_rng
SIZE = Size(90, 48)
BLURS: list[PixelEffect] = [Blur((0.1, 0.1)), MotionBlur((0.25, 0.25)), Defocus((0.08, 0.08)), Downscale((0.1, 0.1))]
NOISES: list[PixelEffect] = [Noise((60, 60)), ShotNoise((40, 40))]


def bars(width: int, gap: int, count: int = 6) -> tuple[Image, Points]:
    """Vertical bars, with the quad around them."""
    coverage = np.zeros((60, 20 + count * (width + gap)), np.uint8)
    for i in range(count):
        coverage[10:50, 10 + i * (width + gap) :][:, :width] = 255
    right = 10 + count * (width + gap)
    return coverage, np.array([[[10, 10], [right, 10], [right, 50], [10, 50]]], np.float32)


def budget(width: float = 2.0, blur: float = 0.5, noise: float = 10.0) -> DetailBudget:
    return DetailBudget(width, blur**2, noise**2)


@pytest.mark.parametrize(("width", "gap"), [(2, 6), (6, 2), (4, 9), (9, 3)])
def test_the_width_of_details_is_that_of_strokes_or_gaps(width: int, gap: int) -> None:
    assert measure_detail(*bars(width, gap)) == pytest.approx(min(width, gap), rel=0.15)


def test_fine_clusters_decide_over_coarse_ones() -> None:
    fine, coarse = bars(2, 2), bars(9, 9)
    both = np.concatenate([fine[0], coarse[0]], axis=1)
    quads = np.concatenate([fine[1], coarse[1] + np.array([fine[0].shape[1], 0], np.float32)])
    assert measure_detail(both, quads) < 0.5 * measure_detail(*coarse)


@pytest.mark.parametrize("effect", BLURS, ids=lambda effect: type(effect).__name__)
def test_all_blur_together_keeps_within_the_budget(effect: PixelEffect) -> None:
    """A step becomes as soft as a Gaussian of the limit at most, whatever was drawn."""
    image = np.zeros((SIZE.height, SIZE.width, 3), np.uint8)
    image[:, 45:] = 255
    steps = [EffectStep("strong", effect), EffectStep("again", effect)]
    for deviation in (0.7, 1.2):
        shown, applied = EffectChain(steps).apply_pixels(RNG(0), image, budget(blur=deviation))
        assert len(applied) == 2
        softness = [np.abs(np.diff(one[24, :, 0].astype(float))) for one in (shown, free(steps, image))]
        spreads = [spread(steps) for steps in softness]
        assert spreads[0] < 1.3 * deviation + 0.4
        assert spreads[0] < 0.7 * spreads[1]


def free(steps: list[EffectStep], image: Image) -> Image:
    return EffectChain(steps).apply_pixels(RNG(0), image)[0]


def spread(steps: "np.typing.NDArray[np.float64]") -> float:
    """Standard deviation of the position of a step."""
    at = np.arange(len(steps))
    mean = (at * steps).sum() / steps.sum()
    return math.sqrt(((at - mean) ** 2 * steps).sum() / steps.sum())


@pytest.mark.parametrize("effect", NOISES, ids=lambda effect: type(effect).__name__)
def test_all_noise_together_keeps_within_the_budget(effect: PixelEffect) -> None:
    image = np.full((SIZE.height, SIZE.width, 3), 150, np.uint8)
    steps = [EffectStep("strong", effect), EffectStep("again", effect)]
    shown, _ = EffectChain(steps).apply_pixels(RNG(0), image, budget(noise=8))
    assert 3 < shown.astype(float).std() < 9


def test_weak_effects_are_not_changed() -> None:
    image = RNG(1).integers(0, 256, (SIZE.height, SIZE.width, 3), np.uint8)
    effects = [Blur((0.001, 0.004)), Noise((1, 2)), Jpeg((80, 90)), Downscale((0.95, 1.0)), SaltAndPepper((0, 0.001))]
    steps = [EffectStep(type(effect).__name__, effect) for effect in effects]
    limited, unlimited = (EffectChain(steps).apply_pixels(RNG(2), image, one) for one in (budget(4, 2.0), None))
    assert (limited[0] == unlimited[0]).all()
    assert [one.name for one in limited[1]] == [one.name for one in unlimited[1]]


def test_fine_details_are_neither_compressed_nor_binarised_much() -> None:
    fine, coarse = budget(1.5), budget(6)
    assert Binarise().limit(Binarise().draw(RNG(0), SIZE), fine) is None
    assert abs(Binarise().limit({"adaptive": True, "window": 30, "offset": -0.3}, coarse)["offset"]) < 0.2
    drawn = {"qualities": [10, 90], "shifts": [[0, 0], [1, 2]]}
    assert Jpeg().limit(drawn, fine)["qualities"] == [60, 90]
    assert Jpeg().limit(drawn, coarse)["qualities"][0] < 20
    assert SaltAndPepper().limit({"share": 0.03}, fine)["share"] < 0.01


def test_effects_without_a_limit_are_applied_as_drawn() -> None:
    image = np.full((SIZE.height, SIZE.width, 3), 150, np.uint8)
    chain = EffectChain([EffectStep("gamma", Gamma()), EffectStep("uneven_light", UnevenLight())])
    assert (chain.apply_pixels(RNG(0), image, budget(0.5, 0.0, 0.0))[0] == chain.apply_pixels(RNG(0), image)[0]).all()


@pytest.mark.parametrize("effect", [UnevenLight((0.5, 0.5)), CastShadow((0.5, 0.5)), Glare((0.5, 0.5))])
def test_light_that_takes_contrast_away_leaves_less_noise(effect: PixelEffect) -> None:
    image = np.full((SIZE.height, SIZE.width, 3), 150, np.uint8)
    steps = [EffectStep("light", effect), EffectStep("noise", Noise((60, 60)))]
    _, applied = EffectChain(steps).apply_pixels(RNG(0), image, budget(noise=10))
    assert applied[1].parameters["sigma"] == pytest.approx(5)


def test_a_line_without_a_limit_has_no_budget() -> None:
    assert not LineLegibility().is_limited
    legibility = LineLegibility(max_blur=0.5, max_noise=0.2)
    assert legibility.is_limited
    limit = legibility.budget(*bars(3, 6), 60)
    assert limit.blur_variance == pytest.approx((0.5 * limit.width) ** 2)
    assert limit.noise_variance == pytest.approx((0.2 * 60 * limit.width) ** 2)
    with pytest.raises(InputError, match="max_blur -1 must be from 0 to 10"):
        LineLegibility(max_blur=-1)


def test_only_presets_of_dense_scripts_limit_their_effects() -> None:
    for language in ("ar", "bn", "fa", "he", "hi", "ja", "ko", "ta", "ur", "zh", "chinese"):
        assert read_preset(f"lines-{language}")["legibility"]["max_blur"] is not None
    for name in ("lines-de", "lines-ru", "lines-el", "lines-vi"):
        assert read_preset(name)["legibility"]["max_blur"] is None
    assert "legibility" not in read_preset("lines")


def test_lines_keep_the_contrast_of_their_details_under_strong_effects() -> None:
    """The letters are still seen where the same effects without a limit leave nothing."""
    settings = ["effects=[{use: blur, strength_range: [0.2, 0.2]}]", "layout.margin_range=[0.1, 0.1]"]
    clean, limited, lost = (
        [sample.image for sample in iterate_samples(resolve_recipe("digits", more), 12) if isinstance(sample, Sample)]
        for more in (["effects=[]"], [*settings, "legibility.max_blur=0.4"], settings)
    )
    assert len(clean) == len(limited) == len(lost) == 12
    kept = [variation(one) / variation(other) for one, other in zip(limited, lost, strict=True)]
    assert np.median(kept) > 3


def variation(image: Image) -> float:
    return float(cv2.Laplacian(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.CV_64F).std())
