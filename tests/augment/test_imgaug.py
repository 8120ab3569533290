"""Tests of Imgaug."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from augment import Imgaug, SceneChain, SceneStep, VisibilityRule
from augment.imgaug_effect import augmenter_names
from augment.polygons import short_side
from synthtext.core import Box, EffectChain, EffectStep, InputError, PixelEffect, Scene, Size, TextInstance, signed_area

pytestmark = pytest.mark.slow

HOME = Path(__file__).resolve().parents[2]
ALL = VisibilityRule(0, 0, 0)
CHILD = {"name": "Fliplr", "settings": {"p": 1}}
GREY = {"name": "Grayscale"}
LAYER = {"density": 0.1, "density_uniformity": 0.5, "angle": 5, "speed": 0.05, "blur_sigma_fraction": 0.001}
NEEDED = {
    "BlendAlpha": {"foreground": GREY},
    "BlendAlphaCheckerboard": {"nb_rows": 2, "nb_cols": 2, "foreground": GREY},
    "BlendAlphaElementwise": {"foreground": GREY},
    "BlendAlphaFrequencyNoise": {"foreground": GREY},
    "BlendAlphaHorizontalLinearGradient": {"foreground": GREY},
    "BlendAlphaRegularGrid": {"nb_rows": 2, "nb_cols": 2, "foreground": GREY},
    "BlendAlphaSimplexNoise": {"foreground": GREY},
    "BlendAlphaSomeColors": {"foreground": GREY},
    "BlendAlphaVerticalLinearGradient": {"foreground": GREY},
    "CloudLayer": {
        **{"intensity_mean": 220, "intensity_freq_exponent": -2, "intensity_coarse_scale": 10, "alpha_min": 0},
        **{"alpha_multiplier": 0.3, "alpha_size_px_max": 8, "alpha_freq_exponent": -2, "sparsity": 1},
        "density_multiplier": 0.8,
    },
    "RainLayer": {**LAYER, "drop_size": 0.02, "drop_size_uniformity": 0.3},
    "SnowflakesLayer": {**LAYER, "flake_size": 0.4, "flake_size_uniformity": 0.5},
    "ReplaceElementwise": {"mask": 0.1, "replacement": 0},
    "ChangeColorspace": {"to_colorspace": "HSV"},
    "KeepSizeByResize": {"children": [CHILD]},
    "OneOf": {"children": [CHILD, GREY]},
    "Resize": {"size": 64},
    "Sequential": {"children": [CHILD, GREY]},
    "SomeOf": {"n": 1, "children": [CHILD, GREY]},
    "Sometimes": {"p": 0.5, "then_list": CHILD},
    "WithChannels": {"channels": 0, "children": {"name": "Add"}},
    "WithColorspace": {"to_colorspace": "HSV", "children": {"name": "Add"}},
    "WithPolarWarping": {"children": {"name": "Affine", "settings": {"rotate": [-10, 10]}}},
    "AssertShape": {"shape": [None, None, None, 3]},
}
NUMBERS = {"width": 64, "height": 64, "width_multiple": 16, "height_multiple": 16}
NUMBERS |= {"width_base": 2, "height_base": 2, "aspect_ratio": 1.5}
OBJECTS = {"BlendAlphaMask", "Voronoi"}  # need arguments that JSON cannot describe


def settings_of(name: str) -> dict[str, object]:
    if name in NEEDED:
        return NEEDED[name]
    for suffix, keys in {
        "FixedSize": ("width", "height"),
        "MultiplesOf": ("width_multiple", "height_multiple"),
        "PowersOf": ("width_base", "height_base"),
        "ToAspectRatio": ("aspect_ratio",),
    }.items():
        if name.endswith(suffix):
            return {key: NUMBERS[key] for key in keys}
    return {}


def test_every_augmenter_runs_by_its_name() -> None:
    image = np.random.default_rng(3).integers(0, 256, (40, 56, 3), np.uint8)
    bent = np.array([[10, 8], [26, 5], [44, 8], [44, 22], [26, 19], [10, 22]], np.float32)
    scene = Scene("small", image, (TextInstance("one", Box(4, 24, 40, 36).polygon()), TextInstance("two", bent)))
    failed, ran = {}, 0
    for name in augmenter_names():
        if name in OBJECTS:
            continue
        try:
            chain = SceneChain([SceneStep("imgaug", Imgaug(name, settings_of(name)))])
            first, second = (chain(np.random.default_rng(1), scene).scene for _ in range(2))
        except InputError as error:
            failed[name] = str(error)
            continue
        assert first.image.shape == second.image.shape, name
        assert (first.image == second.image).all(), name
        for one, other in zip(first.instances, second.instances, strict=True):
            assert (one.polygon == other.polygon).all(), name
            assert signed_area(one.polygon) > 0, name
        ran += 1
    assert not failed
    assert ran >= 130


@pytest.mark.parametrize(
    ("name", "settings", "min_overlap"),
    [
        ("Fliplr", {"p": 1}, 0.9),
        ("Flipud", {"p": 1}, 0.9),
        ("Affine", {"rotate": [-25, 25], "scale": [0.7, 1.4], "shear": [-15, 15]}, 0.9),
        ("PerspectiveTransform", {"scale": [0.05, 0.12]}, 0.88),
        ("Crop", {"percent": [0, 0.2]}, 0.9),
        ("CropAndPad", {"percent": [-0.2, 0.2]}, 0.9),
        ("Resize", {"size": [0.6, 1.5]}, 0.9),
        ("Rot90", {"k": 1}, 0.9),
        ("Pad", {"px": [0, 30]}, 0.9),
        ("ElasticTransformation", {"alpha": [0, 20], "sigma": 6}, 0.85),
    ],
)
def test_labels_follow_the_image(
    name: str, settings: dict[str, object], min_overlap: float, drawn: SimpleNamespace
) -> None:
    chain, overlaps = SceneChain([SceneStep("imgaug", Imgaug(name, settings))], ALL), []
    for seed in range(6):
        scene = drawn.scene(np.random.default_rng(seed), count=2, overhang=-0.3)
        for number, instance in enumerate(scene.instances):
            mask = drawn.id_mask(instance.polygon, scene.image.shape)
            alone = Scene("alone", np.repeat(mask[..., None], 3, axis=2), scene.instances)
            result = chain(np.random.default_rng(seed), alone).scene
            pieces = [one.polygon for one in result.instances if one.text == f"t{number}"]
            if not pieces or min(map(short_side, pieces)) < 10 or len(pieces) > 1:
                continue
            label = drawn.id_mask(pieces[0], result.image.shape)
            overlaps.append(drawn.overlap(result.image[..., 0], label))
    assert len(overlaps) > 5
    assert np.median(overlaps) > min_overlap + 0.04
    assert min(overlaps) > min_overlap


def test_pixel_augmenters_apply_to_lines() -> None:
    image = np.random.default_rng(0).integers(60, 200, (48, 160, 3), np.uint8)
    for name in ("Rain", "Snowflakes", "Fog", "Clouds", "FastSnowyLandscape", "MotionBlur", "AddToHueAndSaturation"):
        effect = Imgaug(name, {"value": [-40, 40]} if name == "AddToHueAndSaturation" else {})
        assert isinstance(effect, PixelEffect)
        before = image.copy()
        chain = EffectChain([EffectStep("imgaug", effect)])
        changed, applied = chain.apply_pixels(np.random.default_rng(4), image)
        again = effect.apply(image, applied[0].parameters)
        assert (image == before).all()
        assert (changed == again).all()
        assert (changed != image).any()


@pytest.mark.parametrize("name", ["AdditiveGaussianNoise", "MultiplyAndAddToBrightness"])
def test_samples_do_not_depend_on_their_order(name: str) -> None:
    """The second augmenter also uses the library's global generator."""
    image = np.random.default_rng(0).integers(60, 180, (40, 60, 3), np.uint8)
    effect = Imgaug(name)
    drawn = [effect.draw(np.random.default_rng(k), Size(60, 40)) for k in range(12)]
    forth = [effect.apply(image, parameters) for parameters in drawn]
    back = [effect.apply(image, parameters) for parameters in reversed(drawn)][::-1]
    assert all((one == other).all() for one, other in zip(forth, back, strict=True))
    assert (forth[0] != forth[1]).any()


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("Rian", {}, "did you mean 'Rain'"),
        ("Jigsaw", {}, "tears texts apart"),
        ("PiecewiseAffine", {}, "needs memory"),
        ("Affine", {"rotte": 3}, "rejects the settings"),
        ("GaussianBlur", {"sigma": "much"}, "rejects the settings"),
        ("Sequential", {"children": [{"name": "Fgo"}]}, "no augmenter 'Fgo'"),
        ("SaveDebugImageEveryNBatches", {}, "writes files"),
    ],
)
def test_invalid_settings_are_rejected_in_one_sentence(name: str, settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Imgaug(name, settings)
    assert "\n" not in str(caught.value)


def test_lines_reject_augmenters_that_move_points() -> None:
    with pytest.raises(InputError, match="imgaug's Affine moves points"):
        Imgaug("Affine", {"rotate": 20}).apply(np.zeros((40, 90, 3), np.uint8), {"seed": 3})


def test_numpy_is_not_modified() -> None:
    code = (
        "import numpy as np; before = dict(vars(np)); import sys, augment; assert 'imgaug' not in sys.modules;"
        "augment.Imgaug('Fog'); import sys; assert 'imgaug' in sys.modules;"
        "print(sorted(k for k, v in vars(np).items() if k in ('sctypes', 'complex') or before.get(k, v) is not v))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=HOME, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr
