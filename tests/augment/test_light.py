"""Tests of effects of tone, light and scanning: contrast that they keep, and where they act."""

import cv2
import numpy as np
import pytest

from augment import Binarise, CastShadow, Gamma, Glare, ScanStreaks, UnevenLight, WhiteBalance
from synthtext.core import Image, PixelEffect, Size

WIDTH, HEIGHT = 240, 48
SIZE = Size(WIDTH, HEIGHT)
FLOOR = 35  # grey levels: the least contrast of lines
LUMINANCE = np.array([0.299, 0.587, 0.114])


def flat(level: int) -> Image:
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def letters() -> Image:
    """Return a mask (H, W) of strokes of letters."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.putText(mask, "Hxgn 25 aeE", (8, 34), cv2.FONT_HERSHEY_SIMPLEX, 1, 255, 3)
    return mask


def line(background: Image, ink: int) -> Image:
    return np.where(letters()[..., None] > 0, np.uint8(ink), background)


@pytest.mark.parametrize(
    ("effect", "kept"),
    [
        (Gamma((0.25, 4)), 0.34),
        (UnevenLight((0.75, 0.75)), 0.24),
        (Glare((0.75, 0.75)), 0.24),
        (CastShadow((0.75, 0.75)), 0.24),
        (ScanStreaks((0, 20), (0, 0.5), (0.7, 0.7)), 0.28),
    ],
    ids=repr,
)
def test_light_keeps_the_guaranteed_contrast_everywhere(effect: PixelEffect, kept: float) -> None:
    rng = np.random.default_rng(0)
    for low in (0, 60, 150, 220):
        for _ in range(25):
            parameters = effect.draw(rng, SIZE)
            ink, background = (effect.apply(flat(level), parameters).astype(int) for level in (low, low + FLOOR))
            assert (background - ink).min() >= kept * FLOOR - 1.5


def test_gamma_is_monotonic_from_black_to_white() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    for gamma in (0.25, 0.5, 1.5, 4.0):
        curve = Gamma().apply(ramp, {"gamma": gamma})[0, :, 0].astype(int)
        assert (np.diff(curve) >= 0).all()
        assert curve[0] == 0
        assert curve[255] == 255
        assert (curve[128] > 128) == (gamma < 1)
    drawn = [Gamma((0.5, 2)).draw(np.random.default_rng(k), SIZE)["gamma"] for k in range(400)]
    assert np.mean(np.array(drawn) < 1) == pytest.approx(0.5, abs=0.08)


def test_white_balance_keeps_the_luminance_of_greys() -> None:
    effect = WhiteBalance((2000, 15000), (-0.2, 0.2))
    rng = np.random.default_rng(0)
    for _ in range(200):
        parameters = effect.draw(rng, SIZE)
        assert effect.apply(flat(110), parameters)[0, 0] @ LUMINANCE == pytest.approx(110, abs=1)
    for kelvin, warm in ((2000, True), (2500, True), (3500, True), (5000, True), (8000, False), (15000, False)):
        parameters = WhiteBalance((kelvin, kelvin), (0, 0)).draw(rng, SIZE)
        red, green, blue = WhiteBalance().apply(flat(110), parameters)[0, 0].tolist()
        assert (red > green > blue) if warm else (red < green < blue)
    # The formulas are continuous at the limits of their ranges.
    for kelvin in (2222, 4000, 6500, 7000):
        sides = [WhiteBalance((k, k), (0, 0)).draw(rng, SIZE)["factors"] for k in (kelvin - 1, kelvin + 1)]
        np.testing.assert_allclose(*sides, atol=0.03)
    green = WhiteBalance((6500, 6500), (0.1, 0.1)).draw(rng, SIZE)["factors"]
    assert green[1] > green[0] == pytest.approx(green[2])


def test_light_falls_off_to_one_side_or_from_a_spot() -> None:
    effect = UnevenLight()
    side = {"kind": "side", "darkness": 0.5, "degrees": 0.0, "x": 0.0, "y": 0.0}
    row = effect.apply(flat(200), side)[24, :, 0].astype(int)
    assert (np.diff(row) <= 0).all()
    assert row[0] == pytest.approx(200, abs=6)
    assert row[-1] == pytest.approx(100, abs=6)
    spot = effect.apply(flat(200), {**side, "kind": "spot", "x": 0.5, "y": 0.5})[..., 0]
    assert np.abs(np.argwhere(spot > 195).mean(axis=0) - (23.5, 119.5)).max() < 1
    assert spot.max() == pytest.approx(200, abs=3)
    assert spot[0, 0] == pytest.approx(100, abs=8)


def test_glare_is_a_bright_ellipse_at_its_position() -> None:
    parameters = {"strength": 0.6, "x": 0.25, "y": 0.5, "radius": 12.0, "length": 36.0, "degrees": 0.0}
    shown = Glare().apply(flat(80), parameters)[..., 0].astype(int)
    assert shown[24, 60] == pytest.approx(80 + 0.6 * 175, abs=5)
    assert (shown >= 80).all()
    bright = np.argwhere(shown > 90)
    assert np.abs(bright.mean(axis=0) - (24, 60)).max() < 1.5
    assert 0.6 * 72 < np.ptp(bright[:, 1]) <= 76
    assert 0.6 * 24 < np.ptp(bright[:, 0]) <= 28


def test_shadow_lies_behind_its_edges() -> None:
    parameters = {"darkness": 0.5, "softness": 8.0, "edges": [[0.5, 0.5, 0.0]]}
    row = CastShadow().apply(flat(200), parameters)[10, :, 0].astype(int)
    assert (row[:115] == 200).all()
    assert (row[125:] == 100).all()
    assert (np.diff(row) <= 0).all()
    assert row[120] == pytest.approx(150, abs=12)
    assert (np.abs(row - np.median(row[:100])) > 2).nonzero()[0][0] >= 115
    band = {**parameters, "edges": [[0.25, 0.5, 0.0], [0.75, 0.5, 180.0]]}
    shown = CastShadow().apply(flat(200), band)[24, :, 0]
    assert (shown[[20, 220]] == 200).all()
    assert (shown[70:170] == 100).all()


def test_streaks_cross_the_image_at_their_positions() -> None:
    parameters = {
        "vertical": True,
        "positions": [0.25, 0.75],
        "widths": [4.0, 10.0],
        "strengths": [0.5, 0.4],
        "white": [True, False],
    }
    shown = ScanStreaks().apply(flat(100), parameters)[..., 0].astype(int)
    assert (shown == shown[0]).all()
    row = shown[0]
    assert row[60] == pytest.approx(100 + 0.5 * 155, abs=2)
    assert row[180] == pytest.approx(60, abs=2)
    assert ((row > 105).sum(), (row < 95).sum()) == (4, 10)
    across = {**parameters, "vertical": False}
    shown = ScanStreaks().apply(flat(100), across)[..., 0]
    assert (shown == shown[:, :1]).all()
    assert shown[12, 0] > 150


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("offset", [-0.6, 0.0, 0.6])
def test_binarise_separates_letters_from_the_background(adaptive: bool, offset: float) -> None:
    ramp = (np.linspace(70, 200, WIDTH)[None, :, None] + np.zeros((HEIGHT, 1, 3))).astype(np.uint8)
    halves = np.where(np.arange(WIDTH)[None, :, None] < WIDTH // 2, flat(70), flat(180)).astype(np.uint8)
    noise = np.random.default_rng(0).normal(0, 2, (HEIGHT, WIDTH, 1))
    mask = letters() > 0
    ground = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5))) > 0
    ground &= cv2.dilate(mask.astype(np.uint8), np.ones((3, 3))) == 0
    for background in (flat(60), flat(200), ramp, halves):
        for sign in (-1, 1):
            inked = np.where(mask[..., None], background.astype(float) + sign * FLOOR, background)
            image = np.clip(inked + noise, 0, 255).astype(np.uint8)
            shown = Binarise().apply(image, {"adaptive": adaptive, "window": 40.0, "offset": offset})
            assert set(np.unique(shown).tolist()) <= {0, 255}
            light = shown[..., 0] > 0
            for left in range(0, WIDTH - 20, 20):  # along the line, except at a hard edge of the background
                if background is halves and abs(left + 10 - WIDTH // 2) < 30:
                    continue
                part = (slice(None), slice(left, left + 20))
                away = light[part][mask[part]].mean() - light[part][ground[part]].mean()
                assert sign * away > 0.5


def test_rules_of_a_table_do_not_hide_pale_letters() -> None:
    image = line(flat(230), 230 - FLOOR)
    image[[0, 1, -2, -1]] = 10
    for adaptive in (False, True):
        shown = Binarise().apply(image, {"adaptive": adaptive, "window": 40.0, "offset": 0.0})[..., 0]
        assert shown[letters() > 0].mean() < 60
        assert shown[4:-4][cv2.dilate(letters(), np.ones((5, 5)))[4:-4] == 0].mean() > 220


def test_global_threshold_is_kept_where_it_loses_no_letters() -> None:
    image = line(flat(210), 40)
    image[30:44, 200:230] = 120  # background that is light against its local mean and dark against a global threshold
    whole = Binarise().apply(image, {"adaptive": False, "window": 30.0, "offset": 0.0})
    threshold = cv2.threshold(image[..., 0], 0, 255, cv2.THRESH_OTSU)[0]
    assert (whole[..., 0] == np.where(image[..., 0] > threshold, 255, 0)).all()


def test_offset_makes_strokes_thicker_or_thinner() -> None:
    image = cv2.GaussianBlur(line(flat(220), 30), None, 2)
    dark = [
        (Binarise().apply(image, {"adaptive": False, "window": 40.0, "offset": offset}) == 0).sum()
        for offset in (-0.5, 0.0, 0.5)
    ]
    assert dark[0] < dark[1] < dark[2]
