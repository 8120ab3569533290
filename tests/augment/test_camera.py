"""Tests of effects of lenses, sensors and files on points, uniform images and letters."""

import math

import cv2
import numpy as np
import pytest

from augment import Defocus, Downscale, Jpeg, MotionBlur, SaltAndPepper, ShotNoise
from synthtext.core import Image, Size

MIDDLE = 40


def point(half: int = 1) -> Image:
    """Return a white dot at the centre of a black image."""
    dot = np.zeros((2 * MIDDLE + 1, 2 * MIDDLE + 1, 3), np.uint8)
    dot[MIDDLE - half : MIDDLE + half + 1, MIDDLE - half : MIDDLE + half + 1] = 255
    return dot


def spread(image: Image) -> np.ndarray:
    """Return the covariance (2, 2) of the light in an image, x and y, in square pixels."""
    light = image[..., 0].astype(float)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] - float(MIDDLE)
    places = np.stack([x.ravel(), y.ravel()])
    middle = places @ light.ravel() / light.sum()
    assert np.abs(middle).max() < 0.3
    apart = places - middle[:, None]
    return np.asarray((apart * light.ravel()) @ apart.T / light.sum())


@pytest.mark.parametrize("length", [4.0, 7.5, 10.0, 15.0, 24.0])
@pytest.mark.parametrize("degrees", [0, 30, 90, 117, -45])
def test_motion_blur_draws_a_stroke_of_given_length_and_direction(length: float, degrees: float) -> None:
    blurred = MotionBlur().apply(point(3), {"length": length, "degrees": degrees})
    values, axes = np.linalg.eigh(spread(blurred) - spread(point(3)))
    # A stroke of length L has the variance L^2 / 12 along it; its soft edges add less than a pixel's.
    assert math.sqrt(12 * values[1]) == pytest.approx(length, abs=0.6)
    assert abs(values[0]) < 0.5
    along = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    assert abs(axes[:, 1] @ along) > 0.99
    x, y = (np.round(MIDDLE + along * (length / 2 + 5)).astype(int)).tolist()
    assert blurred[y, x].max() < 8
    assert blurred.mean() == pytest.approx(point(3).mean(), rel=0.05)


@pytest.mark.parametrize("radius", [1.0, 2.0, 2.4, 3.0, 4.5, 6.0, 9.0])
def test_defocus_draws_a_disc_of_given_radius(radius: float) -> None:
    blurred = Defocus().apply(point(4), {"radius": radius})
    covariance = spread(blurred) - spread(point(4))
    # A disc of radius r has the variance r^2 / 4 either way.
    for deviation in np.sqrt(np.diag(covariance)):
        assert 2 * deviation == pytest.approx(radius, abs=0.15, rel=0.05)
    assert abs(covariance[0, 1]) < 0.1
    assert blurred.mean() == pytest.approx(point(4).mean(), rel=0.05)
    if radius >= 6:  # a disc is uniform at its centre, unlike a Gaussian of equal deviation
        row = Defocus().apply(point(1), {"radius": radius})[MIDDLE, :, 0].astype(float)
        assert row[MIDDLE] > 0
        assert row[MIDDLE + round(radius * 0.55)] > 0.7 * row[MIDDLE]


def test_shot_noise_grows_with_brightness() -> None:
    effect = ShotNoise()
    for level in (0, 40, 90, 200):
        flat = np.full((200, 400, 3), level, np.uint8)
        for coloured in (True, False):
            noisy = effect.apply(flat, {"sigma": 12.0, "coloured": coloured, "offset": 99}).astype(float)
            assert noisy.std() == pytest.approx(12 * math.sqrt(level / 255), rel=0.06, abs=0.02)
            assert noisy.mean() == pytest.approx(level, abs=0.3)


def test_salt_and_pepper_sets_the_given_fraction_to_black_or_white() -> None:
    flat = np.full((100, 200, 3), 120, np.uint8)
    for share, salt in ((0.01, 0.0), (0.05, 1.0), (0.1, 0.3)):
        specks = SaltAndPepper().apply(flat, {"share": share, "salt": salt, "seed": 5})
        changed = specks[(specks != flat).any(axis=2)]
        assert set(map(tuple, changed.tolist())) <= {(0, 0, 0), (255, 255, 255)}
        assert len(changed) == pytest.approx(share * 20_000, rel=0.1)  # a few coincide
        assert np.mean(changed) == pytest.approx(255 * salt, abs=12)
        other = SaltAndPepper().apply(flat, {"share": share, "salt": salt, "seed": 6})
        assert (other != specks).any()


def bars() -> Image:
    """Return black strokes, two pixels wide, on white: about the thinnest in lines of 48 pixels."""
    image = np.full((48, 240, 3), 255, np.uint8)
    for place in range(8, 230, 9):
        image[8:40, place : place + 2] = 0
    return image


def test_downscale_keeps_thin_strokes_with_every_method() -> None:
    image = bars()
    for way in ("area", "nearest", "linear", "cubic", "lanczos"):
        shown = Downscale().apply(image, {"factor": 0.5, "shrinking": way, "enlarging": "linear"})
        for place in range(8, 230, 9):
            assert shown[24, place - 1 : place + 3, 0].min() < 170, way


def test_methods_of_downscale_differ() -> None:
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (48, 160, 3), np.uint8), None, 1)
    ways = ("area", "nearest", "linear", "cubic", "lanczos")
    effect = Downscale((0.3, 0.3), ways, ways)
    drawn = [effect.draw(rng, Size(160, 48)) for _ in range(200)]
    assert {(p["shrinking"], p["enlarging"]) for p in drawn} == {(a, b) for a in ways for b in ways}
    shown = [effect.apply(image, {"factor": 0.3, "shrinking": way, "enlarging": "linear"}).tobytes() for way in ways]
    assert len(set(shown)) == 5
    back = [effect.apply(image, {"factor": 0.3, "shrinking": "area", "enlarging": way}).tobytes() for way in ways]
    assert len(set(back)) >= 4  # area equals nearest here
    blocky = effect.apply(image, {"factor": 0.25, "shrinking": "area", "enlarging": "nearest"})
    assert (blocky[:, ::4] == blocky[:, 3::4]).all()


def test_second_compression_with_a_shifted_grid_changes_the_image() -> None:
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (64, 160, 3), np.uint8), None, 1.5)
    effect = Jpeg()
    once = effect.apply(image, {"qualities": [30], "shifts": [[0, 0]]})
    twice = effect.apply(image, {"qualities": [30, 30], "shifts": [[0, 0], [3, 5]]})
    assert (once != twice).any()
    assert np.abs(twice.astype(int) - image).mean() < 2 * np.abs(once.astype(int) - image).mean()
    # On the same block grid a second pass changes little.
    again = effect.apply(image, {"qualities": [30, 30], "shifts": [[0, 0], [0, 0]]})
    assert np.abs(again.astype(int) - once).mean() < 0.5 * np.abs(twice.astype(int) - once).mean()


def test_jpeg_samples_each_pass() -> None:
    rng = np.random.default_rng(0)
    drawn = [Jpeg((10, 90), (1, 3)).draw(rng, Size(100, 48)) for _ in range(300)]
    assert {len(p["qualities"]) for p in drawn} == {1, 2, 3}
    for parameters in drawn:
        assert len(parameters["shifts"]) == len(parameters["qualities"])
        assert parameters["shifts"][0] == [0, 0]
        assert all(10 <= quality <= 90 for quality in parameters["qualities"])
        assert all(0 <= part < 8 for shift in parameters["shifts"] for part in shift)
    assert len({tuple(p["shifts"][1]) for p in drawn if len(p["shifts"]) > 1}) > 40
